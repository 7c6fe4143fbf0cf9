package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
)

func newWorld() *World {
	return New(Options{Version: "test", Builtin: &image.Builtin{Name: "box:latest", Config: image.Config{Cmd: []string{"sh"}}}})
}

func start(t *testing.T, w *World, s engine.Spec) bindings.Container {
	t.Helper()
	if s.Image == "" {
		s.Image = "box"
	}
	c, err := w.Nouns().Containers.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMoves does verbs at random: each goes as the table of moves says, and the
// state is always one of the table's.
func TestMoves(t *testing.T) {
	zero := time.Duration(0)
	verbs := map[string]func(context.Context, bindings.Container) error{
		"start":   func(ctx context.Context, c bindings.Container) error { return c.Start(ctx) },
		"pause":   func(ctx context.Context, c bindings.Container) error { return c.Pause(ctx, 0) },
		"unpause": func(ctx context.Context, c bindings.Container) error { return c.Unpause(ctx) },
		"stop": func(ctx context.Context, c bindings.Container) error {
			return c.Stop(ctx, engine.StopOptions{Timeout: &zero})
		},
		"kill":   func(ctx context.Context, c bindings.Container) error { return c.Kill(ctx, "") },
		"rename": func(ctx context.Context, c bindings.Container) error { return c.Rename(ctx, "other") },
		"remove": func(ctx context.Context, c bindings.Container) error { return c.Remove(ctx, engine.RemoveOptions{}) },
		"remove by force": func(ctx context.Context, c bindings.Container) error {
			return c.Remove(ctx, engine.RemoveOptions{Force: true})
		},
	}
	var names []string
	for _, m := range container.Moves() {
		if verbs[m.Verb] != nil {
			names = append(names, m.Verb)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		ctx, w := context.Background(), newWorld()
		c, err := w.Nouns().Containers.Create(ctx, engine.Spec{
			Image: "box", Argv: []string{"sleep", "5"}, Restart: container.Policy{Name: rapid.SampledFrom([]string{"", "always", "on-failure"}).Draw(r, "policy")},
		})
		if err != nil {
			r.Fatal(err)
		}
		for range 12 {
			verb := rapid.SampledFrom(names).Draw(r, "verb")
			before, _ := c.State(ctx)
			err := verbs[verb](ctx, c)
			switch {
			case before == container.Removed:
				if strings.HasPrefix(verb, "remove") != (err == nil) {
					r.Fatalf("%s of one that is gone: %v", verb, err)
				}
			case (container.Check(verb, before) == nil) != (err == nil):
				r.Fatalf("%s when %s: %v", verb, before, err)
			case err != nil && !fault.Is(err, fault.Conflict):
				r.Fatalf("%s when %s: %v", verb, before, err)
			}
			if err := w.Sleep(ctx, time.Duration(rapid.IntRange(0, 3000).Draw(r, "ms"))*time.Millisecond); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func TestPausedTimeDoesNotCount(t *testing.T) {
	w := newWorld()
	c := start(t, w, engine.Spec{Argv: []string{"sleep", "60"}})
	state := func(want container.State) {
		t.Helper()
		if got, _ := c.State(t.Context()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	pass := func(d time.Duration) { _ = w.Sleep(t.Context(), d) }
	pass(59 * time.Second)
	if err := c.Pause(t.Context(), 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	pass(9 * time.Minute)
	state(container.Paused)
	pass(time.Minute) // the lease ends
	state(container.Running)
	pass(2 * time.Second)
	state(container.Exited)
}

func TestRestartsBackOff(t *testing.T) {
	w := newWorld()
	c := start(t, w, engine.Spec{Argv: []string{"false"}, Restart: container.Policy{Name: container.Always}})
	_ = w.Sleep(t.Context(), 100*time.Millisecond+200*time.Millisecond+400*time.Millisecond+time.Millisecond)
	v, err := c.Look(t.Context())
	if err != nil || v.State != container.Restarting || v.Last.Restarts != 3 || v.Due.Delay != 0.8 {
		t.Errorf("%+v %v", v, err)
	}
}

func TestFaults(t *testing.T) {
	ctx := t.Context()
	for _, x := range []struct {
		f    Fault
		kind fault.Kind
		like string
	}{
		{Fault{Kind: "image_missing", Of: "httpd"}, fault.NotFound, "no such image"},
		{Fault{Kind: "port_taken", Of: "8888"}, fault.Exists, "port 8888/tcp is taken by process"},
		{Fault{Kind: "disk_full", Of: "*"}, fault.Failed, unix.ENOSPC.Error()},
		{Fault{Kind: "start_failure", Of: "web", Message: "no such luck"}, fault.Failed, "no such luck"},
	} {
		w := newWorld()
		x.f.Times = 2
		if err := w.Fault(x.f); err != nil {
			t.Fatal(err)
		}
		spec := engine.Spec{Image: "httpd", Name: "web", Publish: []string{"8888:80"}, Rm: true}
		if _, err := w.Nouns().Containers.Run(ctx, spec); fault.KindOf(err) != x.kind || !strings.Contains(err.Error(), x.like) {
			t.Errorf("%s: %v", x.f.Kind, err)
		}
		w.Mend(x.f.Kind, x.f.Of)
		if _, err := w.Nouns().Containers.Run(ctx, spec); err != nil {
			t.Errorf("mended: %v", err)
		}
	}
	if err := newWorld().Fault(Fault{Kind: "rain"}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestDeaths(t *testing.T) {
	ctx, w := t.Context(), newWorld()
	for _, f := range []Fault{
		{Kind: "death", Of: "timed", After: time.Minute, Code: 7}, {Kind: "death", Of: "counted", Calls: 2}, {Kind: "oom", Of: "fat*", After: time.Hour},
	} {
		if err := w.Fault(f); err != nil {
			t.Fatal(err)
		}
	}
	timed, counted, fat := start(t, w, engine.Spec{Image: "app", Name: "timed"}), start(t, w, engine.Spec{Image: "app", Name: "counted"}), start(t, w, engine.Spec{Image: "app", Name: "fat1"})
	began := w.Now()
	if end, err := timed.Wait(ctx); err != nil || end.Code != 7 || w.Now().Sub(began) > time.Minute {
		t.Error(end, err, w.Now().Sub(began))
	}
	if err := counted.Pause(ctx, 0); !fault.Is(err, fault.Conflict) {
		t.Error("the second call finds it dead:", err)
	}
	if end, err := fat.Wait(ctx); err != nil || !end.OOM || end.Code != 137 {
		t.Error(end, err)
	}
}

func TestSlowPullAndPatience(t *testing.T) {
	ctx, w := t.Context(), newWorld()
	if err := w.Fault(Fault{Kind: "slow_pull", Of: "httpd*", Takes: 10 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	began := w.Now()
	if _, err := w.Nouns().Images.Pull(ctx, "httpd:2.4", image.PullOptions{}); err != nil || w.Now().Sub(began) < 10*time.Minute {
		t.Error(err, w.Now().Sub(began))
	}
}

func TestAnswers(t *testing.T) {
	ctx, w := t.Context(), newWorld()
	c := start(t, w, engine.Spec{Image: "httpd:2.4", Name: "web"})
	for _, a := range []struct {
		argv []string
		a    Answer
	}{
		{[]string{"cat", "/x"}, Answer{Stdout: "y", Takes: time.Second}},
		{[]string{"apachectl", "*"}, Answer{Stderr: "no", Code: 3}},
		{[]string{"apachectl", "-k", "graceful"}, Answer{}},
	} {
		if err := w.Answer("httpd*", a.argv, a.a); err != nil {
			t.Fatal(err)
		}
	}
	for argv, want := range map[string]string{
		"cat /x": `y  0`, "apachectl stop now": ` no 3`, "apachectl -k graceful": `  0`,
	} {
		r, err := c.Exec(ctx, engine.ExecSpec{Argv: strings.Fields(argv)}, nil, nil)
		if got := fmt.Sprintf("%s %s %d", r.Stdout, r.Stderr, r.ExitCode); err != nil || got != want {
			t.Errorf("%s: %q %v", argv, got, err)
		}
	}
	if _, err := c.Exec(ctx, engine.ExecSpec{Argv: []string{"unknown"}}, nil, nil); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	if calls := w.Calls("w*"); len(calls) < 4 || !reflect.DeepEqual(calls[0].Argv, []string{"serve"}) {
		t.Error(calls)
	}
}

func TestLinesOfShell(t *testing.T) {
	for text, want := range map[string]string{
		"echo a":                            "a\n",
		"echo 'a  b' c; true && echo d":     "a  b c\nd\n",
		"false && echo no || echo yes":      "yes\n",
		"echo x > /f; echo y >> /f\ncat /f": "x\ny\n",
		"echo gone >/dev/null; exit 3":      "",
		"exec echo hi":                      "hi\n",
	} {
		w := newWorld()
		r, err := w.Nouns().Containers.Once(t.Context(), engine.Spec{Image: "box", Argv: []string{"sh", "-c", text}}, false, nil, nil)
		if err != nil || string(r.Stdout) != want {
			t.Errorf("%q: %q %v", text, r.Stdout, err)
		}
	}
	for _, text := range []string{"echo $X", "a | b", "while true; do :; done", "ls", "echo 'open", "cat < /f", "echo `date`", "echo *", "echo >"} {
		if line, ok := parse(text); ok {
			t.Errorf("%q is read as %v", text, line)
		}
	}
}

func TestTheSameEachTime(t *testing.T) {
	play := func() string {
		w := newWorld()
		c := start(t, w, engine.Spec{Publish: []string{"80"}, Volumes: []string{"/data"}, Argv: []string{"sleep", "1"}})
		i, err := c.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(i)
		return fmt.Sprint(string(text), err)
	}
	if a, b := play(), play(); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}
