package engine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/testenv"
)

// TestLostWithTheBoot is a container that removes itself when the machine goes
// down: its records end with the boot, and the next keeper removes the rest, but
// no volume that somebody made.
func TestLostWithTheBoot(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Name: "brief", Rm: true, Volumes: []string{"/data", "kept:/kept"}, Argv: []string{"sleep", "60"}})
	f, err := c.c.Facts()
	if err != nil || f == nil {
		t.Fatal(err)
	}
	killBoth(t, e)
	_ = unix.Kill(f.Pid, unix.SIGKILL)
	testenv.Eventually(t, time.Minute, func() bool { return !c.c.Group().Exists() || empty(c) }, "it is dead")
	if err := os.RemoveAll(c.c.RunPath()); err != nil {
		t.Fatal(err)
	}
	if all, err := e.List(ctx); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	if err := e.keeper.Unlease(ctx, c.ID()); err != nil { // any request starts a keeper
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(c.c.Path()))
	volumes, wrong := e.Volumes.List()
	if err := errors.Join(err, wrong); err != nil || len(left) != 0 || len(volumes) != 1 || volumes[0].Name != "kept" {
		t.Errorf("left %v, volumes %+v, %v", left, volumes, err)
	}
	if names, err := e.Names(); err != nil || len(names) != 0 {
		t.Errorf("%v %v", names, err)
	}
	if _, err := e.Create(ctx, Spec{Image: "box", Name: "brief"}); err != nil {
		t.Errorf("its name can be had: %v", err)
	}
	if err := e.Volumes.Remove(ctx, "kept"); err != nil {
		t.Error(err)
	}
}

func empty(c *Container) bool {
	free, err := c.c.Group().Empty()
	return err == nil && free
}
