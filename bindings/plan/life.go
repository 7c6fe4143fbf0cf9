package plan

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// The changes of a container's life, recorded.

// startOptions is how a container is started.
type startOptions struct {
	Attach bool `json:"attach,omitzero"` // and stayed with to its end
}

type (
	killOptions   struct{ Signal string }
	renameOptions struct{ Name string }
	pauseOptions  struct {
		Lease time.Duration `json:"lease,omitzero"`
	}
)

// change is one verb on a container.
type change struct {
	verb    string
	move    string // the word for it in the table of moves; "" is the verb
	options any
	idle    func(*shadow) bool    // whether it changes nothing; nil: never
	size    func(*shadow) *int64  // how much it frees; nil: nothing
	touches func(*shadow) []thing // besides the container; nil: nothing
	show    func(*shadow) error
}

// do records a change of a container and shows it. number is 0 if it changes
// nothing.
func (r *recording) do(ctx context.Context, c *box, ch change) (number int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.shadow(ctx, c)
	if err != nil {
		return 0, err
	}
	op := strings.ReplaceAll(ch.verb, "_", " ") + " container"
	switch {
	case ch.idle != nil && ch.idle(s):
		return 0, nil
	case s.gone:
		return 0, gone(op, s.name())
	}
	if err := container.Check(first(ch.move, ch.verb), s.view.State); err != nil {
		return 0, fault.Wrap(op, s.name(), err)
	}
	name, touched := s.label(), []thing{r.seeContainer(c, s)}
	if ch.touches != nil {
		touched = append(touched, ch.touches(s)...)
	}
	if err := ch.show(s); err != nil {
		return 0, fault.Wrap(op, name, err)
	}
	var size *int64
	if ch.size != nil {
		size = ch.size(s)
	}
	return r.note(ctx, step{
		Change:  bindings.Change{Verb: ch.verb, Kind: "container", Object: name, ID: c.id, Size: size},
		options: ch.options, touches: touched,
	})
}

// weight is how much a container wrote, if its runtime can tell, and how much
// is in the volumes that go with it.
func (r *recording) weight(ctx context.Context, c *box, s *shadow, volumes bool) *int64 {
	heavy, ok := c.inner.(interface {
		Size(ctx context.Context) (int64, error)
	})
	if !ok {
		return nil
	}
	n, err := heavy.Size(r.under(ctx))
	if err != nil {
		return nil
	}
	for _, t := range r.lost(&s.view, volumes) {
		if v := r.volumes[t.id]; v == nil || !v.gone {
			continue
		}
		if more, err := (&crate{p: r.p, id: t.id}).Size(r.under(ctx)); err == nil {
			n += more
		}
	}
	return &n
}

func (r *recording) start(ctx context.Context, c *box, o *startOptions) error {
	ch := change{
		verb: "start", options: startOptions{}, idle: in(container.Running),
		show: func(s *shadow) error { s.running(); return nil },
	}
	if o != nil {
		ch.options, ch.idle = *o, nil
		ch.show = func(s *shadow) error { s.ended(); return nil }
	}
	_, err := r.do(ctx, c, ch)
	if err == nil && o != nil {
		return &bindings.Planned{What: "what the program does"}
	}
	return err
}

// attach stays with a running one to its end.
func (r *recording) attach(ctx context.Context, c *box) error {
	_, err := r.do(ctx, c, change{verb: "attach", show: func(s *shadow) error { s.ended(); return nil }})
	if err == nil {
		err = &bindings.Planned{What: "what the program does"}
	}
	return err
}

// in says whether a container is in one of the states.
func in(states ...container.State) func(*shadow) bool {
	return func(s *shadow) bool { return !s.gone && slices.Contains(states, s.view.State) }
}

func (r *recording) stop(ctx context.Context, c *box, o engine.StopOptions) error {
	_, err := r.do(ctx, c, change{verb: "stop", options: o, idle: in(container.Created, container.Exited), show: func(s *shadow) error { s.ended(); return nil }})
	return err
}

func (r *recording) kill(ctx context.Context, c *box, signal string) error {
	sig := first(signal, "KILL")
	if _, err := engine.Signal(sig); err != nil {
		return err
	}
	_, err := r.do(ctx, c, change{verb: "kill", options: killOptions{sig}, show: func(s *shadow) error {
		if strings.TrimPrefix(strings.ToUpper(sig), "SIG") == "KILL" || sig == "9" {
			s.ended()
			return nil
		}
		s.forget(append(lived(), "state")...) // what it makes of a signal is its own affair
		return nil
	}})
	return err
}

func (r *recording) restart(ctx context.Context, c *box, o engine.StopOptions) error {
	_, err := r.do(ctx, c, change{verb: "restart", options: o, show: func(s *shadow) error { s.running(); return nil }})
	return err
}

