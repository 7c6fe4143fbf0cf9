package keeper

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func within(t *testing.T, told <-chan struct{}) {
	t.Helper()
	select {
	case <-told:
	case <-time.After(time.Minute):
		t.Fatal("not told")
	}
}

func testPoll(t *testing.T) *poll {
	t.Helper()
	p, err := newPoll()
	if err != nil {
		t.Fatal(err)
	}
	go p.run()
	t.Cleanup(func() { _ = p.epoll.Close() })
	return p
}

func testPipe(t *testing.T) (from int, to *os.File) {
	t.Helper()
	near, far, err := blockingPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return int(near.Fd()), far
}

// TestPollTellsOnce: a wait is told once whenever it is armed, of bytes that
// were there before too, and at the end.
func TestPollTellsOnce(t *testing.T) {
	p := testPoll(t)
	from, to := testPipe(t)
	told := make(chan struct{}, 10)
	w := p.wait(from, func() { told <- struct{}{} })
	if _, err := to.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for range 3 { // nobody reads: it is ready each time
		w.arm()
		within(t, told)
	}
	if _, err := unix.Read(from, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	w.arm()
	if len(told) > 0 {
		t.Error("told without a cause")
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	within(t, told)
}

// TestPollStopped: one that is stopped is told no more, though another
// process may have its file open, and others are.
func TestPollStopped(t *testing.T) {
	p := testPoll(t)
	from, to := testPipe(t)
	other, toOther := testPipe(t)
	told := make(chan struct{}, 1)
	w := p.wait(from, func() { t.Error("told after stop") })
	w.arm()
	p.wait(other, func() { told <- struct{}{} }).arm()
	w.stop()
	for _, f := range []*os.File{to, toOther} {
		if _, err := f.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	within(t, told)
	if len(p.waits) != 1 {
		t.Errorf("%d waits are left", len(p.waits))
	}
}

// TestPollAlone: where the kernel refuses a watch, a thread waits.
func TestPollAlone(t *testing.T) {
	p := testPoll(t)
	from, to := testPipe(t)
	again, err := unix.Dup(from)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(again)
	if err := p.control(unix.EPOLL_CTL_MOD, &wait{fd: again}); !errors.Is(err, unix.ENOENT) {
		t.Fatalf("the kernel takes a watch that is not there: %v", err)
	}
	told := make(chan struct{}, 1)
	w := p.wait(again, func() { told <- struct{}{} })
	w.added = true // MOD of what was not added is refused
	w.arm()
	if _, err := to.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	within(t, told)
}
