package store

import (
	"context"
	"errors"
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

// A lockable is what a lock is taken on.
type lockable struct {
	name  string
	flags int // with which it is opened
}

func lockFile(name string) lockable { return lockable{name, unix.O_RDWR | unix.O_CREAT} }
func lockDir(name string) lockable  { return lockable{name, unix.O_RDONLY | unix.O_DIRECTORY} }

// Lock takes the lock file name, making it if need be, and waits for it until
// ctx ends, at most 30 s: then it is fault.Busy.
func (d Dir) Lock(ctx context.Context, name string, mode Mode) (*Lock, error) {
	return d.wait(ctx, lockFile(name), mode)
}

// LockDir is Lock on a directory, which must exist.
func (d Dir) LockDir(ctx context.Context, name string, mode Mode) (*Lock, error) {
	return d.wait(ctx, lockDir(name), mode)
}

// TryLock takes the lock if it is free and is nil without an error if it is
// not.
func (d Dir) TryLock(name string, mode Mode) (*Lock, error) { return d.try(lockFile(name), mode) }

// TryLockDir is TryLock on a directory, which must exist.
func (d Dir) TryLockDir(name string, mode Mode) (*Lock, error) { return d.try(lockDir(name), mode) }

func (d Dir) wait(ctx context.Context, on lockable, mode Mode) (*Lock, error) {
	lock, err := d.try(on, mode)
	if lock != nil || err != nil {
		return lock, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 50 * time.Microsecond; ; pause = min(pause*3/2, 10*time.Millisecond) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return nil, fault.New(fault.Busy, "another process holds %s", d.Join(on.name))
		}
		if lock, err := d.try(on, mode); lock != nil || err != nil {
			return lock, err
		}
	}
}

// try opens what was removed or replaced between open and flock again, so a
// holder always holds what the name leads to.
func (d Dir) try(on lockable, mode Mode) (*Lock, error) {
	for {
		fd, err := d.open(on.name, on.flags, 0o600)
		if err != nil {
			return nil, err
		}
		switch err := unix.Flock(fd, int(mode)|unix.LOCK_NB); {
		case errors.Is(err, unix.EWOULDBLOCK):
			return nil, unix.Close(fd)
		case err != nil:
			return nil, errors.Join(wrong("lock", on.name, err), unix.Close(fd))
		}
		if d.same(fd, on.name) {
			return &Lock{os.NewFile(uintptr(fd), d.Join(on.name))}, nil
		}
		if err := unix.Close(fd); err != nil {
			return nil, err
		}
	}
}

func (d Dir) same(fd int, name string) bool {
	var held, now unix.Stat_t
	err := d.in("stat", name, func(dir int, base string) error {
		return unix.Fstatat(dir, base, &now, unix.AT_SYMLINK_NOFOLLOW)
	})
	return err == nil && unix.Fstat(fd, &held) == nil && held.Dev == now.Dev && held.Ino == now.Ino
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
