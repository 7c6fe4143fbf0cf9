package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"neap/runtime/fault"
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

// RemoveVolume is volume.Volumes.Remove, with the names and states of the
// users that are in the way.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	err := e.Volumes.Remove(ctx, name)
	if !fault.Is(err, fault.Busy) {
		return err
	}
	ids, wrong := e.Volumes.UsedBy(name)
	if wrong != nil || len(ids) == 0 {
		return err
	}
	users := make([]string, len(ids))
	for i, id := range ids {
		c := e.With(id)
		state, _ := c.State() // one that cannot be looked at is named without
		users[i] = strings.TrimSuffix(fmt.Sprintf("%s (%s)", c.Name(), state), " ()")
	}
	slices.Sort(users)
	return &fault.Error{
		Kind: fault.Busy, Op: "remove volume", Object: name, Message: "in use by " + strings.Join(users, ", "),
		Hint: "remove the users first",
	}
}
