// Package terminal hands the terminal of this process over to a program in a
// container, and takes it back as it was.
//
// It knows raw mode, window sizes, detach keys and how to stop reading input
// in the middle. It knows no container and no Lua.
package terminal

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"neap/runtime/fault"
)

// Host is the terminal of this process, or what stands in for one.
type Host interface {
	Stdin() *os.File                                 // nil for none
	Write(stream string, chunk []byte) error         // to standard output, or for stream "err" to standard error
	IsTerminal() bool                                // standard input is a terminal
	Raw() (restore func() error, err error)          // only of a terminal
	Size() (rows, cols uint16)                       // 0, 0 if there is no window
	Resized() (changed <-chan os.Signal, end func()) // says that Size may have changed
}

// Console is a Host made of three files, as os.Stdin and its like.
type Console struct {
	In, Out, Err *os.File
}

// Stdin is where input comes from.
func (c Console) Stdin() *os.File { return c.In }

// Write writes to Out, or for the stream "err" to Err.
func (c Console) Write(stream string, chunk []byte) error {
	to := c.Out
	if stream == "err" {
		to = c.Err
	}
	_, err := to.Write(chunk)
	return err
}

// IsTerminal says whether In is a terminal.
func (c Console) IsTerminal() bool { return c.In != nil && term.IsTerminal(int(c.In.Fd())) }

// Raw makes In give every key at once and unchanged. restore may be called
// again and then does nothing.
func (c Console) Raw() (restore func() error, err error) {
	before, err := term.MakeRaw(int(c.In.Fd()))
	if err != nil {
		return nil, fault.Wrap("set terminal", "", err)
	}
	var once sync.Once
	return func() (err error) {
		once.Do(func() { err = term.Restore(int(c.In.Fd()), before) })
		return err
	}, nil
}

// Size is that of the window of Out, else of In.
func (c Console) Size() (rows, cols uint16) {
	for _, f := range []*os.File{c.Out, c.In} {
		if f == nil {
			continue
		}
		if w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
			return w.Row, w.Col
		}
	}
	return 0, 0
}

// Resized listens for the signal of a changed window until end is called.
func (c Console) Resized() (changed <-chan os.Signal, end func()) {
	all := make(chan os.Signal, 1)
	signal.Notify(all, unix.SIGWINCH)
	return all, func() { signal.Stop(all) }
}
