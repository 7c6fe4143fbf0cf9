package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"neap/runtime/container"
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
		if TakesFrom(plan, c.c.ID) {
			users = append(users, other.Name())
		}
	}
	slices.Sort(users)
	return users, nil
}

// TakesFrom says whether a container takes volumes or namespaces from the one
// with this id.
func TakesFrom(p *container.Plan, id string) bool {
	from := []string{p.Network, p.PidMode, p.IpcMode, p.UtsMode}
	for _, m := range p.Mounts {
		from = append(from, m.From)
	}
	return slices.ContainsFunc(from, func(s string) bool { return strings.TrimPrefix(s, "container:") == id })
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
	users := map[string]container.State{}
	for _, id := range ids {
		c := e.With(id)
		users[c.Name()], _ = c.State() // one that cannot be looked at is named without
	}
	return VolumeBusy(name, users)
}

// VolumeBusy is the fault.Busy of a volume that containers, by their names, have.
func VolumeBusy(name string, states map[string]container.State) error {
	var users []string
	for user, state := range states {
		users = append(users, strings.TrimSuffix(fmt.Sprintf("%s (%s)", user, state), " ()"))
	}
	slices.Sort(users)
	return &fault.Error{
		Kind: fault.Busy, Op: "remove volume", Object: name, Message: "in use by " + strings.Join(users, ", "),
		Hint: "remove the users first",
	}
}
