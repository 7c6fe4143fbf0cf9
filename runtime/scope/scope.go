// Package scope remembers on disk what was made in a scope, so that it can be
// removed by whoever finds the scope when its maker is dead.
//
// It knows directories, their locks and the ids of things. It does not know
// what a thing is, nor how one is removed: a noun says what it is about to
// make (Making), the engine removes.
//
// A scope is a directory, lib/scopes/ID, locked by its maker for life. It lies
// in the tree that survives a reboot, as what was made does. In it a link says
// what each thing is, and is there before the thing: what is in no scope is
// nobody's rubbish, and what was never made is removed by doing nothing. A
// thing is known by its id, never by its name.
package scope

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// Kind is a sort of thing.
type Kind string

// The kinds. A Tag is a name of an image.
const (
	Container Kind = "container"
	Volume    Kind = "volume"
	Network   Kind = "network"
	Image     Kind = "image"
	Tag       Kind = "tag"
)

// Thing is what was made or is about to be. Name is only that of a Tag, whose
// ID is the image's.
type Thing struct {
	Kind Kind
	ID   string
	Name string
}

func (t Thing) file() string {
	if t.Name == "" {
		return string(t.Kind) + "-" + t.ID
	}
	return string(t.Kind) + "-" + t.ID[:12] + "-" + strings.ReplaceAll(t.Name, "/", "=")
}

func (t Thing) text() string { return strings.Join([]string{string(t.Kind), t.ID, t.Name}, " ") }

func parse(text string) (t Thing, ok bool) {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) < 3 {
		return t, false
	}
	return Thing{Kind(parts[0]), parts[1], parts[2]}, true
}

// Options is what scopes need.
type Options struct {
	Store *store.Store
	ID    func() string

	// Watch has somebody who outlives this process look after a scope until
	// stop is called.
	Watch func(id string) (stop func(), err error)
}

// Scopes is every scope of a root.
type Scopes struct{ o Options }

// Open gives the scopes of a root. It does no I/O and needs no closing.
func Open(o Options) *Scopes { return &Scopes{o} }

func (ss *Scopes) dir() (store.Dir, error) { return ss.o.Store.Lib.Sub("scopes") }

// IDs lists the scopes that are on record.
func (ss *Scopes) IDs() ([]string, error) {
	return ss.o.Store.Lib.Names("scopes")
}

// Scope is one. It is on record from the first thing on.
type Scope struct {
	ID    string
	set   *Scopes
	outer *Scope

	mu    sync.Mutex
	lock  *store.Lock // nil unless it is on record
	dir   store.Dir
	stop  func()
	ended bool
}

type key struct{}

func of(ctx context.Context) *Scope {
	s, _ := ctx.Value(key{}).(*Scope)
	return s
}

// Within opens a scope: what is made under the context that it gives belongs to
// it, and not to a scope around it. Whoever opens it closes it.
func (ss *Scopes) Within(ctx context.Context) (context.Context, *Scope) {
	s := &Scope{ID: ss.o.ID(), set: ss, outer: of(ctx)}
	return context.WithValue(ctx, key{}, s), s
}

// Outside is ctx without its scopes, for what is made on the way and is nobody's.
func Outside(ctx context.Context) context.Context {
	if of(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, (*Scope)(nil))
}

// Making records that t is about to be made, in the innermost scope of ctx if
// there is one.
func Making(ctx context.Context, t Thing) error {
	for s := of(ctx); s != nil; s = s.outer {
		if ended, err := s.add(ctx, t); err != nil || !ended {
			return err
		}
	}
	return nil
}

// Keep takes t out of every scope of ctx: it stays when they end.
func Keep(ctx context.Context, t Thing) error {
	for s := of(ctx); s != nil; s = s.outer {
		if err := s.Forget(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) add(ctx context.Context, t Thing) (ended bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true, nil
	}
	if s.lock == nil {
		if err := s.begin(ctx); err != nil {
			return false, fault.Wrap("open scope", "", err)
		}
	}
	err = s.dir.Symlink(t.text(), t.file())
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return false, err
}

// begin puts the scope on record and has it looked after.
func (s *Scope) begin(ctx context.Context) (err error) {
	if err := s.grab(ctx); err != nil {
		return err
	}
	s.stop, err = s.set.o.Watch(s.ID)
	if err == nil {
		return nil
	}
	all, wrong := s.set.dir()
	if wrong == nil {
		wrong = errors.Join(all.Remove(s.ID), all.Close())
	}
	err = errors.Join(err, wrong, s.dir.Close(), s.lock.Unlock())
	s.lock = nil
	return err
}

// grab makes the directory and locks it. Whoever finds it in between takes it
// for one whose maker is dead: then it is made again.
func (s *Scope) grab(ctx context.Context) error {
	all, err := s.set.dir()
	if err != nil {
		return err
	}
	defer all.Close()
	for {
		if err := all.MkdirAll(s.ID, 0o700); err != nil {
			return err
		}
		lock, err := all.LockDir(ctx, s.ID, store.Exclusive)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		dir, err := all.Enter(s.ID)
		if err != nil {
			return errors.Join(err, lock.Unlock())
		}
		s.lock, s.dir = lock, dir
		return nil
	}
}

// Things lists what is on record.
func (s *Scope) Things() ([]Thing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil, nil
	}
	names, err := s.dir.Names(".")
	all := make([]Thing, 0, len(names))
	for _, name := range names {
		text, wrong := s.dir.Readlink(name)
		t, ok := parse(text)
		if wrong == nil && !ok {
			wrong = &fault.Error{Kind: fault.Damaged, Op: "read scope", Object: s.ID, Message: fmt.Sprintf("%s is no record of a thing", s.dir.Join(name))}
		}
		if wrong != nil {
			err = errors.Join(err, wrong)
			continue
		}
		all = append(all, t)
	}
	return all, err
}

// Forget takes a thing out of the record.
func (s *Scope) Forget(t Thing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	if err := s.dir.Remove(t.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close ends the scope. What is still on record stays so, for whoever looks
// after it. It may be called again.
func (s *Scope) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.lock == nil {
		return nil
	}
	all, err := s.set.dir()
	if err == nil {
		err = errors.Join(empty(all.Remove(s.ID)), all.Close())
	}
	err = errors.Join(err, s.dir.Close(), s.lock.Unlock())
	if s.stop != nil {
		s.stop()
	}
	s.lock = nil
	return err
}

// ErrLives is the error of Take for a scope whose maker lives.
var ErrLives = errors.New("the maker of the scope lives")

// Take gives a scope whose maker is dead, nil if it is over. It waits for a
// maker that is dying until ctx ends.
func (ss *Scopes) Take(ctx context.Context, id string) (*Scope, error) {
	all, err := ss.dir()
	if err != nil {
		return nil, err
	}
	defer all.Close()
	lock, err := all.LockDir(ctx, id, store.Exclusive)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // the contract
	case fault.Is(err, fault.Busy, fault.Canceled, fault.Timeout):
		return nil, ErrLives
	case err != nil:
		return nil, err
	}
	dir, err := all.Enter(id)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &Scope{ID: id, set: ss, lock: lock, dir: dir}, nil
}

// empty passes over that a directory is not empty.
func empty(err error) error {
	if errors.Is(err, unix.ENOTEMPTY) {
		return nil
	}
	return err
}
