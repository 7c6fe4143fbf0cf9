package bind

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Scope is what has to be undone at the end of a script, a task or a line of
// the REPL: open iterators, defers. It travels in the context.
type Scope struct {
	ends Ends
	care func() // see WithCare

	mu   sync.Mutex
	undo *list.List // of func(context.Context) error; nil once it ended
}

// Ends is how scopes end. The zero value takes 10 s and tells nobody.
type Ends struct {
	Grace  time.Duration // how long all that is undone may take
	Report func(error)   // told what failed at the end of a scope that had failed before
}

type (
	scopeKey struct{}
	careKey  struct{}
	endsKey  struct{}
	quitKey  struct{}
)

// WithEnds sets how the scopes inside ctx end.
func WithEnds(ctx context.Context, e Ends) context.Context {
	return context.WithValue(ctx, endsKey{}, e)
}

// WithCare sets what comes before anything inside ctx that must not be cut off:
// before each function that changes something, and before something that is to
// be undone is registered. It is called often, from any goroutine.
func WithCare(ctx context.Context, care func()) context.Context {
	return context.WithValue(ctx, careKey{}, care)
}

func careOf(ctx context.Context) func() {
	if care, ok := ctx.Value(careKey{}).(func()); ok {
		return care
	}
	return func() {}
}

// WithScope opens a scope inside ctx. Whoever opens it ends it.
func WithScope(ctx context.Context) (context.Context, *Scope) {
	ends, _ := ctx.Value(endsKey{}).(Ends)
	if ends.Grace == 0 {
		ends.Grace = 10 * time.Second
	}
	s := &Scope{ends: ends, undo: list.New(), care: careOf(ctx)}
	return context.WithValue(ctx, scopeKey{}, s), s
}

// InScope runs do in a scope of its own and ends the scope, whatever happened.
// The error is that of do, or else of what was to be undone.
func InScope[R any](ctx context.Context, do func(context.Context) (R, error)) (r R, err error) {
	inner, s := WithScope(ctx)
	defer func() {
		switch late := s.End(inner); {
		case err == nil:
			err = late
		case late != nil && s.ends.Report != nil:
			s.ends.Report(late)
		}
	}()
	return do(inner)
}

// ScopeOf is the innermost scope of ctx, or nil.
func ScopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// WithQuit is context.WithCancelCause for what Quit, from anywhere inside, ends
// with all that is around it.
func WithQuit(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	inner, cancel := context.WithCancelCause(ctx)
	quit := func(cause error) {
		Quit(ctx, cause)
		cancel(cause)
	}
	return context.WithValue(inner, quitKey{}, quit), cancel
}

// Apart is ctx for a run of another state inside this one: what quits there quits
// nothing here.
func Apart(ctx context.Context) context.Context {
	return context.WithValue(ctx, quitKey{}, func(error) {})
}

// Quit ends the run that ctx is part of; in what is undone at its end, this one
// undoing too.
func Quit(ctx context.Context, cause error) {
	if quit, ok := ctx.Value(quitKey{}).(func(error)); ok {
		quit(cause)
	}
}

// Add registers what End will do, and returns a function that takes it back.
// On a nil or ended scope nothing is registered.
func (s *Scope) Add(f func(context.Context) error) (forget func()) {
	if s == nil {
		return func() {}
	}
	s.care()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.undo == nil {
		return func() {}
	}
	undo, at := s.undo, s.undo.PushBack(f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		undo.Remove(at)
	}
}

// End does everything registered, last first, whatever fails, and returns the
// failures together. What is registered meanwhile is done too. Each gets a
// context that no cancel has reached and that ends in time: the scope's, but a
// tenth of that is left for each, so that one that hangs takes it from no other.
func (s *Scope) End(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	limit := time.Now().Add(s.ends.Grace)
	var all []error
	for {
		f := s.pop()
		switch {
		case f != nil:
			if err := s.fresh(ctx, limit, f); err != nil {
				all = append(all, err)
			}
		case len(all) == 1:
			return all[0]
		default:
			return errors.Join(all...)
		}
	}
}

// fresh does one thing in a context of its own.
func (s *Scope) fresh(ctx context.Context, limit time.Time, f func(context.Context) error) error {
	least := time.Now().Add(s.ends.Grace / 10)
	if limit.Before(least) {
		limit = least
	}
	ctx, stop := context.WithDeadline(ctx, limit)
	defer stop()
	ctx, cancel := WithQuit(ctx)
	defer cancel(nil)
	return f(ctx)
}

func (s *Scope) pop() func(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.undo == nil || s.undo.Len() == 0 {
		s.undo = nil
		return nil
	}
	f, _ := s.undo.Remove(s.undo.Back()).(func(context.Context) error)
	return f
}
