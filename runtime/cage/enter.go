package cage

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// The descriptors that a caged program is born with.
const (
	leashFD = 3
	doorFD  = 4
)

// Leash is how a caged program hears from who runs it.
type Leash struct {
	f    *os.File
	out  chan os.Signal
	mu   sync.Mutex
	seen map[os.Signal]*counts
}

// counts is how often a signal came from either side.
type counts struct{ own, handed int }

// Enter moves the calling process into its cgroup. It comes first in a program
// that Run runs, and once.
func Enter() (*Leash, error) {
	unix.CloseOnExec(leashFD)
	unix.CloseOnExec(doorFD)
	door := os.NewFile(doorFD, "door")
	defer door.Close()
	if _, err := door.WriteString("0"); err != nil {
		return nil, fault.Wrap("enter the cgroup", "", err)
	}
	return &Leash{f: os.NewFile(leashFD, "leash"), out: make(chan os.Signal, 4), seen: map[os.Signal]*counts{}}, nil
}

// Listen gives each signal once, that the process itself got, or who runs it,
// or, as with Ctrl-C on a terminal, both. The end of who runs it is a SIGHUP.
func (l *Leash) Listen(own <-chan os.Signal) <-chan os.Signal {
	go func() {
		for sig := range own {
			l.note(sig, func(c *counts) (n *int, other int) { return &c.own, c.handed })
		}
	}()
	go l.hear()
	return l.out
}

func (l *Leash) hear() {
	var b [1]byte
	for {
		if _, err := l.f.Read(b[:]); err != nil {
			l.out <- unix.SIGHUP
			return
		}
		l.note(syscall.Signal(b[0]), func(c *counts) (n *int, other int) { return &c.handed, c.own })
	}
}

// note counts a signal from one side and gives it if the other side has not
// given it before.
func (l *Leash) note(sig os.Signal, side func(*counts) (n *int, other int)) {
	l.mu.Lock()
	c := l.seen[sig]
	if c == nil {
		c = &counts{}
		l.seen[sig] = c
	}
	n, other := side(c)
	*n++
	fresh := *n > other
	l.mu.Unlock()
	if fresh {
		l.out <- sig
	}
}
