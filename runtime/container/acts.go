package container

import (
	"context"
	"errors"
	"reflect"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/process"
	"neap/runtime/store"
)

// freezeLimit bounds a pause: a freezer that cannot hold every task by then
// gives up, thaws, and names them.
const freezeLimit = 10 * time.Second

// Pause stops every task of the container where it is. Pausing a paused one
// does nothing.
func (c *Container) Pause(ctx context.Context) error {
	return c.Do(ctx, "pause", func(now State) error {
		if now == Paused {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, freezeLimit)
		defer cancel()
		return c.group.Freeze(ctx)
	})
}

// Unpause lets a paused container go on. A running one is left as it is.
func (c *Container) Unpause(ctx context.Context) error {
	return c.Do(ctx, "unpause", func(now State) error {
		if now == Running {
			return nil
		}
		return c.group.Thaw(ctx)
	})
}

// Kill sends a signal to the first process. A frozen container is thawed for
// SIGKILL, which the v1 freezer would hold back.
func (c *Container) Kill(ctx context.Context, sig unix.Signal) error {
	return c.Do(ctx, "kill", func(now State) error {
		if err := c.Signal(sig); err != nil {
			return err
		}
		if now == Paused && sig == unix.SIGKILL {
			return c.group.Thaw(ctx)
		}
		return nil
	})
}

// Signal sends a signal to the first process if it lives; to none it is
// fault.Conflict. A pid that another process has since is never signalled.
func (c *Container) Signal(sig unix.Signal) error {
	facts, err := c.Facts()
	if err != nil {
		return err
	}
	if facts == nil {
		return fault.New(fault.Conflict, "it does not run")
	}
	f, err := process.Open(facts.Pid, facts.Ticks)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.PidfdSendSignal(int(f.Fd()), sig, nil, 0); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// Adopt makes two directories its own, which an overlay has been mounted with.
// It is fs.ErrExist if the container has one of them already. Preconditions: the
// caller holds the lock.
func (c *Container) Adopt(from store.Dir, work, upper string) error {
	if err := from.Move(work, c.set.dir, c.ID+"/work"); err != nil {
		return err
	}
	return from.Move(upper, c.set.dir, c.ID+"/upper")
}

// Doom writes that the container is being removed. From here on it can only
// be removed. Preconditions: the caller holds the lock.
func (c *Container) Doom() error {
	return c.home().Save(c.ID+"/"+removeFile, time.Now().UTC(), store.Quick)
}

func (c *Container) doomed() bool {
	name := c.ID + "/" + removeFile
	return c.set.dir.Exists(name) || c.set.run.Exists(name)
}

// Erase removes its files and its name: what is left if this fails is a dead
// container that can be erased again. Preconditions: Doom was called, the
// caller holds the lock, nothing runs, and nothing else names it.
func (c *Container) Erase() error {
	if err := c.eraseFiles(); err != nil {
		return err
	}
	if err := c.Entomb(); err != nil {
		return err
	}
	return c.Bury()
}

// Entomb removes its name and puts its files aside: after it, the container is
// gone, and Bury is owed. Preconditions: those of Erase.
func (c *Container) Entomb() error {
	wish, err := c.Wish()
	if err == nil {
		err = c.set.DropName(wish.Name, c.ID)
	}
	if err := ignoreAbsentOrDamaged(err); err != nil {
		return err
	}
	return ignoreAbsent(c.set.dir.Rename(c.ID, goneOf(c.ID)))
}

// Bury removes what Entomb put aside. The next sweep does it too.
func (c *Container) Bury() error {
	return errors.Join(c.set.bury(c.ID), c.set.run.RemoveAll(c.ID))
}

// eraseFiles removes what the container wrote. An overlay that was used leaves
// empty directories of known names: those need no walk.
func (c *Container) eraseFiles() error {
	for _, name := range []string{"work/work/incompat/volatile/dirty", "work/work/incompat/volatile", "work/work/incompat", "work/work"} {
		_ = c.set.dir.Remove(c.ID + "/" + name)
	}
	for _, name := range []string{"upper", "work", "log"} {
		if err := c.set.dir.RemoveAll(c.ID + "/" + name); err != nil {
			return err
		}
	}
	return nil
}

func ignoreAbsentOrDamaged(err error) error {
	if fault.Is(err, fault.Damaged) {
		return nil
	}
	return ignoreAbsent(err)
}

// TakeBack forgets the last start, whose program never ran: all is as before
// it. One that the policy wanted is due again, and given. Preconditions: the
// caller holds the lock, or nobody else may be at it.
func (c *Container) TakeBack(now time.Time) (*Due, error) {
	last, err := c.Last()
	if err != nil {
		return nil, err
	}
	before := Last{}
	if last.Before != nil {
		before = *last.Before
	}
	if err := c.SetLast(&before); err != nil || last.Restarts == 0 {
		return nil, err
	}
	due := &Due{At: now, Delay: last.Backoff, Count: last.Restarts}
	return due, c.SetDue(due)
}

// Rename gives the container another name, in one step for whoever looks.
func (c *Container) Rename(ctx context.Context, name string) error {
	if err := ValidName(name); err != nil {
		return c.wrap("rename container", err)
	}
	return c.Do(ctx, "rename", func(State) error {
		wish, err := c.Wish()
		if err != nil {
			return err
		}
		old := wish.Name
		if old == name {
			return nil
		}
		if err := c.set.TakeName(name, c.ID); err != nil {
			return err
		}
		wish.Name = name
		if err := c.SetWish(wish); err != nil {
			return errors.Join(err, c.set.DropName(name, c.ID))
		}
		return c.set.DropName(old, c.ID)
	})
}

// Change applies edit to what may change, under the lock. Nothing is written
// if edit changed nothing.
func (c *Container) Change(ctx context.Context, verb string, edit func(State, *Wish) error) error {
	return c.Do(ctx, verb, func(now State) error {
		wish, err := c.Wish()
		if err != nil {
			return err
		}
		before := *wish
		if err := edit(now, wish); err != nil || reflect.DeepEqual(before, *wish) {
			return err
		}
		return c.SetWish(wish)
	})
}
