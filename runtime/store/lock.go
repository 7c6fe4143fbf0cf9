package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// patience is the longest anybody waits for a lock when the context has no
// nearer deadline.
const patience = 30 * time.Second

// Lock is a held flock. It dies with its holder.
type Lock struct{ f *os.File }

// Mode is how a lock is held.
type Mode int

// Shared holders exclude only Exclusive ones.
const (
	Shared    Mode = unix.LOCK_SH
	Exclusive Mode = unix.LOCK_EX
)

// Lock takes the lock file name, making it if need be, and waits for it until
// ctx ends, at most 30 s: then it is fault.Busy.
func (d Dir) Lock(ctx context.Context, name string, mode Mode) (*Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 20*time.Millisecond) {
		lock, err := d.TryLock(name, mode)
		if lock != nil || err != nil {
			return lock, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return nil, fault.New(fault.Busy, "another process holds %s", d.Join(name))
		}
	}
}

// TryLock takes the lock if it is free and is nil without an error if it is
// not. A lock file that was removed or replaced between open and flock is
// opened again, so a holder always holds the file that the name leads to.
func (d Dir) TryLock(name string, mode Mode) (*Lock, error) {
	for {
		f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		switch err := unix.Flock(int(f.Fd()), int(mode)|unix.LOCK_NB); {
		case errors.Is(err, unix.EWOULDBLOCK):
			return nil, f.Close()
		case err != nil:
			return nil, errors.Join(err, f.Close())
		}
		if d.same(f, name) {
			return &Lock{f}, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

func (d Dir) same(f *os.File, name string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := d.Stat(name)
	return !errors.Is(err, fs.ErrNotExist) && err == nil && os.SameFile(held, now)
}

// Unlock gives the lock up. It may be called on nil.
func (l *Lock) Unlock() error {
	if l == nil {
		return nil
	}
	return l.f.Close()
}

// File is the descriptor that holds the lock, for a process that inherits it.
func (l *Lock) File() *os.File { return l.f }
