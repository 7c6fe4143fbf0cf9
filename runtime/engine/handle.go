package engine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/store"
)

// Container is a handle. It stays valid when the container is gone: then
// State is container.Removed, Remove does nothing, and all else is
// fault.NotFound.
type Container struct {
	e *Engine
	c *container.Container
}

// With is the handle of a container by its full id, which need not exist.
func (e *Engine) With(id string) *Container { return &Container{e, e.containers.With(id)} }

// Find gives the container that ref names by its full id, its name, or the
// beginning of its id; nil if there is none, fault.Conflict if several ids
// begin so.
func (e *Engine) Find(ref string) (*Container, error) {
	c, err := e.containers.Find(ref)
	if err != nil || c == nil {
		return nil, err
	}
	return &Container{e, c}, nil
}

// Get is Find, but fault.NotFound, naming near names, if there is none.
func (e *Engine) Get(ref string) (*Container, error) {
	c, err := e.Find(ref)
	if err != nil || c != nil {
		return c, err
	}
	names, err := e.Names()
	if err != nil {
		names = nil
	}
	return nil, NoContainer(ref, names)
}

// NoContainer is the fault.NotFound of a reference that no container answers
// to. It names those of the names that begin as it does.
func NoContainer(ref string, names []string) error {
	missing := &fault.Error{Kind: fault.NotFound, Op: "find container", Object: ref, Message: "no container has this name or id"}
	near := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		same := min(len(n), len(ref), 3)
		return same == 0 || !strings.EqualFold(n[:same], ref[:same])
	})
	if len(near) > 0 {
		return missing.WithHint("there is %s", strings.Join(near[:min(len(near), 5)], ", "))
	}
	return missing.WithHint("see what there is with: neap ps -a")
}

// Names lists the names of all containers, sorted. It looks at no process.
func (e *Engine) Names() ([]string, error) { return e.store.Lib.Names("names") }

// ID is the full id: 64 hex digits.
func (c *Container) ID() string { return c.c.ID }

// Name is the name now, or the short id if it cannot be read.
func (c *Container) Name() string { return c.c.Name() }

// Size is how many bytes it wrote: those of the files that are not its image's.
func (c *Container) Size(ctx context.Context) (int64, error) {
	root, err := os.OpenRoot(c.c.Path("upper"))
	if errors.Is(err, fs.ErrNotExist) && c.c.Exists() { // it never ran
		return 0, nil
	}
	if err != nil {
		return 0, c.wrap("measure container", err)
	}
	defer root.Close()
	n, err := store.Weigh(ctx, root)
	return n, c.wrap("measure container", err)
}

// wrap names what was done and the container, which costs a look at its record.
func (c *Container) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(op, c.Name(), err)
}

// View is what one look at a container shows. It is a value: it does not
// change when the container does.
type View struct {
	ID    string
	Name  string
	State container.State
	Plan  container.Plan
	Wish  container.Wish
	Last  container.Last
	Facts *container.Facts // nil while it does not live
	Due   *container.Due   // nil unless a restart waits
	Error string           // why it is dead or did not start

	ending   bool // it is dead, and its end not yet on record
	starting bool // a start is under way: all else is as before it
	number   int  // of the start that is under way, else of the last
}

// settleLimit is how long Look waits for the keeper to record an end that it
// sees.
const settleLimit = time.Second

