package engine

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/testenv"
)

func start(t *testing.T, e *Engine, s Spec) *Container {
	t.Helper()
	if s.Image == "" {
		s.Image = "box"
	}
	if s.Network == "" {
		s.Network = "none"
	}
	c, err := e.Run(t.Context(), s)
	if err != nil {
		t.Fatalf("%+v: %v", s.Argv, err)
	}
	return c
}

func wantState(t *testing.T, c *Container, want container.State) {
	t.Helper()
	var got container.State
	testenv.Eventually(t, time.Minute, func() bool { got, _ = c.State(); return got == want }, "state "+string(want))
}

func TestLife(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c, err := e.Create(ctx, Spec{Image: "box", Name: "web", Network: "none", Argv: []string{"sh", "-c", "echo x >>/data; cat /data; echo err >&2; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Created)
	for i := 1; i <= 2; i++ {
		if err := c.Start(ctx); err != nil {
			t.Fatal(err)
		}
		end, err := c.Wait(ctx)
		if err != nil || end.Code != 3 || end.Start != i {
			t.Fatalf("end %+v, %v", end, err)
		}
	}
	wantState(t, c, container.Exited)
	logs, err := c.Logs(ctx, LogOptions{Tail: -1, Stdout: true, Stderr: true})
	if err != nil || !strings.HasPrefix(logs, "x\n") || strings.Count(logs, "err\n") != 2 || strings.Count(logs, "x\n") != 3 {
		t.Errorf("logs %q, %v", logs, err)
	}
	if err := c.Remove(ctx, RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Removed)
	if err := c.Remove(ctx, RemoveOptions{}); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err := e.Get("web"); !fault.Is(err, fault.NotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestPauseStopKill(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Name: "s", Argv: []string{"sh", "-c", `trap "exit 143" TERM; echo ready; while true; do sleep 0.05; done`}})
	testenv.Eventually(t, time.Minute, func() bool {
		said, err := c.Logs(ctx, LogOptions{Tail: -1, Stdout: true})
		return err == nil && said == "ready\n"
	}, "the program obeys from now on")
	f, err := c.Freezer()
	if err != nil || f.State != "THAWED" && f.State != "frozen 0" {
		t.Errorf("freezer %+v, %v", f, err)
	}
	if err := c.Pause(ctx, 0); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Paused)
	if f, err = c.Freezer(); err != nil || f.State != "FROZEN" && f.State != "frozen 1" || len(f.Tasks) == 0 {
		t.Errorf("freezer %+v, %v", f, err)
	}
	if err := c.Remove(ctx, RemoveOptions{}); !fault.Is(err, fault.Conflict) {
		t.Errorf("remove: %v", err)
	}
	if err := c.Unpause(ctx); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Running)
	if err := c.Stop(ctx, StopOptions{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Exited)
	if v, _ := c.Look(); v.Last.Code != 143 {
		t.Errorf("code %d", v.Last.Code)
	}
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if end, err := c.Wait(ctx); err != nil || end.Code != 137 || end.Signal != 9 {
		t.Errorf("%+v, %v", end, err)
	}
	if err := c.Kill(ctx, "HUP"); !fault.Is(err, fault.Conflict) {
		t.Errorf("kill: %v", err)
	}
}

func TestLease(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Argv: []string{"sleep", "60"}})
	if err := c.Pause(ctx, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Paused)
	wantState(t, c, container.Running)
	if err := c.WhilePaused(ctx, func() error {
		if s, _ := c.State(); s != container.Paused {
			t.Errorf("state %s", s)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, container.Running)
}

func TestExec(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Argv: []string{"sleep", "60"}, Env: []string{"A=1"}})
	r, err := c.Exec(ctx, ExecSpec{Argv: []string{"sh", "-c", "echo $A $B; cat; echo no >&2; exit 7"}, Env: []string{"B=2"}}, nil, nil)
	if err != nil || r.ExitCode != 7 || string(r.Stdout) != "1 2\n" || string(r.Stderr) != "no\n" {
		t.Errorf("%+v %q %q %v", r, r.Stdout, r.Stderr, err)
	}
	_, err = c.Exec(ctx, ExecSpec{Argv: []string{"nosuch"}}, nil, nil)
	if known := unstartedCode(err); known != 127 {
		t.Errorf("nosuch: %v (%d)", err, known)
	}
	x, err := c.Spawn(ctx, ExecSpec{Argv: []string{"cat"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Write("one\n"); err != nil {
		t.Fatal(err)
	}
	if line, ok, err := x.Read(ctx, time.Minute); line != "one" || !ok || err != nil {
		t.Errorf("%q %v %v", line, ok, err)
	}
	if _, _, err := x.Read(ctx, 20*time.Millisecond); !fault.Is(err, fault.Timeout) {
		t.Errorf("timeout: %v", err)
	}
	if err := x.CloseInput(); err != nil {
		t.Fatal(err)
	}
	if r, err := x.Wait(ctx, time.Minute); err != nil || r.ExitCode != 0 {
		t.Errorf("%+v %v", r, err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func unstartedCode(err error) int {
	var known *fault.Error
	for e := err; e != nil; {
		k, ok := e.(*fault.Error) //nolint:errorlint // walks the chain
		if !ok {
			break
		}
		known = k
		if u, ok := known.Detail.(keeper.Unstarted); ok {
			return u.Code
		}
		e = known.Cause
	}
	return 0
}

func TestTerminal(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c, err := e.Create(ctx, Spec{Image: "box", Network: "none", Tty: true, Interactive: true, Argv: []string{"sh", "-c", "tty; read x; echo got $x"}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	end, err := c.StartAttached(ctx, Attached{
		Started: func(tty *os.File) { _, _ = tty.WriteString("hello\n"); _ = tty.Close() },
		Output:  func(_ string, chunk []byte) error { out.Write(chunk); return nil },
	})
	if err != nil || end.Code != 0 || !strings.Contains(out.String(), "got hello") || !strings.Contains(out.String(), "/dev/pts/0") && !strings.Contains(out.String(), "/dev/console") {
		t.Errorf("%+v %q %v", end, out.String(), err)
	}
	r, err := start(t, e, Spec{Argv: []string{"sleep", "60"}}).ExecTerminal(ctx, ExecSpec{Argv: []string{"sh", "-c", "tty; exit 4"}}, func(tty *os.File) {
		defer tty.Close()
		said, _ := io.ReadAll(tty) // ends with EIO
		if !strings.Contains(string(said), "/dev/pts/") {
			t.Errorf("tty says %q", said)
		}
	})
	if err != nil || r.ExitCode != 4 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestRestartPolicy(t *testing.T) {
	e := open(t)
	c := start(t, e, Spec{Argv: []string{"false"}, Restart: container.Policy{Name: container.OnFailure, Max: 3}})
	testenv.Eventually(t, time.Minute, func() bool {
		v, err := c.Look()
		return err == nil && v.Last.Restarts == 3 && v.State == container.Exited
	}, "three restarts")
	always := start(t, e, Spec{Argv: []string{"false"}, Restart: container.Policy{Name: container.Always, MinDelay: 5}})
	wantState(t, always, container.Restarting)
	if err := always.Stop(t.Context(), StopOptions{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, always, container.Exited)
}

func TestMissingProgram(t *testing.T) {
	e := open(t)
	_, err := e.Run(t.Context(), Spec{Image: "box", Network: "none", Rm: true, Argv: []string{"bash"}})
	if unstartedCode(err) != 127 {
		t.Errorf("bash: %v", err)
	}
	_, err = e.Run(t.Context(), Spec{Image: "box", Network: "none", Rm: true, Argv: []string{"/etc/passwd"}})
	if unstartedCode(err) != 126 {
		t.Errorf("passwd: %v", err)
	}
}

func TestNames(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	a := start(t, e, Spec{Name: "a", Argv: []string{"true"}})
	if _, err := e.Create(ctx, Spec{Image: "box", Name: "a"}); !fault.Is(err, fault.Exists) {
		t.Errorf("taken: %v", err)
	}
	if err := a.Rename(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if c, err := e.Get("b"); err != nil || c.ID() != a.ID() {
		t.Errorf("%v", err)
	}
	if c, err := e.Get(a.ID()[:6]); err != nil || c.ID() != a.ID() {
		t.Errorf("%v", err)
	}
	if _, err := e.Create(ctx, Spec{Image: "box", Name: "a"}); err != nil {
		t.Errorf("free again: %v", err)
	}
}
