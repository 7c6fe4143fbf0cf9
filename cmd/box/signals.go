package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// signals says what this process does when a signal arrives. The zero value leaves everything to the Go runtime.
type signals struct {
	mu    sync.Mutex
	taken map[syscall.Signal]func()
	ch    chan os.Signal
}

// die gives the first process of a pid namespace the default action that the kernel denies it.
func (s *signals) die() {
	s.notify(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
}

// on calls do, in a goroutine of its own, whenever sig arrives.
func (s *signals) on(sig syscall.Signal, do func()) {
	s.mu.Lock()
	if s.taken == nil {
		s.taken = map[syscall.Signal]func(){}
	}
	s.taken[sig] = do
	s.mu.Unlock()
	s.notify(sig)
}

// ignore makes this process and those it starts deaf to sig.
func (s *signals) ignore(sig syscall.Signal) {
	signal.Ignore(sig)
}

// standard undoes on and ignore.
func (s *signals) standard(sig syscall.Signal) {
	s.mu.Lock()
	delete(s.taken, sig)
	s.mu.Unlock()
	signal.Reset(sig)
	if os.Getpid() == 1 {
		s.die()
	}
}

func (s *signals) notify(which ...os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan os.Signal, 16)
		go s.loop()
	}
	signal.Notify(s.ch, which...)
}

func (s *signals) loop() {
	for sig := range s.ch {
		n, _ := sig.(syscall.Signal)
		s.mu.Lock()
		do := s.taken[n]
		s.mu.Unlock()
		if do == nil {
			os.Exit(128 + int(n))
		}
		do()
	}
}
