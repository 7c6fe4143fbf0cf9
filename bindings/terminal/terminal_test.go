package terminal_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"neap/bindings/terminal"
)

// pty opens a pseudo terminal.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("needs pseudo terminals: ", err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close(); _ = slave.Close() })
	return master, slave
}

// host is a console whose window changes when the test says so.
type host struct {
	terminal.Console
	changed chan os.Signal
	mu      sync.Mutex
	out     bytes.Buffer
}

func (h *host) Write(_ string, b []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.out.Write(b)
	return err
}

func (h *host) shown() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out.String()
}

func (h *host) Resized() (<-chan os.Signal, func()) { return h.changed, func() {} }

func newHost(in *os.File) *host {
	return &host{Console: terminal.Console{In: in, Out: in, Err: in}, changed: make(chan os.Signal)}
}

func resize(t *testing.T, f *os.File, rows, cols uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols}); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if ok() {
			return
		}
		<-time.After(time.Millisecond)
	}
	t.Fatal("never: " + what)
}

func rows(f *os.File) uint16 {
	w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return w.Row
}

func TestTerminalIsHandedOverAndGivenBack(t *testing.T) {
	person, mine := pty(t)
	theirs, program := pty(t)
	resize(t, person, 30, 100)
	before, err := term.GetState(int(mine.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(mine)
	s, err := terminal.Open(t.Context(), h, terminal.Options{Tty: true, Input: true, Pipe: true, Detach: terminal.Detach})
	if err != nil {
		t.Fatal(err)
	}
	if s.In() != nil {
		t.Error("a program with a terminal reads from that")
	}
	s.Started(theirs)
	write(t, person, "ls\x10\r") // ctrl-p alone passes
	expect(t, program, "ls\x10\n")
	eventually(t, "the size of the window", func() bool { return rows(program) == 30 })
	resize(t, person, 40, 100)
	h.changed <- unix.SIGWINCH
	eventually(t, "the new size", func() bool { return rows(program) == 40 })

	write(t, person, "\x10\x11")
	<-s.Context().Done()
	if !s.Detached() {
		t.Error("the detach keys do not detach")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	after, err := term.GetState(int(mine.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %+v %+v %v", after, before, err)
	}
}

func TestCloseLeavesWhatIsTypedAfter(t *testing.T) {
	person, mine := pty(t)
	theirs, _ := pty(t)
	s, err := terminal.Open(t.Context(), newHost(mine), terminal.Options{Tty: true, Input: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Started(theirs)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, person, "mine\n")
	expect(t, mine, "mine\n")
}

func TestShowPassesBothWaysToTheEnd(t *testing.T) {
	_, mine := pty(t)
	theirs, program := pty(t)
	h := newHost(mine)
	s, err := terminal.Open(t.Context(), h, terminal.Options{Tty: true, Input: true})
	if err != nil {
		t.Fatal(err)
	}
	shown, ended := make(chan error), make(chan struct{})
	go func() { shown <- s.Show(theirs, ended, 50*time.Millisecond) }()
	write(t, program, "hello")
	eventually(t, "what the program shows", func() bool { return strings.Contains(h.shown(), "hello") })
	close(ended) // and somebody still holds the terminal
	if err := <-shown; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestInputEndsWhereItEnds(t *testing.T) {
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s, err := terminal.Open(t.Context(), newHost(in), terminal.Options{Input: true, Pipe: true})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(s.In().Fd())) // what the program gets
	if err != nil {
		t.Fatal(err)
	}
	program := os.NewFile(uintptr(fd), "program")
	defer program.Close()
	s.Started(nil)
	write(t, to, "\x10\x11text")
	_ = to.Close()
	got, err := io.ReadAll(program)
	if err != nil || string(got) != "\x10\x11text" {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestFeedStopsWithItsContext(t *testing.T) {
	in, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- terminal.Feed(ctx, in, io.Discard) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestParseKeys(t *testing.T) {
	for text, want := range map[string]string{"ctrl-p,ctrl-q": "\x10\x11", "a,ctrl-[": "a\x1b", "ctrl-@": "\x00", "CTRL-A": "\x01"} {
		if got, err := terminal.ParseKeys(text); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ab", "ctrl-", "ctrl-1", "ctrl-p,"} {
		if got, err := terminal.ParseKeys(text); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func write(t *testing.T, f *os.File, text string) {
	t.Helper()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// expect reads a line from a terminal.
func expect(t *testing.T, f *os.File, want string) {
	t.Helper()
	buf := make([]byte, 100)
	n, err := f.Read(buf)
	if err != nil || string(buf[:n]) != want {
		t.Fatalf("%q, %v; want %q", buf[:n], err, want)
	}
}
