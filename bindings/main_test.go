package bindings_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"neap/bindings"
	"neap/bindings/plan"
	"neap/bindings/terminal"
	boximage "neap/cmd/box/image"
	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/engine"
	"neap/runtime/image"
	"neap/runtime/keeper"
	"neap/runtime/testenv"
	"neap/runtime/warden"
)

// TestMain lets the test binary be its own warden and keeper.
func TestMain(m *testing.M) {
	root := ""
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	switch os.Args[0] {
	case warden.Role:
		os.Exit(status(warden.Main(root)))
	case warden.KeeperRole:
		os.Exit(status(engine.Serve(options(root), 300*time.Millisecond)))
	}
	os.Exit(m.Run())
}

func status(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, os.Args[0], err)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, keeper.ErrOrphaned):
		return 3
	default:
		return 1
	}
}

func options(root string) engine.Options {
	s := boximage.Settings()
	return engine.Options{
		Root: root, Version: "test",
		Builtin: &image.Builtin{Name: "box:latest", Tar: boximage.Tar(), Config: image.Config{
			Cmd: s.Cmd, Env: s.Env, ExposedPorts: s.ExposedPorts, Workdir: s.WorkingDir, Labels: s.Labels,
		}},
		Logf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
}

// hall is a Lua state with all doorways to an engine on a root of its own.
type hall struct {
	t      *testing.T
	root   string
	e      *engine.Engine
	h      *host.Host
	out    bytes.Buffer
	screen bytes.Buffer
}

// open makes a hall, and sees that nothing is left after the test.
func open(t *testing.T) *hall {
	t.Helper()
	return openAt(t, nil)
}

// openAt is open with a terminal; nil is paper.
func openAt(t *testing.T, at terminal.Host) *hall {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	root := testenv.Dir(t)
	e, err := engine.Open(options(root))
	if err != nil {
		t.Fatal(err)
	}
	r := &hall{t: t, e: e, root: root}
	t.Cleanup(r.close)
	planner := plan.New(plan.Options{Host: std.Effects{}.Do})
	rt := bindings.Runtime{Nouns: planner.Over(bindings.Native(e)), Planner: planner}
	if rt.Terminal = at; at == nil {
		rt.Terminal = paper{&r.screen}
	}
	r.h = newHost(t, bindings.All(rt), &r.out, nil)
	return r
}

func newHost(t *testing.T, s *bindings.Surface, out *bytes.Buffer, clock bind.Clock) *host.Host {
	t.Helper()
	h, err := host.New(host.Options{
		Modules: append(slices.Clone(s.Modules), std.Modules(std.Effects{})...), Classes: s.Classes, Arguments: s.Arguments, Stdout: out, Clock: clock,
		Panic: func(what string, value any, stack []byte) { t.Errorf("panic in %s: %v\n%s", what, value, stack) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	if err := h.State().Check(); err != nil {
		t.Fatal(err)
	}
	return h
}

// paper is a terminal that is none: without input, its output kept.
type paper struct{ *bytes.Buffer }

var _ terminal.Host = paper{}

func (p paper) Stdin() *os.File                     { return nil }
func (p paper) Write(_ string, b []byte) error      { _, err := p.Buffer.Write(b); return err }
func (p paper) IsTerminal() bool                    { return false }
func (p paper) Raw() (func() error, error)          { return nil, errors.New("no terminal") }
func (p paper) Size() (rows, cols uint16)           { return 0, 0 }
func (p paper) Resized() (<-chan os.Signal, func()) { return nil, func() {} }

// run runs a chunk and returns what it printed.
func (r *hall) run(name, src string) (string, error) {
	r.out.Reset()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	err := r.h.RunString(ctx, name, src, nil)
	return r.out.String(), err
}

// must runs a chunk that goes well.
func (r *hall) must(name, src string) string {
	r.t.Helper()
	out, err := r.run(name, src)
	if err != nil {
		r.t.Errorf("%s\n%s", r.h.Explain(err), src)
	}
	return out
}

// clear removes all containers and volumes.
func (r *hall) clear() {
	r.t.Helper()
	r.must("clear", `containers.list():unprotect():remove{ force = true, volumes = true }
volumes.list():unprotect():remove()
networks.prune()`)
}

func (r *hall) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	all, err := r.e.List(ctx)
	if err != nil {
		r.t.Error(err)
	}
	for _, c := range all {
		if err := c.Protect(ctx, false); err != nil {
			r.t.Error(err)
		}
		if err := c.Remove(ctx, engine.RemoveOptions{Force: true, Volumes: true}); err != nil {
			r.t.Error(err)
		}
	}
	testenv.Eventually(r.t, 10*time.Second, func() bool {
		i, err := r.e.Info(ctx)
		return err == nil && !i.Keeper
	}, "the keeper leaves")
	if err := r.e.Close(); err != nil {
		r.t.Error(err)
	}
}
