package engine

import (
	"context"
	"slices"
	"strings"
)

// UsedBy is the names of the containers that took volumes or namespaces from
// this one, sorted.
func (c *Container) UsedBy(ctx context.Context) ([]string, error) {
	all, err := c.e.containers.List(ctx)
	if err != nil {
		return nil, err
	}
	var users []string
	for _, other := range all {
		plan, err := other.Plan()
		if err != nil || other.ID == c.c.ID {
			continue // one that cannot be read or is gone uses nothing
		}
		from := []string{plan.Network, plan.PidMode, plan.IpcMode, plan.UtsMode}
		for _, m := range plan.Mounts {
			from = append(from, m.From)
		}
		if slices.ContainsFunc(from, func(s string) bool { return strings.TrimPrefix(s, "container:") == c.c.ID }) {
			users = append(users, other.Name())
		}
	}
	slices.Sort(users)
	return users, nil
}

// Cgroup is the directory of its cgroup on the host, that of the freezer
// where there are several; "" while it has none.
func (c *Container) Cgroup() string {
	f, err := c.c.Group().Freezer()
	if err != nil {
		return ""
	}
	return f.Path
}
