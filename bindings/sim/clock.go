package sim

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"neap/runtime/fault"
)

// Clock is time that moves only when everybody who acts in it waits: then it
// goes to the next moment at which something is due. Of several who wait, one
// goes on at a time, the one that began to wait first, so that whatever happens
// happens in the same order each time.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	events  []*event  // by time, then in the order in which they were set
	waiters []*waiter // in the order in which they began
	acting  int       // parties that act or wait
	moving  bool      // an event is happening
}

// event is what happens at a time. It is called with the lock held and may not
// wait.
type event struct {
	at time.Time
	do func()
}

// waiter is a party that waits until ready, asked with the lock held, is true.
type waiter struct {
	ctx      context.Context
	ready    func() bool
	deadline time.Time // zero is none
	wake     chan struct{}
	outcome  outcome
}

// outcome is how a wait ended.
type outcome int

const (
	waiting outcome = iota
	reached
	late  // its deadline came first
	stuck // nothing is due that could end it
	ended // its context did
)

func newClock(start time.Time) *Clock { return &Clock{now: start, acting: 1} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets so much time pass, with all that is due in it.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wait(ctx, c.now.Add(d), func() bool { return false }) == ended {
		return context.Cause(ctx)
	}
	return nil
}

// After does f when so much time has passed.
func (c *Clock) After(d time.Duration, f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at(c.now.Add(d), func() {
		c.mu.Unlock()
		defer c.mu.Lock()
		f()
	})
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cancel(e)
	}
}

// Together does it for every number below n, each as a party of its own.
func (c *Clock) Together(n, most int, do func(i int)) {
	parties := min(n, most)
	if parties == 0 {
		return
	}
	turns := c.join(parties)
	var next atomic.Int64
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(parties))
	for _, turn := range turns {
		all.Go(func() {
			<-turn.wake
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
			if left.Add(-1) > 0 { // the last one is the caller again
				c.leave()
			}
		})
	}
	all.Wait()
}

// join makes parties of one, which come on one after the other.
func (c *Clock) join(parties int) []*waiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	turns := make([]*waiter, parties)
	for i := range turns {
		turns[i] = &waiter{ctx: context.Background(), ready: func() bool { return true }, wake: make(chan struct{})}
	}
	c.waiters = append(c.waiters, turns...)
	c.acting += parties - 1
	c.settle()
	return turns
}

func (c *Clock) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acting--
	c.settle()
}

// tick is the moment that an act takes: none two happen at once. Preconditions:
// the lock is held.
func (c *Clock) tick() {
	c.now = c.now.Add(1)
	for len(c.events) > 0 && !c.events[0].at.After(c.now) {
		c.happen()
	}
}

// at sets an event. Preconditions: the lock is held.
func (c *Clock) at(t time.Time, do func()) *event {
	e := &event{t, do}
	i, _ := slices.BinarySearchFunc(c.events, t, func(e *event, t time.Time) int {
		if e.at.After(t) {
			return 1
		}
		return -1
	})
	c.events = slices.Insert(c.events, i, e)
	return e
}

// cancel takes an event back; nil is none. Preconditions: the lock is held.
func (c *Clock) cancel(e *event) {
	c.events = slices.DeleteFunc(c.events, func(o *event) bool { return o == e })
}

// wait waits until ready, the deadline or the end of ctx. It gives the lock up
// meanwhile. Preconditions: the lock is held.
func (c *Clock) wait(ctx context.Context, deadline time.Time, ready func() bool) outcome {
	switch {
	case ctx.Err() != nil:
		return ended
	case ready():
		return reached
	}
	w := &waiter{ctx: ctx, ready: ready, deadline: deadline, wake: make(chan struct{})}
	c.waiters = append(c.waiters, w)
	c.settle()
	c.mu.Unlock()
	select {
	case <-w.wake:
	case <-ctx.Done():
	}
	c.mu.Lock()
	if w.outcome == waiting {
		c.release(w, ended)
	}
	return w.outcome
}

func (c *Clock) release(w *waiter, how outcome) {
	c.waiters = slices.DeleteFunc(c.waiters, func(o *waiter) bool { return o == w })
	w.outcome = how
	close(w.wake)
}

// settle lets one party go on if all of them wait, moving the time if none can
// go on as it is. Preconditions: the lock is held.
func (c *Clock) settle() {
	for !c.moving && len(c.waiters) >= c.acting && len(c.waiters) > 0 {
		if c.wakeOne() {
			return
		}
		next, due := c.next()
		if !due {
			c.release(c.waiters[0], stuck)
			return
		}
		c.now = next
		for len(c.events) > 0 && !c.events[0].at.After(c.now) {
			c.happen()
		}
	}
}

// wakeOne lets the first go on that can.
func (c *Clock) wakeOne() bool {
	for _, w := range c.waiters {
		switch {
		case w.ctx.Err() != nil:
			c.release(w, ended)
		case w.ready():
			c.release(w, reached)
		case !w.deadline.IsZero() && !w.deadline.After(c.now):
			c.release(w, late)
		default:
			continue
		}
		return true
	}
	return false
}

// next is the time of what is due first.
func (c *Clock) next() (next time.Time, due bool) {
	if len(c.events) > 0 {
		next, due = c.events[0].at, true
	}
	for _, w := range c.waiters {
		if !w.deadline.IsZero() && (!due || w.deadline.Before(next)) {
			next, due = w.deadline, true
		}
	}
	return next, due
}

// happen lets the first event happen.
func (c *Clock) happen() {
	e := c.events[0]
	c.events = c.events[1:]
	before := c.moving
	c.moving = true
	e.do()
	c.moving = before
}

// stuckError is what a wait gets that nothing would ever end.
func stuckError() error {
	return fault.New(fault.Timeout, "nothing is due in the simulation, so this would wait for ever").
		WithHint(`give the wait a timeout, or say what happens: t:answer("name", { "program" }, { takes = "5s" })`)
}
