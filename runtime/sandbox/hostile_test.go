package sandbox_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
	"neap/runtime/sandbox"
)

// refused starts c, which must not come to its gate.
func (l *lab) refused(c *sandbox.Config, what string, kind fault.Kind) {
	l.t.Helper()
	p, err := l.spawner.Start(deadline(l.t), c)
	if err == nil {
		p.Abort()
		l.t.Errorf("%s: it started", what)
		return
	}
	if !fault.Is(err, kind) {
		l.t.Errorf("%s: %v is %s", what, err, fault.KindOf(err))
	}
}

func TestTopDirectoriesThatAreNone(t *testing.T) { // S25
	for _, name := range []string{"proc", "sys", "dev"} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			canary := filepath.Join(l.dir, "canary")
			must(t, os.Mkdir(canary, 0o755))
			place := filepath.Join(l.rootfs, name)
			for _, target := range []string{canary, "../../../../" + canary, "/tmp", "nowhere"} {
				must(t, os.Remove(place))
				must(t, os.Symlink(target, place))
				l.refused(l.config(""), name+" -> "+target, fault.Invalid)
			}
			must(t, os.Remove(place))
			must(t, os.WriteFile(place, nil, 0o644))
			l.refused(l.config(""), name+" a file", fault.Invalid)
			must(t, os.Remove(place))
			if out := l.sh("echo made"); out != "made\n" {
				t.Errorf("without /%s: %q", name, out)
			}
			if left, _ := os.ReadDir(canary); len(left) != 0 {
				t.Errorf("the canary has %v", left)
			}
		})
	}
}

func TestMountTargets(t *testing.T) { // S31
	l := newLab(t)
	must(t, os.Symlink("/proc", filepath.Join(l.rootfs, "sly")))
	must(t, os.Symlink("../../../../../../../etc", filepath.Join(l.rootfs, "up")))
	must(t, os.Symlink("/nowhere/at/all", filepath.Join(l.rootfs, "dangling")))
	tmpfs := func(target string) *sandbox.Config {
		c := l.config("cat /proc/self/mountinfo")
		c.Mounts = []sandbox.Mount{{Type: "tmpfs", Target: target, Data: "size=1m"}}
		return c
	}
	for _, target := range []string{"/", "/proc", "/proc/", "/x/../proc/sys", "/proc/self", "/sly", "/sly/sys", "relative", "", "/..", "/dangling", "/etc/passwd", "/etc/passwd/x"} {
		l.refused(tmpfs(target), target, fault.Invalid)
	}
	for target, at := range map[string]string{
		"/../../../outside": "/outside", "/up/inner": "/etc/inner", "/new/deep/er": "/new/deep/er",
		"/dev/extra": "/dev/extra", "/sys/fs/cgroup": "/sys/fs/cgroup", "/dev/shm": "/dev/shm",
	} {
		out, status := l.run(tmpfs(target))
		if status.ExitStatus() != 0 || !strings.Contains(out, " "+at+" rw,relatime - tmpfs") {
			t.Errorf("%s is not at %s: %s", target, at, out)
		}
	}
	for _, made := range []string{"/outside", "/etc/inner", filepath.Join(l.rootfs, "outside")} {
		if _, err := os.Lstat(made); err == nil {
			t.Errorf("%s was made", made)
		}
	}
}