// Look sees what the container is and does now, without any lock. Of one that
// ended this very moment it waits until the end is on record.
func (c *Container) Look() (*View, error) {
	v, err := c.look()
	if err != nil || !v.ending {
		return v, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	if _, err := c.e.keeper.Await(ctx, c.c.ID, v.number); err != nil {
		return v, nil //nolint:nilerr // what was seen is true all the same
	}
	return c.look()
}

func (c *Container) look() (*View, error) {
	seen, err := c.c.Look()
	if err != nil {
		return nil, fault.Wrap("look at container", container.Short(c.c.ID), err)
	}
	v := &View{ID: c.c.ID, Name: c.c.Name(), State: seen.State(), Plan: container.Plan{ID: c.c.ID}}
	if seen.Damaged {
		v.Error = "its record cannot be read; remove it by force"
		return v, nil
	}
	plan, err := c.c.Plan()
	if err != nil {
		return nil, fault.Wrap("look at container", v.Name, err)
	}
	v.Plan = *plan
	if w, err := c.c.Wish(); err == nil {
		v.Wish = *w
	}
	l, err := c.c.Last()
	if err != nil {
		return nil, fault.Wrap("look at container", v.Name, err)
	}
	facts, err := c.c.Facts()
	v.number = l.Start
	if v.starting = facts == nil && l.Starting(c.e.boot); v.starting {
		l = l.Before
	}
	v.Last, v.Error = *l, l.Error
	if v.State == container.Running || v.State == container.Paused {
		v.Facts = facts
	}
	v.ending = err == nil && facts != nil && v.Facts == nil && v.Last.Ended.IsZero()
	v.Due, _ = c.c.Due()
	return v, nil
}

// State is what it is doing now; container.Removed once it is gone.
func (c *Container) State() (container.State, error) { return c.c.State() }

// Pause stops every task where it is. With a lease above 0 the keeper ends
// the pause after that time, whoever lives then; with 0 it has no end.
func (c *Container) Pause(ctx context.Context, lease time.Duration) error {
	if lease > 0 {
		if err := c.e.keeper.Lease(ctx, c.c.ID, lease); err != nil {
			return err
		}
	}
	err := c.c.Pause(ctx)
	if err != nil && lease > 0 {
		return errors.Join(err, c.e.keeper.Unlease(context.WithoutCancel(ctx), c.c.ID))
	}
	return err
}

// Unpause lets it go on, and gives up a lease.
func (c *Container) Unpause(ctx context.Context) error {
	if err := c.c.Unpause(ctx); err != nil {
		return err
	}
	if c.c.Leased() && c.e.keeper.Present() {
		return c.e.keeper.Unlease(ctx, c.c.ID)
	}
	return nil
}

// WhilePaused pauses, calls do, and thaws whatever happens: also when this
// process is killed in between.
func (c *Container) WhilePaused(ctx context.Context, do func() error) (err error) {
	if err := c.e.keeper.Lease(ctx, c.c.ID, 0); err != nil {
		return err
	}
	if err := c.c.Pause(ctx); err != nil {
		return errors.Join(err, c.e.keeper.Unlease(context.WithoutCancel(ctx), c.c.ID))
	}
	defer func() {
		thaw, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		wrong := c.Unpause(thaw)
		if fault.Is(wrong, fault.NotFound, fault.Conflict) { // it ended meanwhile
			wrong = c.e.keeper.Unlease(thaw, c.c.ID)
		}
		if err == nil {
			err = wrong
		}
	}()
	return do()
}

// Kill sends a signal (see Signal; "" is KILL) to the first process.
func (c *Container) Kill(ctx context.Context, signal string) error {
	sig := unix.SIGKILL
	if signal != "" {
		var err error
		if sig, err = Signal(signal); err != nil {
			return c.wrap("kill container", err)
		}
	}
	if sig == unix.SIGKILL || sig == unix.SIGTERM {
		// A person's kill is a person's stop: no policy starts it again.
		if err := c.stopByUser(ctx, "kill"); err != nil {
			return err
		}
	}
	return c.c.Kill(ctx, sig)
}

// stopByUser notes that no policy shall start it again, if one would.
func (c *Container) stopByUser(ctx context.Context, verb string) error {
	return c.c.Change(ctx, verb, func(_ container.State, w *container.Wish) error {
		w.Stopped = w.Restart.Name != "" && w.Restart.Name != container.No
		return nil
	})
}

// Rename gives it another name.
func (c *Container) Rename(ctx context.Context, name string) error { return c.c.Rename(ctx, name) }

// Protect guards it against removal, or ends that.
func (c *Container) Protect(ctx context.Context, on bool) error {
	return c.c.Change(ctx, "update", func(_ container.State, w *container.Wish) error {
		w.Protect = on
		return nil
	})
}

// Freezer is what the kernel says of the container's freezer.
func (c *Container) Freezer() (cgroup.Freezer, error) {
	f, err := c.c.Group().Freezer()
	return f, c.wrap("look at the freezer of container", err)
}

// Change is what Update sets; nil leaves a thing as it is.
type Change struct {
	Limits  *cgroup.Limits    `json:"limits,omitzero"`
	Restart *container.Policy `json:"restart,omitzero"`
}

// Apply makes the change to what may change, or says what is wrong with it.
func (ch Change) Apply(w *container.Wish) error {
	if ch.Restart != nil {
		if err := validPolicy(Spec{Restart: *ch.Restart}); err != nil {
			return err
		}
		w.Restart = *ch.Restart
	}
	if ch.Limits == nil {
		return nil
	}
	after := merged(w.Limits, *ch.Limits)
	if err := after.Check(); err != nil {
		return err
	}
	w.Limits = after
	return nil
}

// Update changes limits and the restart policy, of a living container at once.
func (c *Container) Update(ctx context.Context, ch Change) error {
	return c.c.Change(ctx, "update", func(now container.State, w *container.Wish) error {
		err := ch.Apply(w)
		if err == nil && ch.Limits != nil && (now == container.Running || now == container.Paused) {
			err = c.c.Group().Update(*ch.Limits)
		}
		return err
	})
}