func (r *recording) pause(ctx context.Context, c *box, lease time.Duration) error {
	_, err := r.do(ctx, c, change{verb: "pause", options: pauseOptions{lease}, idle: func(s *shadow) bool { return lease == 0 && s.view.State == container.Paused }, show: freeze})
	return err
}

func freeze(s *shadow) error {
	s.view.State, s.moved = container.Paused, true
	return nil
}

func thaw(s *shadow) error {
	s.view.State, s.moved = container.Running, true
	return nil
}

func (r *recording) unpause(ctx context.Context, c *box) error {
	_, err := r.do(ctx, c, change{verb: "unpause", idle: in(container.Running), show: thaw})
	return err
}

// whilePaused records what do changes as within the pause.
func (r *recording) whilePaused(ctx context.Context, c *box, do func(context.Context) error) error {
	n, err := r.do(ctx, c, change{verb: "while_paused", move: "pause", show: freeze})
	if err != nil {
		return err
	}
	err = do(context.WithValue(ctx, withinKey{}, n))
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.containers[c.id]; s != nil && !s.gone && s.view.State == container.Paused {
		_ = thaw(s)
	}
	return err
}

func (r *recording) rename(ctx context.Context, c *box, name string) error {
	if err := container.ValidName(name); err != nil {
		return fault.Wrap("rename container", name, err)
	}
	if err := r.free(ctx, name); err != nil {
		return fault.Wrap("rename container", name, err)
	}
	_, err := r.do(ctx, c, change{
		verb: "rename", options: renameOptions{name}, touches: func(s *shadow) []thing { return []thing{{"container name", name}, {"container name", s.name()}} },
		show: func(s *shadow) error {
			r.seeName(ctx, name)
			s.view.Name, s.view.Wish.Name = name, name
			return nil
		},
	})
	return err
}

func (r *recording) update(ctx context.Context, c *box, o engine.Change) error {
	_, err := r.do(ctx, c, change{verb: "update", options: o, show: func(s *shadow) error {
		return o.Apply(&s.view.Wish)
	}})
	return err
}

func (r *recording) protect(ctx context.Context, c *box, on bool) error {
	verb := "unprotect"
	if on {
		verb = "protect"
	}
	_, err := r.do(ctx, c, change{
		verb: verb, move: "update",
		idle: func(s *shadow) bool { return !s.gone && s.view.Wish.Protect == on },
		show: func(s *shadow) error { s.view.Wish.Protect = on; return nil },
	})
	return err
}

func (r *recording) remove(ctx context.Context, c *box, o engine.RemoveOptions) error {
	move := "remove"
	if o.Force {
		move = "remove by force"
	}
	_, err := r.do(ctx, c, change{
		verb: "remove", move: move, options: o,
		size: func(s *shadow) *int64 { return r.weight(ctx, c, s, o.Volumes) },
		idle: func(s *shadow) bool { return s.gone },
		touches: func(s *shadow) []thing {
			return append(r.lost(&s.view, o.Volumes), thing{"container name", s.name()})
		},
		show: func(s *shadow) error {
			if s.view.Wish.Protect {
				return fault.New(fault.Denied, "it is protected").WithHint("end that first: c:unprotect()")
			}
			s.gone = true
			if o.Volumes {
				r.dropAnonymous(ctx, &s.view)
			}
			return nil
		},
	})
	return err
}

// waitForEnd records that what follows waits for the end of one that the plan
// changes.
func (r *recording) waitForEnd(ctx context.Context, c *box) error {
	return r.await(ctx, c, engine.WaitOptions{}, func(s *shadow) {
		if s.view.State != container.Exited {
			s.ended()
		}
	})
}

func (r *recording) waitFor(ctx context.Context, c *box, o engine.WaitOptions) error {
	err := r.await(ctx, c, o, func(s *shadow) {
		switch o.State {
		case container.Exited:
			s.ended()
		case container.Running, container.Paused:
			s.view.State = o.State
		default:
		}
		s.gone = s.gone || o.Removed && !o.Any
	})
	var planned *bindings.Planned
	if errors.As(err, &planned) {
		return nil
	}
	return err
}

func (r *recording) await(ctx context.Context, c *box, o engine.WaitOptions, show func(*shadow)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.shadow(ctx, c)
	if err != nil {
		return err
	}
	if s.gone {
		if o.Removed {
			return nil
		}
		return gone("wait for container", s.name())
	}
	_, err = r.note(ctx, step{
		Change:  bindings.Change{Verb: "wait", Kind: "container", Object: s.label(), ID: c.id},
		options: o, touches: []thing{{"container", c.id}},
	})
	show(s)
	if err != nil {
		return err
	}
	return &bindings.Planned{What: "how it ends"}
}
