package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/output"
	"neap/runtime/testenv"
	"neap/runtime/warden"
)

// pidOfRole finds the process of a role on the engine's root, 0 if there is
// none.
func pidOfRole(e *Engine, role string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && string(text) == role+"\x00"+e.opt.Root+"\x00" {
			pid, _ := strconv.Atoi(strings.Split(f, "/")[2])
			return pid
		}
	}
	return 0
}

// settledPair says whether the keeper is the warden's child: the hand-over, if
// there was one, is through.
func settledPair(e *Engine) bool {
	k, w := pidOfRole(e, warden.KeeperRole), pidOfRole(e, warden.Role)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", k))
	if err != nil || w == 0 {
		return false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return fields[1] == strconv.Itoa(w)
}

func killRole(t *testing.T, e *Engine, role string) {
	t.Helper()
	testenv.Eventually(t, time.Minute, func() bool {
		pid := pidOfRole(e, role)
		return pid > 0 && unix.Kill(pid, unix.SIGKILL) == nil
	}, "a "+role+" to kill")
}

// counter prints the numbers from 1 to n, slowly enough for kills to fall in
// between, and ends with a code.
func counter(n, code int) []string {
	return []string{"sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do i=$((i+1)); echo $i; done; exit %d", n, code)}
}

func checkCount(t *testing.T, got []byte, n int) {
	t.Helper()
	lines := bytes.Fields(got)
	if len(lines) != n {
		t.Errorf("%d lines, want %d", len(lines), n)
	}
	for i, l := range lines {
		if string(l) != strconv.Itoa(i+1) {
			t.Fatalf("line %d is %q", i+1, l)
		}
	}
}

// TestKeeperKilled kills the keeper a hundred times while containers write,
// end and hold terminals: no byte is lost or doubled, the codes are right, and
// the terminals live on.
func TestKeeperKilled(t *testing.T) {
	killed(t, warden.KeeperRole, 100)
}

// TestWardenKilled does the same to the warden: the keeper starts another and
// hands over.
func TestWardenKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("left to long runs: before Linux 6.15 nobody keeps the status of a process whose warden died")
	}
	killed(t, warden.Role, 20)
}

func killed(t *testing.T, role string, kills int) {
	if testing.Short() {
		kills /= 5
	}
	e := open(t)
	ctx := t.Context()
	tty := start(t, e, Spec{Name: "tty", Tty: true, Interactive: true, Argv: []string{"cat"}})
	stop, enough := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(stop)
		for range kills {
			select {
			case <-enough:
				return
			default:
			}
			killRole(t, e, role)
			testenv.Eventually(t, time.Minute, func() bool { return settledPair(e) }, "a new keeper below its warden")
		}
	})
	defer all.Wait()
	defer close(enough)
	done := 0
	for round := 0; ; round++ {
		select {
		case <-stop:
		default:
			code := round % 7
			c := start(t, e, Spec{Argv: counter(3000, code)})
			end, err := c.Wait(ctx)
			lost := end.Unknown && role == warden.Role && !statusIsKept(t)
			if err != nil || !lost && (end.Code != code || end.Unknown) {
				seen, _ := c.Look()
				t.Fatalf("round %d: %+v, %v; want code %d; %+v", round, end, err, code, seen)
			}
			checkOutput(t, c, 3000)
			if err := c.Remove(ctx, RemoveOptions{}); err != nil {
				t.Fatal(err)
			}
			done++
			continue
		}
		break
	}
	all.Wait()
	t.Logf("%d containers lived through %d kills", done, kills)
	wantState(t, tty, container.Running)
	input, err := e.keeper.Input(ctx, tty.ID())
	if err != nil || input == nil {
		t.Fatalf("input: %v, %v", input, err)
	}
	defer input.Close()
	if _, err := input.WriteString("alive\n"); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, time.Minute, func() bool {
		text, err := tty.Logs(ctx, LogOptions{Tail: -1, Stdout: true})
		return err == nil && strings.Count(text, "alive") >= 2
	}, "the terminal echoes and cat answers")
}

