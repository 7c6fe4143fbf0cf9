package engine

import (
	"context"
	"errors"
	"fmt"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/scope"
)

// Create makes a container without starting it. An image that is not there is
// pulled unless Pull is "never". On error nothing is left.
func (e *Engine) Create(ctx context.Context, s Spec) (*Container, error) {
	c, err := e.create(ctx, s)
	if err != nil {
		return nil, fault.Wrap("create container", first(s.Name, s.Image), err)
	}
	return c, nil
}

func (e *Engine) create(ctx context.Context, s Spec) (*Container, error) {
	img, err := s.Want(scope.Outside(ctx), e.Images)
	if err != nil {
		return nil, err
	}
	release, err := e.Images.Hold(ctx, img)
	if err != nil {
		return nil, err
	}
	defer func() { _ = release() }()
	plan, wish, err := Draw(ctx, s, img, Drawing{ID: e.opt.ID(), Now: e.opt.Clock(), Around: surroundings{e}})
	if err != nil {
		return nil, err
	}
	if err := e.commit(ctx, plan, wish, s.Name == ""); err != nil {
		return nil, err
	}
	return e.With(plan.ID), nil
}

// surroundings are what plans on this root may refer to.
type surroundings struct{ e *Engine }

func (r surroundings) Container(ref string) (*container.Plan, error) {
	other, err := r.e.Get(ref)
	if err != nil {
		return nil, err
	}
	return other.c.Plan()
}

func (r surroundings) Network(ctx context.Context, ref string) (string, error) {
	n, err := r.e.Networks.Get(ctx, ref)
	return n.Name, err
}

// commit claims the name and the volumes and shows the container.
func (e *Engine) commit(ctx context.Context, p *container.Plan, w *container.Wish, unnamed bool) (err error) {
	if err := scope.Making(ctx, scope.Thing{Kind: scope.Container, ID: p.ID}); err != nil {
		return err
	}
	d, err := e.containers.Draft(ctx, p.ID)
	if err != nil {
		return err
	}
	var undo undo
	defer func() { err = undo.run(err) }()
	undo.add(d.Abandon)
	if err := e.takeName(d.Container, w, unnamed, &undo); err != nil {
		return err
	}
	if err := e.takeVolumes(ctx, p, &undo); err != nil {
		return err
	}
	if err := d.Commit(p, w); err != nil {
		return err
	}
	undo.keep()
	return nil
}

func (e *Engine) takeName(c *container.Container, w *container.Wish, unnamed bool, undo *undo) error {
	for try := 0; ; try++ {
		if unnamed {
			w.Name = MadeUpName(e.opt.ID(), try)
		}
		err := e.containers.TakeName(w.Name, c.ID)
		if unnamed && fault.Is(err, fault.Exists) && try < 20 {
			continue
		}
		if err != nil {
			return err
		}
		undo.add(func() error { return e.containers.DropName(w.Name, c.ID) })
		return nil
	}
}

// undo is what takes back, in reverse, what was made so far.
type undo struct{ steps []func() error }

func (u *undo) add(step func() error) { u.steps = append(u.steps, step) }
func (u *undo) keep()                 { u.steps = nil }

// run undoes all unless keep was called, and joins what goes wrong to err.
func (u *undo) run(err error) error {
	for i := len(u.steps) - 1; i >= 0; i-- {
		if wrong := u.steps[i](); wrong != nil {
			err = errors.Join(err, fmt.Errorf("undo: %w", wrong))
		}
	}
	u.steps = nil
	return err
}
