package bindings

import (
	"context"
	"errors"
	"sync"

	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/keeper"
)

// box is a script's handle of a container. It remembers what must still be
// told when the container is gone: its name, image and exit code.
type box struct {
	Container
	brief *container.Brief // what the list showed that it came from, if it did

	mu   sync.Mutex
	last *engine.View
	end  *keeper.Ending
}

// hold makes a handle. It looks at once, so that it has something to remember.
func hold(ctx context.Context, c Container, err error) (*box, error) {
	if err != nil || c == nil {
		return nil, err
	}
	b := &box{Container: c}
	_, err = b.look(ctx)
	return b, unlessGone(err)
}

func unlessGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// moment is what one call sees of containers: the first look at each counts
// for all of the call.
type moment struct {
	briefs map[string]*container.Brief // of a list that was made for the call

	mu   sync.Mutex
	seen map[string]*engine.View
}

type momentKey struct{}

// withMoment begins a moment, in which briefs hold.
func withMoment(ctx context.Context, briefs []*container.Brief) context.Context {
	m := &moment{seen: map[string]*engine.View{}, briefs: make(map[string]*container.Brief, len(briefs))}
	for i := range briefs {
		m.briefs[briefs[i].ID] = briefs[i]
	}
	return context.WithValue(ctx, momentKey{}, m)
}

// several is how many containers are looked at with a list rather than one by
// one.
const several = 16

// together begins a moment in which facts of n containers are read.
func (d *doors) together(ctx context.Context, n int) context.Context {
	if n < several {
		return withMoment(ctx, nil)
	}
	briefs, err := d.Containers.Briefs(ctx)
	if err != nil {
		briefs = nil // each look will say what is wrong
	}
	return withMoment(ctx, briefs)
}

// glance is what the container is now, in brief; with lasts, of one that is
// gone what it was.
func (b *box) glance(ctx context.Context, lasts bool) (*container.Brief, error) {
	if m, _ := ctx.Value(momentKey{}).(*moment); m != nil && m.briefs[b.ID()] != nil {
		return m.briefs[b.ID()], nil
	}
	look := b.look
	if lasts {
		look = b.recall
	}
	v, err := look(ctx)
	if err != nil {
		return nil, err
	}
	brief := v.Brief()
	return &brief, nil
}

func (m *moment) recall(id string) *engine.View {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[id]
}

func (m *moment) keep(v *engine.View) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[v.ID] = v
}

// look is what the container is now. One that is gone is fault.NotFound.
func (b *box) look(ctx context.Context) (*engine.View, error) {
	m, _ := ctx.Value(momentKey{}).(*moment)
	if v := m.recall(b.ID()); v != nil {
		return v, nil
	}
	v, err := b.Look(ctx)
	if err != nil {
		return nil, b.said(ctx, err)
	}
	m.keep(v)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || bind.RecorderOf(ctx) == nil { // what only would be is nothing to remember
		b.last = v
	}
	return v, nil
}

// recall is look, but of one that is gone what it was.
func (b *box) recall(ctx context.Context) (*engine.View, error) {
	v, err := b.look(ctx)
	if !fault.Is(err, fault.NotFound) {
		return v, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	gone := engine.View{ID: b.ID()}
	switch {
	case b.last != nil:
		gone = *b.last
	case b.brief != nil:
		gone = asListed(b.brief)
	}
	if b.end != nil {
		gone.Last.Start, gone.Last.Code, gone.Last.Unknown = max(b.end.Start, 1), b.end.Code, b.end.Unknown
	} else if gone.Facts != nil {
		gone.Last.Unknown = true // it lived when it was last seen
	}
	gone.State, gone.Facts = container.Removed, nil
	return &gone, nil
}

// ended remembers how a start ended.
func (b *box) ended(ctx context.Context, end keeper.Ending, err error) error {
	if _, is, wrong := planned(err, true); is {
		return wrong
	}
	if err != nil {
		return b.said(ctx, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end = &end
	return nil
}

// said is an error as scripts get it: of a container that is gone, that it was
// removed.
func (b *box) said(ctx context.Context, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		if u, ok := known.Detail.(keeper.Unstarted); ok { // says more, and stays true
			b.mu.Lock()
			defer b.mu.Unlock()
			b.end = &keeper.Ending{Code: u.Code}
			return err
		}
	}
	if !fault.Is(err, fault.NotFound, fault.Conflict) {
		return err
	}
	if now, wrong := b.State(ctx); wrong != nil || now != container.Removed {
		return err
	}
	return &fault.Error{Kind: fault.NotFound, Op: "use container", Object: b.name(), Message: "it was removed"}
}

// asListed is as much of a view as a brief has.
func asListed(b *container.Brief) engine.View {
	v := engine.View{
		ID: b.ID, Name: b.Name, State: b.State,
		Plan: container.Plan{ID: b.ID, Image: b.Image, ImageID: b.ImageID, Created: b.Created},
		Last: container.Last{Start: b.Starts, Code: b.Code, Unknown: b.Unknown, Started: b.Started, Ended: b.Ends},
	}
	if b.Living() {
		v.Facts = &container.Facts{Pid: b.Pid, Ticks: b.Ticks, Started: b.Since}
	}
	return v
}

// name is the newest name known, else the short id.
func (b *box) name() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.last != nil:
		return b.last.Name
	case b.brief != nil:
		return b.brief.Name
	}
	return container.Short(b.ID())
}
