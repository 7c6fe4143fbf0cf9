package sandbox_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"neap/runtime/sandbox"
	"neap/runtime/testenv"
)

// lab is what the tests of this package start processes with.
type lab struct {
	t       testing.TB
	spawner *sandbox.Spawner
	rootfs  string // the lower directory
	dir     string // scratch: where roots are attached
}

func newLab(t testing.TB) *lab {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	dir := testenv.Dir(t)
	s, err := sandbox.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	attach := filepath.Join(dir, "attach")
	if err := os.Mkdir(attach, 0o700); err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, spawner: s, rootfs: testenv.Rootfs(t, filepath.Join(dir, "lower")), dir: dir}
}

// root is a detached overlay on the lab's root file system.
func (l *lab) root() *os.File {
	l.t.Helper()
	base, err := os.MkdirTemp(l.dir, "upper-")
	must(l.t, err)
	upper, work := filepath.Join(base, "u"), filepath.Join(base, "w")
	must(l.t, os.Mkdir(upper, 0o755))
	must(l.t, os.Mkdir(work, 0o755))
	ctx, err := unix.Fsopen("overlay", unix.FSOPEN_CLOEXEC)
	must(l.t, err)
	defer unix.Close(ctx)
	for _, o := range [][2]string{{"lowerdir", l.rootfs}, {"upperdir", upper}, {"workdir", work}} {
		must(l.t, unix.FsconfigSetString(ctx, o[0], o[1]))
	}
	must(l.t, unix.FsconfigCreate(ctx))
	fd, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, 0)
	must(l.t, err)
	file := os.NewFile(uintptr(fd), "root")
	l.t.Cleanup(func() { file.Close() })
	return file
}

// config runs a shell command with Docker's defaults.
func (l *lab) config(script string) *sandbox.Config {
	return &sandbox.Config{
		Root: l.root(), Attach: filepath.Join(l.dir, "attach"),
		Argv: []string{"sh", "-c", script}, Exe: "/bin/sh", Env: []string{"PATH=/bin"},
		Umask: 0o022, Hostname: "lab", Caps: sandbox.DefaultCaps(),
		Cgroup: sandbox.Namespace{Mode: sandbox.Host},
	}
}

// run starts c and gives what it printed and its status.
func (l *lab) run(c *sandbox.Config) (string, unix.WaitStatus) {
	l.t.Helper()
	return l.collect(c, func() (*sandbox.Process, error) { return l.spawner.Start(deadline(l.t), c) })
}

func (l *lab) collect(c *sandbox.Config, start func() (*sandbox.Process, error)) (string, unix.WaitStatus) {
	l.t.Helper()
	r, w, err := os.Pipe()
	must(l.t, err)
	defer r.Close()
	c.Stdout, c.Stderr = w, w
	p, err := start()
	w.Close()
	must(l.t, err)
	must(l.t, p.Go())
	return l.end(p, r)
}

func (l *lab) end(p *sandbox.Process, r io.Reader) (string, unix.WaitStatus) {
	l.t.Helper()
	out, _ := io.ReadAll(r) // the end of a terminal is an error
	status, err := p.Wait()
	must(l.t, err)
	p.PidFD.Close()
	return string(out), status
}

// sh runs a script and fails the test unless it ends with 0.
func (l *lab) sh(script string) string {
	l.t.Helper()
	out, status := l.run(l.config(script))
	if status.ExitStatus() != 0 {
		l.t.Errorf("%q ended with %v:\n%s", script, status, out)
	}
	return out
}

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHello(t *testing.T) {
	l := newLab(t)
	out := l.sh("echo hello; hostname; pwd; echo $$")
	if out != "hello\nlab\n/\n1\n" {
		t.Errorf("it said %q", out)
	}
}
