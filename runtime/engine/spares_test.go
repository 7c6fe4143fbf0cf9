package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

// TestSpareRoots runs one container after the other on roots that were mounted
// before: none shows what another one wrote, also after a keeper was killed, and
// nothing stays when nobody asks any more.
func TestSpareRoots(t *testing.T) {
	e := open(t)
	stay := start(t, e, Spec{Argv: []string{"sleep", "60"}})
	ready := func() bool { return len(entries(t, e.store.Lib.Join(spareDir))) >= 2 }
	once := func() {
		t.Helper()
		r := run(t, e, Spec{Image: "box", Network: "none", Argv: []string{"sh", "-c", "ls / && ! ls /mine 2>/dev/null && echo x >/mine"}})
		if r.ExitCode != 0 || len(r.Stdout) == 0 {
			t.Fatalf("%d: %s%s", r.ExitCode, r.Stdout, r.Stderr)
		}
	}
	for range 3 {
		for seen := false; !seen; seen = ready() {
			once()
		}
		once() // on what is ready
		killBoth(t, e)
	}
	once()
	testenv.Eventually(t, time.Minute, func() bool { return len(entries(t, e.store.Lib.Join(spareDir))) == 0 }, "the spare roots go")
	if running, err := stay.State(); err != nil || running != container.Running {
		t.Errorf("%v %v", running, err)
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// A spare root of layers that were removed, and unpacked again, is given up; so
// is one for a container that has its directories already.
func TestSpareRootOfGoneLayers(t *testing.T) {
	e := open(t)
	layer, home := testenv.Dir(t), testenv.Dir(t)
	lib, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	defer lib.Close()
	s := &spares{lib: lib.Lib, later: func(do func() error) {
		if err := do(); err != nil {
			t.Error(err)
		}
	}}
	lower := []string{filepath.Join(layer, "one")}
	renew := func() {
		t.Helper()
		if err := os.RemoveAll(lower[0]); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(lower[0], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	taken := func() *os.File {
		t.Helper()
		c := e.containers.With(NewID())
		if err := os.MkdirAll(c.Path(), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(c.Path()) })
		return s.take(c, lower)
	}
	renew()
	for range 2 {
		if taken() != nil {
			t.Fatal("a root that nobody made")
		}
	}
	s.refill()
	root := taken()
	if root == nil {
		t.Fatal("no root")
	}
	root.Close()
	s.refill()
	renew()
	if root := taken(); root != nil {
		t.Error("a root of layers that are gone")
	}
	s.refill()
	c := e.containers.With(NewID())
	if err := os.MkdirAll(c.Path("upper"), 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(c.Path())
	if s.take(c, lower) != nil {
		t.Error("a root in the place of another")
	}
	s.rest()
	if left := entries(t, lib.Lib.Join(spareDir)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
