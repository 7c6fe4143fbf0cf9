package bindings_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"neap/bindings/terminal"
	"neap/runtime/testenv"
)

// desk is a terminal with a person at it, who reads and types.
type desk struct {
	terminal.Console
	person *os.File
	mu     sync.Mutex
	seen   bytes.Buffer
}

func (d *desk) Write(_ string, b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.seen.Write(b)
	return err
}

func (d *desk) shown() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen.String()
}

// types types once the screen shows the text.
func (d *desk) types(t *testing.T, after, keys string) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, func() bool { return strings.Contains(d.shown(), after) }, "the screen shows "+after)
	d.mu.Lock()
	d.seen.Reset()
	d.mu.Unlock()
	if _, err := d.person.WriteString(keys); err != nil {
		t.Error(err)
	}
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 33, Col: 111})
	}
	if err != nil {
		t.Fatal(err)
	}
	mine, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close(); _ = mine.Close() })
	return &desk{Console: terminal.Console{In: mine, Out: mine, Err: mine}, person: person}
}

func TestTerminals(t *testing.T) {
	testenv.Root(t)
	d := newDesk(t)
	before, err := term.GetState(int(d.In.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	r := openAt(t, d)
	lua := func(src string) <-chan struct{} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.must("terminal", src)
		}()
		return done
	}

	done := lua(`local c = containers.create{ "box", "sh", "-c", "echo begin; read x; echo got $x; read y; exit 3", name = "tty", tty = true, interactive = true }
assert(c:start{ attach = true }.state == "running")`)
	d.types(t, "begin", "one\r")
	d.types(t, "got one", "\x10\x11")
	<-done

	done = lua(`assert(containers.get("tty"):attach().exit_code == 3)`)
	d.types(t, "", "two\r")
	<-done

	done = lua(`local c = containers.run{ "box", "sleep", "60" }
assert(c:exec{ "sh", "-c", "echo now; read x; echo got $x; exit 4", tty = true, check = false }.exit_code == 4)`)
	d.types(t, "now", "three\r")
	<-done
	testenv.Eventually(t, 5*time.Second, func() bool { return strings.Contains(d.shown(), "got three") }, "what exec shows")

	if after, err := term.GetState(int(d.In.Fd())); err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %+v %+v %v", after, before, err)
	}
}

func TestInputFromAPipe(t *testing.T) {
	testenv.Root(t)
	for _, src := range []string{
		`assert(containers.create{ "box", "cat", interactive = true }:start{ attach = true }.exit_code == 0)`,
		`containers.once{ "box", "cat", interactive = true, stdout = "inherit" }`,
		`containers.run{ "box", "sleep", "60" }:exec{ "cat", interactive = true, stdout = "inherit" }`,
	} {
		in, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{Console: terminal.Console{In: in}}
		r := openAt(t, d)
		if _, err := to.WriteString("through\n"); err != nil {
			t.Fatal(err)
		}
		_ = to.Close()
		r.must("pipe", src)
		if d.shown() != "through\n" {
			t.Errorf("%s: %q", src, d.shown())
		}
	}
}
