package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/scope"
)

// Scope is what was made under its context: see OpenScope.
type Scope struct {
	e *Engine
	s *scope.Scope
}

// OpenScope opens a scope. The containers, volumes, networks, images and names
// of images that are made under the context it gives are removed by End, or
// once this process is dead by the keeper; but not what Keep names, nor an
// image that is pulled because a container needs it. A scope inside another one
// has what is made in it. Whoever opens it ends it.
func (e *Engine) OpenScope(ctx context.Context) (context.Context, *Scope) {
	inner, s := e.scopes.Within(ctx)
	return inner, &Scope{e, s}
}

// End removes what the scope made. All is tried. What others use or protect by
// now is left to them, and is an error; what could not be removed for another
// reason, or in time, is left to the keeper.
func (s *Scope) End(ctx context.Context) error {
	return errors.Join(s.e.clear(ctx, s.s), s.s.Close())
}

// KeepContainer takes a container out of the scopes of ctx, with the volumes,
// the network and the image that it uses: they stay when the scopes end.
func (e *Engine) KeepContainer(ctx context.Context, id string) error {
	if err := scope.Keep(ctx, scope.Thing{Kind: scope.Container, ID: id}); err != nil {
		return err
	}
	plan, err := e.containers.With(id).Plan()
	if err != nil {
		return ignoreGone(err)
	}
	for _, m := range plan.Mounts {
		if m.Kind == "volume" {
			if err := e.KeepVolume(ctx, m.Name); err != nil {
				return err
			}
		}
	}
	if n, ok, err := e.Networks.Find(ctx, plan.Network); err == nil && ok {
		if err := e.KeepNetwork(ctx, n.ID); err != nil {
			return err
		}
	}
	return e.keepImage(ctx, plan.ImageID, func(tag string) bool {
		name, err := image.Normalize(plan.Image)
		return err == nil && tag == name
	})
}

// KeepVolume is KeepContainer for a volume, by its name.
func (e *Engine) KeepVolume(ctx context.Context, name string) error {
	v, err := e.Volumes.Find(name)
	if err != nil || v == nil {
		return ignoreGone(err)
	}
	return scope.Keep(ctx, scope.Thing{Kind: scope.Volume, ID: v.ID})
}

// KeepNetwork is KeepContainer for a network, by its id.
func (e *Engine) KeepNetwork(ctx context.Context, id string) error {
	return scope.Keep(ctx, scope.Thing{Kind: scope.Network, ID: id})
}

// KeepImage is KeepContainer for an image, by its id, with its names.
func (e *Engine) KeepImage(ctx context.Context, id string) error {
	return e.keepImage(ctx, id, func(string) bool { return true })
}

// keepImage keeps those names that fit.
func (e *Engine) keepImage(ctx context.Context, id string, fits func(tag string) bool) error {
	img, err := e.Images.Find(scope.Outside(ctx), id)
	if err != nil || img == nil {
		return err
	}
	digits := strings.TrimPrefix(img.ID, "sha256:")
	all := []error{scope.Keep(ctx, scope.Thing{Kind: scope.Image, ID: digits})}
	for _, name := range img.Tags {
		if fits(name) {
			all = append(all, scope.Keep(ctx, scope.Thing{Kind: scope.Tag, ID: digits, Name: name}))
		}
	}
	return errors.Join(all...)
}

// ignoreGone passes over that something was not found.
func ignoreGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// clear removes what is on record of a scope: containers first, as they use the
// rest, and images after their names.
func (e *Engine) clear(ctx context.Context, s *scope.Scope) error {
	things, err := s.Things()
	if len(things) == 0 {
		return err
	}
	batch := &fault.Batch{}
	for _, kind := range []scope.Kind{scope.Container, scope.Volume, scope.Network, scope.Tag, scope.Image} {
		e.clearKind(ctx, s, kind, things, batch)
	}
	if failed := Unended(batch, len(things)); failed != nil {
		return errors.Join(failed, err)
	}
	return err
}

// Unended is the error of a scope that could not remove all of so many things.
func Unended(batch *fault.Batch, things int) error {
	switch len(batch.Failed) {
	case 0:
		return nil
	case 1:
		return batch.Failed[0].Err
	}
	lines := make([]string, len(batch.Failed))
	for i, f := range batch.Failed {
		lines[i] = f.Err.Error()
	}
	return &fault.Error{
		Kind: fault.Partial, Op: "end scope", Detail: batch,
		Message: fmt.Sprintf("%d of %d not removed: %s", len(lines), things, strings.Join(lines, "; ")),
	}
}

// abreast is how many things of a scope are removed at once.
const abreast = 16

func (e *Engine) clearKind(ctx context.Context, s *scope.Scope, kind scope.Kind, things []scope.Thing, batch *fault.Batch) {
	var mu sync.Mutex
	var all errgroup.Group
	all.SetLimit(abreast)
	for _, t := range things {
		if t.Kind != kind {
			continue
		}
		all.Go(func() error {
			err := e.removeMade(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				batch.Failed = append(batch.Failed, fault.Failure{Object: string(t.Kind) + " " + t.ID, Err: err})
			} else {
				batch.Done = append(batch.Done, string(t.Kind)+" "+t.ID)
			}
			if err == nil || adopted(t, err) {
				return s.Forget(t)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		batch.Failed = append(batch.Failed, fault.Failure{Object: "the record", Err: err})
	}
}

// adopted says of a thing that could not be removed that others use or protect
// it.
func adopted(t scope.Thing, err error) bool {
	return fault.Is(err, fault.Busy, fault.Denied) || t.Kind != scope.Container && fault.Is(err, fault.Conflict)
}

// removeMade removes a thing by its id. One that is gone is no error.
func (e *Engine) removeMade(ctx context.Context, t scope.Thing) error {
	switch t.Kind {
	case scope.Container:
		return e.With(t.ID).Remove(ctx, RemoveOptions{Force: true, Volumes: true})
	case scope.Volume:
		return e.Volumes.RemoveMade(ctx, t.ID)
	case scope.Network:
		return ignoreGone(e.Networks.Remove(ctx, t.ID))
	case scope.Image, scope.Tag:
		used, err := e.imageUse(ctx)
		if err != nil {
			return err
		}
		return e.Images.RemoveMade(ctx, t.ID, t.Name, image.RemoveOptions{UsedBy: func(id string) []image.Use { return used[id] }})
	default:
		return fault.New(fault.Damaged, "a scope made a %s", t.Kind)
	}
}

// Scopes is keeper.Work's.
func (w *worker) Scopes() ([]string, error) { return w.e.scopes.IDs() }

// dying is how long a maker that hung up may take to be dead.
const dying = 2 * time.Second

// EndScope is keeper.Work's.
func (w *worker) EndScope(ctx context.Context, id string) error {
	short, cancel := context.WithTimeout(ctx, dying)
	defer cancel()
	s, err := w.e.scopes.Take(short, id)
	if s == nil || err != nil {
		return err
	}
	// What was about to be made when the maker died is a stray.
	return errors.Join(w.e.clear(ctx, s), w.e.sweepFiles(ctx), s.Close())
}
