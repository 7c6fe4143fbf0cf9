package main

import (
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// traps holds the code that a script wants run when signals arrive. The interpreter knows only EXIT and ERR.
type traps struct {
	mu      sync.Mutex
	code    map[syscall.Signal]string
	pending []string
	wake    chan syscall.Signal
}

// next takes the oldest code that is due, or nothing.
func (t *traps) next() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		return ""
	}
	code := t.pending[0]
	t.pending = t.pending[1:]
	return code
}

// arrived tells a waiting command of a signal that came since it asked.
func (t *traps) arrived() <-chan syscall.Signal {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wake = make(chan syscall.Signal, 1)
	if len(t.pending) > 0 {
		t.wake <- 0
	}
	return t.wake
}

func (t *traps) fire(sig syscall.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = append(t.pending, t.code[sig])
	select {
	case t.wake <- sig:
	default:
	}
}

// trap takes the signals out of a trap command and leaves what the interpreter knows.
func (s *session) trap(args []string) []string {
	if len(args) < 3 || strings.HasPrefix(args[1], "-") && args[1] != "-" && args[1] != "--" {
		return args
	}
	rest := args[1:]
	if rest[0] == "--" {
		rest = rest[1:]
	}
	kept := []string{"trap", rest[0]}
	for _, name := range rest[1:] {
		if sig := signalNamed(name); sig != 0 {
			s.set(sig, rest[0])
		} else if name == "0" {
			kept = append(kept, "EXIT")
		} else {
			kept = append(kept, name)
		}
	}
	if len(kept) == 2 {
		return []string{"true"}
	}
	return kept
}

func (s *session) set(sig syscall.Signal, code string) {
	s.traps.mu.Lock()
	if s.traps.code == nil {
		s.traps.code = map[syscall.Signal]string{}
	}
	s.traps.code[sig] = code
	s.traps.mu.Unlock()
	switch code {
	case "":
		s.call.signals.ignore(sig)
	case "-":
		s.call.signals.standard(sig)
	default:
		s.call.signals.on(sig, func() { s.traps.fire(sig) })
	}
}

// signalNamed reads TERM, SIGTERM, term or 15. It gives 0 for what is no signal.
func signalNamed(name string) syscall.Signal {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < 65 {
		return syscall.Signal(n)
	}
	return unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG"))
}
