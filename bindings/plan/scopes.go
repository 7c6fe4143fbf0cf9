package plan

import (
	"context"
	"errors"
	"slices"
	"sync"

	"neap/bindings"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// scopes records, or hands on. What is planned in a scope is planned to be
// removed at its end.
type scopes struct{ p *Planner }

// span is a scope of a recording.
type span struct {
	r     *recording
	outer *span
	ctx   context.Context // in which it was opened, so that its removals are not its own

	mu   sync.Mutex
	made []thing
}

type spanKey struct{}

func (n scopes) OpenScope(ctx context.Context) (context.Context, bindings.Scope) {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Scopes.OpenScope(ctx)
	}
	s := &span{r: r, ctx: ctx}
	s.outer, _ = ctx.Value(spanKey{}).(*span)
	return context.WithValue(ctx, spanKey{}, s), s
}

// within notes that a thing is planned in the innermost scope of ctx.
func (r *recording) within(ctx context.Context, t thing) {
	s, _ := ctx.Value(spanKey{}).(*span)
	if s == nil || s.r != r {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, t)
}

// forget lets a thing stay, in this scope and all around it.
func (s *span) forget(t thing) {
	for ; s != nil; s = s.outer {
		s.mu.Lock()
		s.made = slices.DeleteFunc(s.made, func(m thing) bool { return m == t })
		s.mu.Unlock()
	}
}

// End records the removal of what was planned in it, the last first.
func (s *span) End(context.Context) error {
	s.mu.Lock()
	left := s.made
	s.mu.Unlock()
	var all []error
	for _, t := range slices.Backward(left) {
		if err := s.r.drop(s.ctx, t); !fault.Is(err, fault.NotFound) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (r *recording) drop(ctx context.Context, t thing) error {
	switch t.kind {
	case "container":
		return (&box{p: r.p, id: t.id}).Remove(ctx, engine.RemoveOptions{Force: true, Volumes: true})
	case "volume":
		return (&crate{p: r.p, id: t.id}).Remove(ctx)
	case "network":
		return (&bridge{p: r.p, id: t.id, name: t.id}).Remove(ctx)
	default:
		_, err := (&picture{p: r.p, id: t.id}).Remove(ctx, true)
		return err
	}
}

// keep lets a thing stay: see bindings.Scopes.
func (n scopes) keep(ctx context.Context, t thing, real func() error) error {
	if recordingOf(ctx) == nil {
		return real()
	}
	s, _ := ctx.Value(spanKey{}).(*span)
	s.forget(t)
	if t.kind == "container" {
		n.keepAround(ctx, s, t.id)
	}
	return nil
}

// keepAround lets stay what a container that stays uses.
func (n scopes) keepAround(ctx context.Context, s *span, id string) {
	v, err := n.p.nouns.Containers.With(ctx, id).Look(ctx)
	if err != nil {
		return
	}
	s.forget(thing{"image", v.Plan.ImageID})
	for _, m := range v.Plan.Mounts {
		s.forget(thing{"volume", m.Name})
	}
	if b := recordingOf(ctx).networkNamed(v.Plan.Network); b != nil {
		s.forget(thing{"network", b.ID()})
	}
}

func (n scopes) KeepContainer(ctx context.Context, id string) error {
	return n.keep(ctx, thing{"container", id}, func() error { return n.p.real.Scopes.KeepContainer(ctx, id) })
}

func (n scopes) KeepVolume(ctx context.Context, name string) error {
	return n.keep(ctx, thing{"volume", name}, func() error { return n.p.real.Scopes.KeepVolume(ctx, name) })
}

func (n scopes) KeepNetwork(ctx context.Context, id string) error {
	return n.keep(ctx, thing{"network", id}, func() error { return n.p.real.Scopes.KeepNetwork(ctx, id) })
}

func (n scopes) KeepImage(ctx context.Context, id string) error {
	return n.keep(ctx, thing{"image", id}, func() error { return n.p.real.Scopes.KeepImage(ctx, id) })
}
