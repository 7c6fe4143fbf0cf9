package sim

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/network"
	"neap/runtime/volume"
)

type containers struct{ w *World }

// Create makes a container without starting it.
func (n containers) Create(ctx context.Context, s engine.Spec) (bindings.Container, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	c, err := n.create(ctx, s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (n containers) create(ctx context.Context, s engine.Spec) (*cell, error) {
	n.w.tick()
	c, err := n.draw(ctx, s)
	if err == nil {
		err = n.w.fill(ctx, c)
	}
	if err != nil {
		return nil, fault.Wrap("create container", orElse(s.Name, s.Image), err)
	}
	note(ctx, c)
	n.w.containers[c.ID()] = c
	n.w.order = append(n.w.order, c)
	return c, nil
}

// draw makes the records of a container.
func (n containers) draw(ctx context.Context, s engine.Spec) (*cell, error) {
	img, err := s.Want(ctx, supply(n))
	if err != nil {
		return nil, err
	}
	plan, wish, err := engine.Draw(ctx, s, img, engine.Drawing{ID: n.w.id(), Now: n.w.now, Around: around(n)})
	if err != nil {
		return nil, err
	}
	c := &cell{w: n.w, plan: *plan, wish: *wish, begins: map[int]int{}, files: map[string]string{}}
	for try := 0; wish.Name == "" || s.Name == "" && n.w.named(c.wish.Name) != nil; try++ {
		wish.Name = engine.MadeUpName(n.w.id(), try)
		c.wish.Name = wish.Name
	}
	if holder := n.w.named(c.wish.Name); holder != nil {
		return nil, container.Taken(c.wish.Name, holder.ID())
	}
	return c, n.w.strike("disk_full", c.wish.Name)
}

// fill makes the volumes that a new container lacks.
func (w *World) fill(ctx context.Context, c *cell) error {
	for i := range c.plan.Mounts {
		m := &c.plan.Mounts[i]
		if m.Kind != "volume" || w.volumes[m.Name] != nil {
			continue
		}
		v, err := w.vessel(ctx, m.Name, volume.CreateOptions{Labels: m.Labels, Options: m.DriverOptions})
		if err != nil {
			return err
		}
		m.Name = v.Volume.Name
	}
	for _, m := range c.plan.Mounts {
		if v := w.volumes[m.Name]; m.Kind == "volume" && v != nil {
			v.LastUsed = w.now
		}
	}
	return nil
}

// around are what plans may refer to.
type around struct{ w *World }

func (a around) Container(ref string) (*container.Plan, error) {
	c, err := a.w.get(ref)
	if err != nil {
		return nil, err
	}
	return &c.plan, nil
}

func (a around) Network(_ context.Context, ref string) (string, error) {
	one, err := a.w.network(ref)
	return one.Name, err
}

// network is the one with this name or id.
func (w *World) network(ref string) (network.Network, error) {
	one, ok, err := network.Among(ref, w.listed())
	if err == nil && !ok {
		err = network.Missing(ref)
	}
	return one, err
}

// Run creates a container and starts it.
func (n containers) Run(ctx context.Context, s engine.Spec) (bindings.Container, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	c, err := n.create(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, err := c.startByUser(); err != nil {
		if s.Rm {
			c.vanish(true)
		}
		return nil, err
	}
	return c, nil
}

// Once runs a container to its end and gives what came of it.
func (n containers) Once(ctx context.Context, s engine.Spec, keep bool, in *os.File, out bindings.Take) (engine.Result, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	s.Rm = !keep
	c, err := n.create(ctx, s)
	if err != nil {
		return engine.Result{}, err
	}
	if !keep {
		defer func() {
			c.stopped()
			if c.kill(); !c.gone {
				c.vanish(true)
			}
		}()
	}
	if _, err := c.startByUser(); err != nil {
		return engine.Result{}, err
	}
	return c.result(ctx, in, out)
}

// result stays with a first start to its end.
func (c *cell) result(ctx context.Context, in *os.File, out bindings.Take) (r engine.Result, err error) {
	began := c.last.Started
	if out == nil {
		out = r.Keep
	}
	end, err := c.stay(ctx, engine.Attached{In: in, Output: out}, 1, 0)
	if ctx.Err() != nil {
		c.signal(unix.SIGKILL)
	}
	r.ExitCode, r.Signal, r.OOMKilled = end.Code, end.Signal, end.OOM
	if err == nil {
		r.Duration = end.Time.Sub(began)
	}
	return r, err
}

// named is the container of that name, or nil.
func (w *World) named(name string) *cell {
	i := slices.IndexFunc(w.order, func(c *cell) bool { return c.wish.Name == name })
	if i < 0 {
		return nil
	}
	return w.order[i]
}

func (w *World) find(ref string) (*cell, error) {
	ref = strings.TrimPrefix(ref, "/")
	if c := w.containers[ref]; c != nil {
		return c, nil
	}
	if c := w.named(ref); c != nil || ref == "" {
		return c, nil
	}
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(w.containers)), func(id string) bool { return !strings.HasPrefix(id, ref) })
	switch len(ids) {
	case 0:
		return nil, nil
	case 1:
		return w.containers[ids[0]], nil
	default:
		return nil, container.Several(ref, ids)
	}
}

func (w *World) get(ref string) (*cell, error) {
	c, err := w.find(ref)
	if err == nil && c == nil {
		err = engine.NoContainer(ref, w.names())
	}
	return c, err
}

func (w *World) names() []string {
	names := make([]string, len(w.order))
	for i, c := range w.order {
		names[i] = c.wish.Name
	}
	slices.Sort(names)
	return names
}

// Find gives the container that ref names, nil if there is none.
func (n containers) Find(_ context.Context, ref string) (bindings.Container, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	c, err := n.w.find(ref)
	if err != nil || c == nil {
		return nil, err
	}
	return c, nil
}

// Get gives the container that ref names.
func (n containers) Get(_ context.Context, ref string) (bindings.Container, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	c, err := n.w.get(ref)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Briefs is what lists show of all, the newest first.
func (n containers) Briefs(context.Context) ([]*container.Brief, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	var all []*container.Brief
	for _, c := range slices.Backward(n.w.order) {
		b := c.look().Brief()
		all = append(all, &b)
	}
	return all, nil
}

// With is the handle of a container by its full id.
func (n containers) With(_ context.Context, id string) bindings.Container {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if c := n.w.containers[id]; c != nil {
		return c
	}
	return &cell{w: n.w, plan: container.Plan{ID: id}, gone: true}
}

// Names lists the names of all, sorted.
func (n containers) Names(context.Context) ([]string, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	return n.w.names(), nil
}
