package trial

import (
	"context"
	"errors"

	"neap/bindings"
	"neap/bindings/sim"
	"neap/runtime/engine"
)

// Simulated is the ground in a simulation.
func Simulated(w *sim.World) *Ground {
	return &Ground{
		Nouns: w.Nouns(), Sim: w,
		Clear: func(context.Context) error { w.Reset(); return nil },
		Close: func(context.Context) error { return nil },
	}
}

// Real is the ground on a root that is made for tests, and that gone takes away
// once nothing is in it.
func Real(n bindings.Nouns, gone func(context.Context) error) *Ground {
	g := &Ground{Nouns: n, Clear: func(ctx context.Context) error { return clear(ctx, n) }}
	g.Close = func(ctx context.Context) error { return errors.Join(g.Clear(ctx), gone(ctx)) }
	return g
}

// clear removes all containers, volumes and networks.
func clear(ctx context.Context, n bindings.Nouns) error {
	all, err := n.Containers.Briefs(ctx)
	failed := []error{err}
	for _, b := range all {
		c := n.Containers.With(ctx, b.ID)
		failed = append(failed, c.Protect(ctx, false), c.Remove(ctx, engine.RemoveOptions{Force: true, Volumes: true}))
	}
	vols, err := n.Volumes.List(ctx)
	failed = append(failed, err)
	for _, v := range vols {
		failed = append(failed, v.Protect(ctx, false), v.Remove(ctx))
	}
	nets, err := n.Networks.List(ctx)
	failed = append(failed, err)
	for _, net := range nets {
		if seen, err := net.Look(ctx); err == nil && !seen.Builtin {
			failed = append(failed, net.Remove(ctx))
		}
	}
	return errors.Join(failed...)
}
