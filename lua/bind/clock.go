package bind

import (
	"context"
	"sync"
	"time"
)

// A Clock is the time that scripts live in: the machine's, or one that a test
// moves. What waits in a body waits on the clock of its context, so that it
// takes no time in a test.
type Clock interface {
	// Now is the time.
	Now() time.Time

	// Sleep rests, or ends early with the cause of ctx.
	Sleep(ctx context.Context, d time.Duration) error

	// After does f when so much time has passed, unless stop is called before.
	// f may not wait.
	After(d time.Duration, f func()) (stop func())

	// Together does it for every number below n, at most so many at once, and
	// waits for all. The clock knows of each, as time that is moved may only
	// go on when all of them wait.
	Together(n, most int, do func(i int))
}

type clockKey struct{}

// WithClock is ctx in the time of c; nil is the machine's.
func WithClock(ctx context.Context, c Clock) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, clockKey{}, c)
}

// ClockOf is the clock of ctx; the machine's if it has none.
func ClockOf(ctx context.Context) Clock {
	if c, ok := ctx.Value(clockKey{}).(Clock); ok {
		return c
	}
	return realTime{}
}

// Within is context.WithTimeout on the clock of ctx.
func Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c := ClockOf(ctx)
	if _, ok := c.(realTime); ok {
		return context.WithTimeout(ctx, d)
	}
	inner, cancel := context.WithCancelCause(ctx)
	stop := c.After(d, func() { cancel(context.DeadlineExceeded) })
	return limited{inner}, func() { stop(); cancel(context.Canceled) }
}

// limited says of a context that a clock ended that its time was up.
type limited struct{ context.Context }

// Err is why it ended.
func (l limited) Err() error {
	err := l.Context.Err()
	if err != nil && context.Cause(l.Context) == context.DeadlineExceeded { //nolint:errorlint // it is never wrapped
		return context.DeadlineExceeded
	}
	return err
}

// realTime is the machine's clock.
type realTime struct{}

func (realTime) Now() time.Time { return time.Now() }

func (realTime) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (realTime) After(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}

func (realTime) Together(n, most int, do func(i int)) {
	slots := make(chan struct{}, most)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}
