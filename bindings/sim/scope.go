package sim

import (
	"context"
	"slices"

	"neap/bindings"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/network"
)

// chest is what was made under its context, and in those around it.
type chest struct {
	w     *World
	outer *chest
	made  []thing
}

// thing is a *cell, a *vessel, a *wire, a *picture or a named.
type thing any

// named is a name of an image that was given to it.
type named struct {
	p    *picture
	name string
}

type chestKey struct{}

func chestOf(ctx context.Context) *chest {
	c, _ := ctx.Value(chestKey{}).(*chest)
	return c
}

// note remembers that something was made. Preconditions, as for all that is not
// exported: the lock is held.
func note(ctx context.Context, made thing) {
	if c := chestOf(ctx); c != nil && !slices.Contains(c.made, made) {
		c.made = append(c.made, made)
	}
}

// keep forgets it, everywhere.
func keep(ctx context.Context, kept thing) {
	for c := chestOf(ctx); c != nil; c = c.outer {
		c.made = slices.DeleteFunc(c.made, func(t thing) bool { return t == kept })
	}
}

type scopes struct{ w *World }

// OpenScope opens a scope.
func (n scopes) OpenScope(ctx context.Context) (context.Context, bindings.Scope) {
	c := &chest{w: n.w, outer: chestOf(ctx)}
	return context.WithValue(ctx, chestKey{}, c), c
}

// End removes what was made.
func (c *chest) End(ctx context.Context) error {
	c.w.mu.Lock()
	made := c.made
	c.made = nil
	c.w.mu.Unlock()
	batch := &fault.Batch{}
	for _, of := range []func(thing) (string, func() error){c.container, c.volume(ctx), c.network(ctx), c.name(ctx), c.image(ctx)} {
		for _, t := range made {
			what, remove := of(t)
			if remove == nil {
				continue
			}
			if err := remove(); err != nil && !fault.Is(err, fault.NotFound) {
				batch.Failed = append(batch.Failed, fault.Failure{Object: what, Err: err})
			} else {
				batch.Done = append(batch.Done, what)
			}
		}
	}
	return engine.Unended(batch, len(made))
}

func (c *chest) container(t thing) (string, func() error) {
	of, ok := t.(*cell)
	if !ok {
		return "", nil
	}
	return "container " + of.ID(), func() error {
		return of.Remove(context.Background(), engine.RemoveOptions{Force: true, Volumes: true})
	}
}

func (c *chest) volume(ctx context.Context) func(thing) (string, func() error) {
	return func(t thing) (string, func() error) {
		of, ok := t.(*vessel)
		if !ok {
			return "", nil
		}
		return "volume " + of.Name(), func() error { return of.Remove(ctx) }
	}
}

func (c *chest) network(ctx context.Context) func(thing) (string, func() error) {
	return func(t thing) (string, func() error) {
		of, ok := t.(*wire)
		if !ok {
			return "", nil
		}
		return "network " + of.ID, func() error { return link{c.w, of.ID, of.Name}.Remove(ctx) }
	}
}

func (c *chest) name(ctx context.Context) func(thing) (string, func() error) {
	return func(t thing) (string, func() error) {
		of, ok := t.(named)
		if !ok {
			return "", nil
		}
		return "tag " + of.name, func() error { return of.p.Untag(ctx, of.name) }
	}
}

func (c *chest) image(ctx context.Context) func(thing) (string, func() error) {
	return func(t thing) (string, func() error) {
		of, ok := t.(*picture)
		if !ok {
			return "", nil
		}
		return "image " + of.ID(), func() error {
			if img, err := of.Look(ctx); err != nil || len(img.Tags) > 0 {
				return nil //nolint:nilerr // it is gone, or has a name that others gave it
			}
			_, err := of.Remove(ctx, false)
			return err
		}
	}
}

// KeepContainer takes it out of the scopes, with what it uses.
func (n scopes) KeepContainer(ctx context.Context, id string) error {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	c := n.w.containers[id]
	if c == nil {
		return nil
	}
	keep(ctx, c)
	for _, m := range c.plan.Mounts {
		if v := n.w.volumes[m.Name]; m.Kind == "volume" && v != nil {
			keep(ctx, v)
		}
	}
	if one := n.w.networks[c.plan.Network]; one != nil {
		keep(ctx, one)
	}
	if p := n.w.images[c.plan.ImageID]; p != nil {
		keep(ctx, p)
		if name, err := image.Normalize(c.plan.Image); err == nil {
			keep(ctx, named{p, name})
		}
	}
	return nil
}

// KeepVolume takes it out of the scopes.
func (n scopes) KeepVolume(ctx context.Context, name string) error {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if v := n.w.volumes[name]; v != nil {
		keep(ctx, v)
	}
	return nil
}

// KeepNetwork takes it out of the scopes.
func (n scopes) KeepNetwork(ctx context.Context, id string) error {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if one, ok, err := network.Among(id, n.w.listed()); err == nil && ok {
		keep(ctx, n.w.networks[one.Name])
	}
	return nil
}

// KeepImage takes it out of the scopes, with its names.
func (n scopes) KeepImage(ctx context.Context, id string) error {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if p := n.w.images[id]; p != nil {
		keep(ctx, p)
		for _, name := range p.Tags {
			keep(ctx, named{p, name})
		}
	}
	return nil
}
