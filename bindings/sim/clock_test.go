package sim

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

var _ bind.Clock = (*Clock)(nil)

// trail is what happened, in order.
type trail struct {
	mu sync.Mutex
	b  strings.Builder
}

func (t *trail) note(c *Clock, start time.Time, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(&t.b, "%s@%v ", what, c.Now().Sub(start))
}

func TestPartiesWaitTogether(t *testing.T) {
	for range 50 {
		c := newClock(time.Unix(0, 0))
		var seen trail
		c.Together(6, 3, func(i int) {
			_ = c.Sleep(t.Context(), time.Duration(6-i)*time.Second)
			seen.note(c, time.Unix(0, 0), fmt.Sprint(i))
		})
		if got, want := seen.b.String(), "2@4s 1@5s 0@6s 3@7s 4@7s 5@7s "; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestTimeDoesNotMoveWhileSomebodyActs(t *testing.T) {
	c := newClock(time.Unix(0, 0))
	release := make(chan struct{})
	var when time.Duration
	c.Together(2, 2, func(i int) {
		if i == 0 {
			_ = c.Sleep(t.Context(), time.Hour)
			return
		}
		when = c.Now().Sub(time.Unix(0, 0))
		close(release)
		when += c.Now().Sub(time.Unix(0, 0))
	})
	<-release
	if when != 0 {
		t.Error("time moved while somebody acted:", when)
	}
}

func TestLimits(t *testing.T) {
	c := newClock(time.Unix(0, 0))
	ctx, cancel := bind.Within(bind.WithClock(t.Context(), c), time.Minute)
	defer cancel()
	if err := c.Sleep(ctx, time.Hour); err == nil || c.Now() != time.Unix(60, 0) {
		t.Error(err, c.Now())
	}
	if fault.KindOf(ctx.Err()) != fault.Timeout {
		t.Error(ctx.Err())
	}
	late, stop := bind.Within(bind.WithClock(t.Context(), c), time.Minute)
	stop()
	if err := c.Sleep(t.Context(), time.Hour); err != nil || late.Err() != context.Canceled { //nolint:errorlint // it is never wrapped
		t.Error(err, late.Err())
	}
}

func TestNestedParties(t *testing.T) {
	c := newClock(time.Unix(0, 0))
	c.Together(4, 2, func(int) {
		c.Together(3, 3, func(int) { _ = c.Sleep(t.Context(), time.Second) })
	})
	if c.Now() != time.Unix(2, 0) {
		t.Error(c.Now())
	}
	c.Together(0, 1, nil)
}