// statusIsKept says whether the kernel keeps the status of the dead for who
// holds their pidfd (6.15 and later). Before, the status of one that dies while
// there is no warden is nobody's to know.
func statusIsKept(t *testing.T) bool {
	t.Helper()
	var fd int
	attr := os.ProcAttr{Sys: &syscall.SysProcAttr{PidFD: &fd}}
	p, err := os.StartProcess("/bin/true", []string{"true"}, &attr)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	return unix.IoctlPidfdInfo(fd, &info) == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0
}

func checkOutput(t *testing.T, c *Container, n int) {
	t.Helper()
	got, err := output.All(c.c.Logs(), output.Out)
	if err != nil {
		t.Fatal(err)
	}
	checkCount(t, got, n)
}

// TestBothKilled kills keeper and warden in one moment: the container lives
// on, and its code may be unknown but is never 0 by guess.
func TestBothKilled(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Argv: []string{"sh", "-c", "trap 'exit 5' TERM; while true; do sleep 0.05; done"}})
	for range 3 {
		killBoth(t, e)
		wantState(t, c, container.Running)
		if _, err := e.keeper.Input(ctx, c.ID()); err != nil { // starts a keeper
			t.Fatal(err)
		}
	}
	if err := c.Stop(ctx, StopOptions{}); err != nil {
		t.Fatal(err)
	}
	v, err := c.Look()
	if err != nil {
		t.Fatal(err)
	}
	if v.State != container.Exited || (v.Last.Code != 5 && !v.Last.Unknown) {
		t.Errorf("%s, %+v", v.State, v.Last)
	}
}

// TestReboot simulates one by the boot id: what ran is over with an unknown
// code, and what its policy wants runs again.
func TestReboot(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	plain := start(t, e, Spec{Name: "plain", Argv: []string{"sleep", "60"}})
	always := start(t, e, Spec{Name: "always", Argv: []string{"sleep", "60"}, Restart: container.Policy{Name: container.Always}})
	stopped := start(t, e, Spec{Name: "stopped", Argv: []string{"sleep", "60"}, Restart: container.Policy{Name: container.UnlessStopped}})
	if err := stopped.Stop(ctx, StopOptions{}); err != nil {
		t.Fatal(err)
	}
	killBoth(t, e)
	for _, c := range []*Container{plain, always} {
		f, err := c.c.Facts()
		if err != nil || f == nil {
			t.Fatal(err)
		}
		_ = unix.Kill(f.Pid, unix.SIGKILL)
		testenv.Eventually(t, time.Minute, func() bool { s, _ := c.State(); return s != container.Running }, "it is dead")
		last, err := c.c.Last()
		if err != nil {
			t.Fatal(err)
		}
		f.Boot, last.Boot = "another boot", "another boot"
		if err := errors.Join(c.c.SetFacts(f), c.c.SetLast(last)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.keeper.Unlease(ctx, plain.ID()); err != nil { // any request starts a keeper
		t.Fatal(err)
	}
	wantState(t, always, container.Running)
	wantState(t, plain, container.Exited)
	wantState(t, stopped, container.Exited)
	v, err := plain.Look()
	if err != nil || !v.Last.Unknown || v.Last.Code == 0 {
		t.Errorf("%+v, %v", v.Last, err)
	}
}

// killBoth kills warden and keeper in one moment.
func killBoth(t *testing.T, e *Engine) {
	t.Helper()
	testenv.Eventually(t, time.Minute, func() bool { return settledPair(e) }, "a keeper below its warden")
	pids := []int{pidOfRole(e, warden.Role), pidOfRole(e, warden.KeeperRole)}
	for _, sig := range []unix.Signal{unix.SIGSTOP, unix.SIGKILL} {
		for _, pid := range pids {
			if err := unix.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
		}
	}
}
