package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/runtime/fault"
)

const (
	// grace is how long defers may take after a cancel.
	grace = 10 * time.Second
	// patience is how long after a cancel Lua that cannot be stopped, in one
	// huge pattern match, keeps this process.
	patience = grace + 2*time.Second
)

// watch gives a context that ends at the first SIGINT, SIGTERM or SIGHUP, when
// nobody reads standard output any more, or at the limit, and lets defers run.
// The second signal, or running on in spite of the first, ends the process. It
// is for the rest of the process's life: what it gives back only frees ctx.
//
// The signals are asked for when there is something to lose, as that takes the
// runtime two threads and many turns between them. Until then they end the
// process as they do any other.
func (s *session) watch(limit time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	free := func() {}
	if limit > 0 {
		why := fault.New(fault.Timeout, "not done within %s", limit)
		ctx, free = context.WithTimeoutCause(ctx, limit, why)
	}
	s.outlet.broken(func() { cancel(&host.Exit{Code: 128 + int(unix.SIGPIPE)}) })
	ends := make(chan os.Signal, 4)
	heard := s.heard(ends)
	obey := sync.OnceFunc(func() { go s.obey(ctx, cancel, heard, nil) })
	context.AfterFunc(ctx, obey)
	care := sync.OnceFunc(func() {
		hearPipes()
		signal.Notify(ends, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
		obey()
	})
	if s.leash != nil { // who holds it hands signals on from the start
		care()
	}
	return bind.WithCare(ctx, care), func() { free() }
}

// heard are the signals of this process, with those on its leash.
func (s *session) heard(own <-chan os.Signal) <-chan os.Signal {
	if s.leash == nil {
		return own
	}
	return s.leash.Listen(own)
}

// hearPipes makes a write that nobody will read an error and not the end: what
// ignores the signal instead hands that on to its programs.
func hearPipes() { signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE) }

// obey cancels at a signal and loses patience after the cancel, until over;
// nil is never.
func (s *session) obey(ctx context.Context, cancel context.CancelCauseFunc, signals <-chan os.Signal, over <-chan struct{}) {
	select {
	case <-over:
		return
	case sig := <-signals:
		cancel(&host.Exit{Code: exitOf(sig)})
	case <-ctx.Done():
	}
	select {
	case <-over:
	case sig := <-signals:
		s.hard(exitOf(sig))
	case <-time.After(patience):
		s.hard(codeOf(context.Cause(ctx)))
	}
}

// hard ends the process without defers, with the terminal as it was found.
func (s *session) hard(code int) {
	s.terminal.restore()
	os.Exit(code)
}

func exitOf(sig os.Signal) int {
	n, _ := sig.(syscall.Signal)
	return 128 + int(n)
}

func codeOf(err error) int {
	var exit *host.Exit
	if errors.As(err, &exit) {
		return exit.Code
	}
	return host.ExitCode(err)
}
