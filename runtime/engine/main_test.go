package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	boximage "neap/cmd/box/image"
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
	case changerRole:
		os.Exit(status(changing(root)))
	case callerRole:
		os.Exit(status(callOnce(root)))
	case scopedRole:
		os.Exit(status(makeScoped(root)))
	case warden.KeeperRole:
		os.Exit(status(Serve(testOptions(root), 300*time.Millisecond)))
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

func testOptions(root string) Options {
	s := boximage.Settings()
	return Options{
		Root: root, Version: "test",
		Builtin: &image.Builtin{Name: "box:latest", Tar: boximage.Tar(), Config: image.Config{
			Cmd: s.Cmd, Env: s.Env, ExposedPorts: s.ExposedPorts, Workdir: s.WorkingDir, Labels: s.Labels,
		}},
		Logf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
}

// open gives an engine on a root of its own, and sees that nothing is left
// after the test.
func open(t *testing.T) *Engine {
	t.Helper()
	testenv.Root(t)
	root := testenv.Dir(t)
	e, err := Open(testOptions(root))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		all, err := e.List(ctx)
		if err != nil {
			t.Error(err)
		}
		for _, c := range all {
			if err := c.Remove(ctx, RemoveOptions{Force: true, Volumes: true}); err != nil {
				t.Error(err)
			}
		}
		testenv.Eventually(t, time.Minute, func() bool { return !e.keeper.Present() }, "the keeper leaves")
		log, err := os.ReadFile(e.store.Run.Join("keeper.log"))
		if err == nil && bytes.Contains(log, []byte("DATA RACE")) {
			t.Error("a race in the keeper")
		}
		if t.Failed() {
			t.Logf("keeper.log:\n%s", log)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func run(t *testing.T, e *Engine, s Spec) Result {
	t.Helper()
	r, err := e.Once(t.Context(), s, false, nil, nil)
	if err != nil {
		t.Fatalf("%+v: %v", s.Argv, err)
	}
	return r
}
