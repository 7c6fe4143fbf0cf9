package container

import (
	"time"
)

// Docker's constants of the restart back-off.
const (
	minDelay   = 100 * time.Millisecond
	maxDelay   = time.Minute
	resetAfter = 10 * time.Second
)

// Settled is a life long enough to begin the back-off anew.
const Settled = 24 * time.Hour

// The restart policies.
const (
	No            = "no"
	OnFailure     = "on-failure"
	Always        = "always"
	UnlessStopped = "unless-stopped"
)

// Next says when the container starts again after last, which lived so long;
// nil if the policy wants no restart. Whether a user stopped it the caller has
// looked at. The wait doubles each time and begins anew after a life of
// ResetAfter.
func (p Policy) Next(last Last, lived time.Duration, now time.Time) *Due {
	switch p.Name {
	case Always, UnlessStopped:
	case OnFailure:
		if last.Code == 0 && !last.Unknown || p.Max > 0 && last.Restarts >= p.Max {
			return nil
		}
	default:
		return nil
	}
	delay := seconds(p.MinDelay, minDelay)
	if lived < seconds(p.ResetAfter, resetAfter) {
		delay = doubled(delay, last.Backoff, seconds(p.MaxDelay, maxDelay))
	}
	return &Due{At: now.Add(delay), Delay: delay.Seconds(), Count: last.Restarts + 1}
}

// doubled is twice the wait before, the first if there was none.
func doubled(first time.Duration, before float64, most time.Duration) time.Duration {
	if before <= 0 {
		return min(first, most)
	}
	return min(2*time.Duration(before*float64(time.Second)), most)
}

func seconds(s float64, otherwise time.Duration) time.Duration {
	if s <= 0 {
		return otherwise
	}
	return time.Duration(s * float64(time.Second))
}
