package process_test

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/process"
	"neap/runtime/testenv"
)

const headless = "neap-test-headless"

// TestMain is also a program whose first thread ends while others live on.
func TestMain(m *testing.M) {
	if os.Args[0] != headless {
		os.Exit(m.Run())
	}
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		os.Exit(3)
	}
	go func() {
		for {
			<-time.After(time.Hour)
		}
	}()
	_, _, _ = unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
}

// TestFirstThread follows a process from the end of its first thread to its own
// end: it is alive until then, however its first thread looks.
func TestFirstThread(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{headless}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var seen process.Stat
	testenv.Eventually(t, 10*time.Second, func() bool {
		seen, err = process.ReadStat(pid)
		return err == nil && seen.State == 'Z'
	}, "the first thread ends")
	if _, peeked := process.Peek(pid, seen.Ticks); seen.Dead() || !peeked || !process.Alive(pid, seen.Ticks) {
		t.Errorf("taken for dead with its first thread: %+v", seen)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 10*time.Second, func() bool { return !process.Alive(pid, seen.Ticks) }, "it is dead before it is reaped")
	if _, peeked := process.Peek(pid, seen.Ticks); peeked {
		t.Error("one that is dead is seen alive")
	}
	_ = cmd.Wait() // killed
}
