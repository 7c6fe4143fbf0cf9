package cage

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/testenv"
)

// TestMain lets the test binary be the program in the cage: its second word says
// what it does.
func TestMain(m *testing.M) {
	if os.Args[0] != "caged" {
		os.Exit(m.Run())
	}
	leash, err := Enter()
	if err != nil {
		fmt.Println(err)
		os.Exit(99)
	}
	os.Exit(caged(leash, os.Args[1]))
}

func caged(leash *Leash, act string) int {
	own := make(chan os.Signal, 4)
	signal.Notify(own, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	heard := leash.Listen(own)
	fmt.Println("ready")
	switch act {
	case "eat":
		var all [][]byte
		for range 1024 {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
		}
		return len(all) % 2
	case "stay":
		select {}
	case "listen":
		sig, _ := (<-heard).(syscall.Signal)
		select {
		case <-heard:
			return 98 // twice
		case <-time.After(200 * time.Millisecond):
			return int(sig)
		}
	}
	code, _ := strconv.Atoi(act)
	return code
}

// run starts a program in a cage, and calls when with its pid once it is ready.
func run(t *testing.T, p Program, act string, when func(pid int)) End {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Path, p.Args, p.Stdout, p.Stderr = "/proc/self/exe", []string{"caged", act}, w, os.Stderr
	go func() {
		if _, err := r.Read(make([]byte, 16)); err == nil && when != nil {
			when(child(t))
		}
	}()
	end, err := p.Run()
	w.Close()
	if err != nil {
		t.Error(err)
	}
	return end
}

// child is the process that this one started.
func child(t *testing.T) (pid int) {
	t.Helper()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Error(err)
	}
	for _, th := range threads {
		text, _ := os.ReadFile("/proc/self/task/" + th.Name() + "/children")
		if n, _ := fmt.Sscan(string(text), &pid); n == 1 {
			return pid
		}
	}
	t.Error("there is no child")
	return 0
}

func TestEnds(t *testing.T) {
	if end := run(t, Program{}, "7", nil); end != (End{7, Itself}) {
		t.Errorf("%+v", end)
	}
	if end := run(t, Program{Time: 100 * time.Millisecond, Grace: 100 * time.Millisecond}, "stay", nil); end != (End{137, OutOfTime}) {
		t.Errorf("%+v", end)
	}
	kill := func(pid int) { _ = unix.Kill(pid, unix.SIGKILL) }
	if end := run(t, Program{}, "stay", kill); end != (End{137, Itself}) {
		t.Errorf("killed by somebody else: %+v", end)
	}
}

// TestSignals hands each signal on once, whoever got it.
func TestSignals(t *testing.T) {
	for name, send := range map[string]func(signals chan os.Signal, pid int){
		"to the caller": func(signals chan os.Signal, _ int) { signals <- unix.SIGTERM },
		"to the child":  func(_ chan os.Signal, pid int) { _ = unix.Kill(pid, unix.SIGTERM) },
		"to both": func(signals chan os.Signal, pid int) {
			_ = unix.Kill(pid, unix.SIGTERM)
			signals <- unix.SIGTERM
		},
	} {
		signals := make(chan os.Signal, 4)
		if end := run(t, Program{Signals: signals}, "listen", func(pid int) { send(signals, pid) }); end.Code != int(unix.SIGTERM) {
			t.Errorf("%s: %+v", name, end)
		}
	}
	signals := make(chan os.Signal, 4)
	thrice := func(int) {
		for range 3 {
			signals <- unix.SIGINT
		}
	}
	if end := run(t, Program{Signals: signals}, "stay", thrice); end != (End{137, Impatience}) {
		t.Errorf("%+v", end)
	}
}

// TestMemory kills what needs more than it may have, and leaves nothing.
func TestMemory(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	tree := testenv.Name(t)
	if end := run(t, Program{Memory: 64 << 20, Tree: tree}, "eat", nil); end != (End{137, OutOfRoom}) {
		t.Errorf("%+v", end)
	}
	if end := run(t, Program{Memory: 2 << 30, Tree: tree}, "eat", nil); end != (End{0, Itself}) {
		t.Errorf("%+v", end)
	}
}

// TestGlance sees how much memory a process has, where no cgroup counts it.
func TestGlance(t *testing.T) {
	r := &room{memory: 1 << 20}
	if !r.full(os.Getpid()) {
		t.Error("this process has less than a mebibyte")
	}
	if r.memory = 1 << 40; r.full(os.Getpid()) || r.full(-1) {
		t.Error("this process has a tebibyte")
	}
}
