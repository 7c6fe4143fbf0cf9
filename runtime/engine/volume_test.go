package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/runtime/fault"
)

func cat(t *testing.T, e *Engine, file string, s Spec) string {
	t.Helper()
	s.Image, s.Network, s.Argv = "box", "none", []string{"cat", file}
	r := run(t, e, s)
	return string(r.Stdout) + string(r.Stderr)
}

// TestDataContainer is rows 18 to 27 of the walkthrough.
func TestDataContainer(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	const site = "/usr/local/apache2/htdocs"
	www := t.TempDir()
	if err := os.WriteFile(filepath.Join(www, "index.html"), []byte("from the host\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := start(t, e, Spec{Name: "my-data", Volumes: []string{www + ":" + site}, Argv: []string{"echo", "Data container"}})
	if end, err := data.Wait(ctx); err != nil || end.Code != 0 {
		t.Fatalf("%+v %v", end, err)
	}
	if got := cat(t, e, site+"/index.html", Spec{VolumesFrom: []string{"my-data"}}); got != "from the host\n" {
		t.Errorf("volumes-from: %q", got)
	}
	r := run(t, e, Spec{Image: "box", Network: "none", VolumesFrom: []string{"my-data:ro"}, Argv: []string{"touch", site + "/x"}})
	if r.ExitCode == 0 || !strings.Contains(string(r.Stderr), "read-only") {
		t.Errorf("ro: %+v %q", r, r.Stderr)
	}
	web := start(t, e, Spec{Name: "web", VolumesFrom: []string{"my-data"}, Argv: []string{"sleep", "60"}})
	if got, err := web.Format(ctx, "{{ .HostConfig.VolumesFrom }}"); err != nil || got != "[my-data]" {
		t.Errorf("%q %v", got, err)
	}
	if err := data.Remove(ctx, RemoveOptions{Volumes: true}); err != nil {
		t.Fatal(err)
	}
	backup := t.TempDir()
	run(t, e, Spec{
		Image: "box", Network: "none", VolumesFrom: []string{"web"}, Volumes: []string{backup + ":/backup"},
		Argv: []string{"cp", site + "/index.html", "/backup"},
	})
	if text, err := os.ReadFile(filepath.Join(backup, "index.html")); err != nil || string(text) != "from the host\n" {
		t.Errorf("backup: %q %v", text, err)
	}
}

// TestAnonymousVolume: filled from the image, shared, counted, and gone with
// its last user.
func TestAnonymousVolume(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	const site = "/usr/local/apache2/htdocs"
	a := start(t, e, Spec{Name: "a", Volumes: []string{site}, Argv: []string{"sleep", "60"}})
	volumes, err := e.Volumes.List()
	if err != nil || len(volumes) != 1 || !volumes[0].Anonymous {
		t.Fatalf("%+v %v", volumes, err)
	}
	if got := cat(t, e, site+"/index.html", Spec{VolumesFrom: []string{"a"}}); !strings.Contains(got, "It works!") {
		t.Errorf("filled: %q", got)
	}
	b := start(t, e, Spec{Name: "b", VolumesFrom: []string{"a"}, Argv: []string{"sleep", "60"}})
	if err := a.Remove(ctx, RemoveOptions{Force: true, Volumes: true}); err != nil {
		t.Fatal(err)
	}
	if left, err := e.Volumes.List(); err != nil || len(left) != 1 {
		t.Fatalf("b uses it: %+v %v", left, err)
	}
	if err := e.Volumes.Remove(ctx, volumes[0].Name); !fault.Is(err, fault.Busy) {
		t.Errorf("remove: %v", err)
	}
	if err := b.Remove(ctx, RemoveOptions{Force: true, Volumes: true}); err != nil {
		t.Fatal(err)
	}
	if left, err := e.Volumes.List(); err != nil || len(left) != 0 {
		t.Fatalf("nobody uses it: %+v %v", left, err)
	}
}

func TestNamedVolume(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	run(t, e, Spec{Image: "box", Network: "none", Volumes: []string{"www:/data"}, Argv: []string{"sh", "-c", "echo kept >/data/x"}})
	if got := cat(t, e, "/data/x", Spec{Volumes: []string{"www:/data:ro"}}); got != "kept\n" {
		t.Errorf("%q", got)
	}
	if _, err := e.Create(ctx, Spec{Image: "box", Volumes: []string{"a:b:c:d"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("bad spec: %v", err)
	}
	if r := run(t, e, Spec{Image: "box", Network: "none", Tmpfs: []string{"/scratch:size=1m"}, Argv: []string{"sh", "-c", "mount | grep /scratch; df /scratch >/dev/null"}}); r.ExitCode != 0 {
		t.Errorf("tmpfs: %q %q", r.Stdout, r.Stderr)
	}
	if r := run(t, e, Spec{Image: "box", Network: "none", ReadOnly: true, Argv: []string{"touch", "/x"}}); r.ExitCode == 0 {
		t.Error("the root is not read-only")
	}
	if err := e.Volumes.Remove(ctx, "www"); err != nil {
		t.Error(err)
	}
}

// TestDead: a removal that cannot finish leaves a dead container, which can be
// removed again.
func TestDead(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Name: "d", Argv: []string{"touch", "/stuck"}})
	if _, err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	immutable(t, c.c.Path("upper", "stuck"), true)
	err := c.Remove(ctx, RemoveOptions{})
	wantState(t, c, "dead")
	immutable(t, c.c.Path("upper", "stuck"), false)
	if err == nil {
		t.Error("the removal should have failed")
	}
	if err := c.Remove(ctx, RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, c, "removed")
}

func TestImageInUse(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Name: "user", Argv: []string{"true"}})
	if _, err := e.RemoveImage(ctx, "box", false); !fault.Is(err, fault.Busy) || !strings.Contains(err.Error()+hintOf(err), "user") {
		t.Errorf("in use: %v", err)
	}
	if err := c.Remove(ctx, RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	gone, err := e.RemoveImage(ctx, "box", false)
	if err != nil || len(gone.Untagged) == 0 || len(gone.Deleted) == 0 {
		t.Errorf("%+v %v", gone, err)
	}
}

func hintOf(err error) string {
	if e, ok := err.(*fault.Error); ok { //nolint:errorlint // its own
		return e.Hint
	}
	return ""
}
