package main

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"neap/bindings/terminal"
)

// console is the terminal of this process, that can be put back as it was
// found whatever happens.
type console struct {
	terminal.Console
	outlet *outlet
	found  *term.State // nil if standard input is no terminal
}

func newConsole(o *outlet) *console {
	c := &console{Console: terminal.Console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, outlet: o}
	c.found, _ = term.GetState(int(os.Stdin.Fd())) // an error says that it is none
	return c
}

// Write writes as print does: quietly to the end if nobody reads.
func (c *console) Write(stream string, chunk []byte) error {
	if stream == "err" {
		return c.Console.Write(stream, chunk)
	}
	_, err := c.outlet.Write(chunk)
	return err
}

// restore puts the terminal back as it was when the process began.
func (c *console) restore() {
	if c.found != nil {
		_ = term.Restore(int(os.Stdin.Fd()), c.found) // nothing else can be done
	}
}

// screen is the size of the terminal: 0 for any, and no rows where the cursor
// cannot be moved.
func (c *console) screen() (cols, rows int) {
	high, wide := c.Size()
	if word := os.Getenv("TERM"); word == "" || word == "dumb" {
		high = 0
	}
	return int(wide), int(high)
}

// errorColumns is the width of the terminal that standard error is, 0 if it is
// none.
func errorColumns() int {
	size, err := unix.IoctlGetWinsize(int(os.Stderr.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// outlet is standard output. It is not buffered: what a script prints and what
// a program it starts prints come in order.
type outlet struct {
	f *os.File

	mu   sync.Mutex
	gone func()
}

// broken says what to do when nobody reads any more.
func (o *outlet) broken(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone = do
}

func (o *outlet) Write(b []byte) (int, error) {
	n, err := o.f.Write(b)
	return n, o.told(err)
}

// WriteString is Write without a copy of what may be long.
func (o *outlet) WriteString(s string) (int, error) {
	n, err := o.f.WriteString(s)
	return n, o.told(err)
}

// told tells of an end of all reading.
func (o *outlet) told(err error) error {
	if errors.Is(err, unix.EPIPE) {
		o.mu.Lock()
		gone := o.gone
		o.mu.Unlock()
		if gone != nil {
			gone()
		}
	}
	return err
}
