package repl

import (
	"context"
	"errors"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// errInterrupted is how a statement ends that Ctrl-C canceled.
var errInterrupted error = fault.New(fault.Canceled, "interrupted")

// slow is how long a cancel may take before the user is told how to go on.
const slow = time.Second

// lend gives the terminal to what runs, until takeBack.
func (s *session) lend()     { s.take = s.Reader.Release() }
func (s *session) takeBack() { s.take() }

// run does something that Ctrl-C ends, with the terminal as it was found.
func (s *session) run(ctx context.Context, do func(context.Context) error) error {
	s.forget()
	sitting := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := make(chan struct{})
	defer close(over)
	go s.heed(cancel, over)
	s.lend()
	defer s.takeBack()
	ctx, tell := s.record(ctx)
	defer tell()
	err := do(bind.WithConsent(ctx, func(_ context.Context, verb, noun string, objects []string) error {
		return s.consent(sitting, verb, noun, objects) // a question waits for its answer whatever limit the statement has
	}))
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) {
		return errInterrupted
	}
	return err
}

// forget drops interrupts from before the statement.
func (s *session) forget() {
	for {
		select {
		case <-s.Interrupts:
		default:
			return
		}
	}
}

// heed cancels at the first Ctrl-C and ends the process at the second.
func (s *session) heed(cancel context.CancelCauseFunc, over <-chan struct{}) {
	select {
	case <-over:
		return
	case <-s.Interrupts:
		s.say("\n") // after what the terminal shows of the key
		cancel(errInterrupted)
	}
	late := time.NewTimer(slow)
	defer late.Stop()
	for {
		select {
		case <-over:
			return
		case <-late.C:
			s.say("stopping; Ctrl-C again leaves neap at once, without defers\n")
		case <-s.Interrupts:
			if s.Hard != nil {
				s.Hard()
			}
			return
		}
	}
}