func TestBinds(t *testing.T) {
	l := newLab(t)
	source := filepath.Join(l.dir, "source")
	must(t, os.MkdirAll(filepath.Join(source, "sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(source, "file"), []byte("text\n"), 0o644))
	bind := func(path string, o sandbox.BindOptions) *os.File {
		file, err := sandbox.Bind(path, o)
		must(t, err)
		t.Cleanup(func() { file.Close() })
		return file
	}
	c := l.config("cat /a/file /etc/one; touch /a/x 2>&1; touch /b/made; touch /b/sub/t/y; ls /b/sub/t /b/nest; grep -E ' /(a|b) ' /proc/self/mountinfo | grep -c -E 'shared|master'")
	c.Mounts = []sandbox.Mount{
		{Type: "bind", Target: "/a", Source: bind(source, sandbox.BindOptions{ReadOnly: true, Recursive: true})},
		{Type: "bind", Target: "/etc/one", Source: bind(filepath.Join(source, "file"), sandbox.BindOptions{})},
		{Type: "bind", Target: "/b", Source: bind(source, sandbox.BindOptions{Recursive: true})},
		{Type: "tmpfs", Target: "/b/sub/t"},
		{Type: "tmpfs", Target: "/b/nest"},
	}
	out, _ := l.run(c)
	if out != "text\ntext\ntouch: /a/x: Read-only file system\n/b/nest:\n\n/b/sub/t:\ny\n0\n" {
		t.Errorf("binds: %q", out)
	}
	for name, want := range map[string]bool{"made": true, "sub/t": true, "nest": true, "x": false} {
		if _, err := os.Lstat(filepath.Join(source, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sandbox.Bind(source, sandbox.BindOptions{Propagation: "rprivate,bind,source=/"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("propagation: %v", err)
	}
	if _, err := sandbox.Bind(source+"/absent", sandbox.BindOptions{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("absent: %v", err)
	}
}

// A mount made by a container stays in it, and one made on the host arrives
// only where that was asked for.
func TestPropagation(t *testing.T) {
	l := newLab(t)
	source := filepath.Join(l.dir, "source")
	must(t, os.MkdirAll(filepath.Join(source, "later"), 0o755))
	must(t, unix.Mount("tmpfs", source, "tmpfs", 0, ""))
	defer func() { must(t, unix.Unmount(source, unix.MNT_DETACH)) }()
	must(t, unix.Mount("", source, "", unix.MS_SHARED, ""))
	must(t, os.Mkdir(filepath.Join(source, "later"), 0o755))
	for propagation, want := range map[string]bool{"": false, "rslave": true, "rshared": true} {
		clone, err := sandbox.Bind(source, sandbox.BindOptions{Recursive: true, Propagation: propagation})
		must(t, err)
		in := l.sleeper(func(c *sandbox.Config) { c.Mounts = []sandbox.Mount{{Source: clone, Target: "/v"}} })
		clone.Close()
		later := filepath.Join(source, "later")
		must(t, unix.Mount("tmpfs", later, "tmpfs", 0, ""))
		out, _ := l.exec(in, "grep -c ' /v/later ' /proc/self/mountinfo", nil)
		if (out == "1\n") != want {
			t.Errorf("propagation %q: %q", propagation, out)
		}
		must(t, unix.Unmount(later, unix.MNT_DETACH))
	}
}

func TestWorkdir(t *testing.T) { // S29
	l := newLab(t)
	must(t, os.Mkdir(filepath.Join(l.rootfs, "closed"), 0o700))
	in := l.sleeper(nil)
	dirs := map[string]fault.Kind{"/absent": fault.NotFound, "/etc/passwd": fault.Failed}
	for fd := range 24 {
		dirs["/proc/self/fd/"+strconv.Itoa(fd)] = fault.Failed
	}
	for dir := range dirs {
		c := l.config("pwd")
		c.Workdir = dir
		p, err := l.spawner.Start(deadline(t), c)
		must(t, err)
		if err := p.Go(); err == nil {
			t.Errorf("%s is entered", dir)
			_, _ = p.Wait()
		}
		p, err = l.spawner.Exec(deadline(t), &sandbox.ExecConfig{
			Target: in.PidFD, Pid: in.Pid, Argv: []string{"pwd"}, Exe: "/bin/pwd", Workdir: dir,
		})
		must(t, err)
		if err := p.Go(); err == nil {
			t.Errorf("exec enters %s", dir)
			_, _ = p.Wait()
		}
	}
	for _, dir := range []string{"/..", "/tmp/../../..", "/closed"} {
		c := l.config("/bin/pwd -P 2>&1")
		c.Workdir, c.UID = dir, 5
		if out, _ := l.run(c); !strings.HasPrefix(out, "/") {
			t.Errorf("%s: %q", dir, out)
		}
	}
}

func TestProgramIsTheRuntime(t *testing.T) { // S30
	l := newLab(t)
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(l.rootfs, "bin/evil"), []byte("#!/proc/self/exe\n"), 0o755))
	l.probe()
	for _, exe := range []string{"/bin/evil", "/proc/self/exe"} {
		c := l.config("")
		c.Exe, c.Argv = exe, []string{"evil"}
		p, err := l.spawner.Start(deadline(t), c)
		must(t, err)
		if p.Go() == nil {
			_, _ = p.Wait()
			p.PidFD.Close()
		}
	}
	c := l.config("probe open /proc/1/exe; probe open /proc/self/exe")
	c.Init = true
	out, _ := l.run(c)
	if strings.Contains(out, "nil") {
		t.Errorf("the stub can be opened for writing: %s", out)
	}
	now, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	if sha256.Sum256(self) != sha256.Sum256(now) {
		t.Error("the runtime is changed")
	}
}

// Another container flips a directory of a shared volume to a symlink while
// mounts are made below it: 2021-30465, 2024-45310.
func TestFlippingVolume(t *testing.T) { // S36
	l := newLab(t)
	volume, canary := filepath.Join(l.dir, "volume"), filepath.Join(l.dir, "canary")
	for _, dir := range []string{"volume/dir/x", "canary", "lower/canary"} {
		must(t, os.MkdirAll(filepath.Join(l.dir, dir), 0o755))
	}
	must(t, os.Symlink(strings.Repeat("../", 12)+canary, filepath.Join(volume, "link")))
	stop, done := make(chan struct{}), make(chan struct{})
	go flip(volume, stop, done)
	rounds, end := 0, time.Now().Add(3*time.Second)
	for ; rounds < 300 && time.Now().Before(end); rounds++ {
		source, err := sandbox.Bind(volume, sandbox.BindOptions{Recursive: true})
		must(t, err)
		c := l.config("cat /proc/self/mountinfo")
		c.Mounts = []sandbox.Mount{{Source: source, Target: "/v"}, {Type: "tmpfs", Target: "/v/dir/x"}, {Type: "tmpfs", Target: "/v/dir/y" + strconv.Itoa(rounds)}}
		p, err := l.spawner.Start(deadline(t), c)
		source.Close()
		c.Root.Close()
		if err != nil {
			continue // refused is right
		}
		p.Abort()
	}
	close(stop)
	<-done
	if left, _ := os.ReadDir(canary); len(left) != 0 {
		t.Errorf("the canary has %v", left)
	}
	t.Logf("%d rounds", rounds)
}

func flip(volume string, stop, done chan struct{}) {
	defer close(done)
	for {
		select {
		case <-stop:
			return
		default:
			_ = unix.Renameat2(unix.AT_FDCWD, filepath.Join(volume, "dir"), unix.AT_FDCWD, filepath.Join(volume, "link"), unix.RENAME_EXCHANGE)
		}
	}
}
