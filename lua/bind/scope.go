package bind

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Scope is what has to be undone at the end of a script, a task or a line of
// the REPL: open iterators, defers. It travels in the context.
type Scope struct {
	mu    sync.Mutex
	undo  map[int]func(context.Context) error
	next  int
	ended bool
}

type scopeKey struct{}

// WithScope opens a scope inside ctx. Whoever opens it ends it.
func WithScope(ctx context.Context) (context.Context, *Scope) {
	s := &Scope{undo: map[int]func(context.Context) error{}}
	return context.WithValue(ctx, scopeKey{}, s), s
}

// ScopeOf is the innermost scope of ctx, or nil.
func ScopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// Add registers what End will do, and returns a function that takes it back.
// On a nil or ended scope nothing is registered.
func (s *Scope) Add(f func(context.Context) error) (forget func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return func() {}
	}
	id := s.next
	s.next++
	s.undo[id] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.undo, id)
	}
}

// End does everything registered, last first, whatever fails, and returns the
// failures together. What is registered meanwhile is done too.
func (s *Scope) End(ctx context.Context) error {
	var all []error
	for {
		f := s.pop()
		if f == nil {
			return errors.Join(all...)
		}
		if err := f(ctx); err != nil {
			all = append(all, err)
		}
	}
}

func (s *Scope) pop() func(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.undo) == 0 {
		s.ended = true
		return nil
	}
	ids := make([]int, 0, len(s.undo))
	for id := range s.undo {
		ids = append(ids, id)
	}
	last := slices.Max(ids)
	f := s.undo[last]
	delete(s.undo, last)
	return f
}
