package sandbox_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
	"neap/runtime/sandbox"
	"neap/runtime/testenv"
)

// join makes a cgroup of the hierarchy at top for the test.
func cgroup(t *testing.T, top string) string {
	t.Helper()
	if _, err := os.Stat(top); err != nil {
		t.Skipf("no cgroup hierarchy at %s", top)
	}
	dir := filepath.Join(top, testenv.Name(t))
	must(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() {
		var err error
		testenv.Eventually(t, 5e9, func() bool { err = unix.Rmdir(dir); return err == nil }, dir+" is removed")
	})
	return dir
}

func TestCgroups(t *testing.T) {
	l := newLab(t)
	pids, unified := cgroup(t, "/sys/fs/cgroup/pids"), cgroup(t, "/sys/fs/cgroup/unified")
	tasks, err := os.OpenFile(filepath.Join(pids, "tasks"), os.O_WRONLY, 0)
	must(t, err)
	defer tasks.Close()
	dir, err := os.Open(unified)
	must(t, err)
	defer dir.Close()
	in := l.sleeper(func(c *sandbox.Config) {
		c.Joins, c.CgroupDir, c.Cgroup = []*os.File{tasks}, dir, sandbox.Namespace{Mode: sandbox.Own}
		c.CgroupUnified = true
	})
	where, err := os.ReadFile("/proc/" + strconv.Itoa(in.Pid) + "/cgroup")
	must(t, err)
	for _, want := range []string{":pids:/" + filepath.Base(pids), "0::/" + filepath.Base(unified)} {
		if !strings.Contains(string(where), want+"\n") {
			t.Errorf("not in %s: %s", want, where)
		}
	}
	out, _ := l.exec(in, "grep -E 'pids|0::' /proc/self/cgroup; mkdir /sys/fs/cgroup/x 2>&1; wc -l </sys/fs/cgroup/cgroup.procs", func(c *sandbox.ExecConfig) {
		c.Joins, c.CgroupDir = []*os.File{tasks}, dir
	})
	if !strings.Contains(out, ":pids:/\n0::/\nmkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system\n") {
		t.Errorf("inside: %q", out)
	}
}

// parentRole is what a copy of the test program does: it starts a process for
// its own parent.
const parentRole = "NEAP_TEST_STARTS_FOR_ITS_PARENT"

func TestParent(t *testing.T) {
	if os.Getenv(parentRole) != "" {
		startForParent(t)
		return
	}
	newLab(t)
	helper := exec.Command("/proc/self/exe", "-test.run=^TestParent$", "-test.v")
	helper.Env = append(os.Environ(), parentRole+"=1")
	var out bytes.Buffer
	helper.Stdout, helper.Stderr = &out, &out
	must(t, helper.Run())
	for _, want := range []int{4, 3} { // process 1 of a namespace ends only when all in it are reaped
		_, rest, ok := strings.Cut(out.String(), "status "+strconv.Itoa(want)+" pid ")
		pid, err := strconv.Atoi(strings.Fields(rest + " x")[0])
		if !ok || err != nil {
			t.Fatalf("the helper said %s", out.String())
		}
		var status unix.WaitStatus
		if _, err = unix.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != want {
			t.Errorf("process %d: %v %v", pid, status, err)
		}
	}
	for { // the stub that the exec went through
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != nil || pid <= 0 {
			break
		}
	}
}

func startForParent(t *testing.T) {
	s, err := sandbox.New()
	must(t, err)
	l := &lab{t: t, spawner: s, dir: testenv.Dir(t)}
	l.rootfs = testenv.Rootfs(t, filepath.Join(l.dir, "lower"))
	must(t, os.Mkdir(filepath.Join(l.dir, "attach"), 0o700))
	r, w, err := os.Pipe()
	must(t, err)
	c := l.config("read x; exit 3")
	c.Parent, c.Stdin = true, r
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	must(t, p.Go())
	e, err := l.spawner.Exec(deadline(t), &sandbox.ExecConfig{
		Target: p.PidFD, Pid: p.Pid, Exe: "/bin/sh", Argv: []string{"sh", "-c", "exit 4"}, Parent: true,
	})
	must(t, err)
	must(t, e.Go())
	_, err = unix.Poll([]unix.PollFd{{Fd: int32(e.PidFD.Fd()), Events: unix.POLLIN}}, 5000)
	must(t, err)
	t.Logf("status 4 pid %d", e.Pid)
	_, err = io.WriteString(w, "\n")
	must(t, err)
	t.Logf("status 3 pid %d", p.Pid)
}

func TestResolve(t *testing.T) {
	l := newLab(t)
	must(t, os.WriteFile(filepath.Join(l.rootfs, "usr/plain"), nil, 0o644))
	must(t, os.Symlink("/bin/busybox", filepath.Join(l.rootfs, "usr/absolute")))
	tools := filepath.Join(l.dir, "tools")
	must(t, os.Mkdir(tools, 0o755))
	must(t, os.WriteFile(filepath.Join(tools, "saw"), []byte("#!/bin/sh\n"), 0o755))
	bind, err := sandbox.Bind(tools, sandbox.BindOptions{})
	must(t, err)
	defer bind.Close()
	root := l.root()
	for _, c := range []struct {
		program sandbox.Program
		want    string // a path, or a part of the error
	}{
		{sandbox.Program{Name: "sh"}, "/bin/sh"},
		{sandbox.Program{Name: "sh", Path: "/nowhere:/bin"}, "/bin/sh"},
		{sandbox.Program{Name: "/usr/absolute"}, "/usr/absolute"},
		{sandbox.Program{Name: "./sh", Workdir: "/bin"}, "/bin/sh"},
		{sandbox.Program{Name: "bin/sh"}, "/bin/sh"},
		{sandbox.Program{Name: "saw", Path: "/tools:/bin", Mounts: []sandbox.Mount{{Target: "/tools", Source: bind}}}, "/tools/saw"},
		{sandbox.Program{Name: "absent"}, "not_found absent: no such program in /usr/local"},
		{sandbox.Program{Name: "/bin/bash"}, "not_found /bin/bash: no such file in the image (this image has /bin/sh)"},
		{sandbox.Program{Name: "/usr/plain"}, "denied /usr/plain: it is not executable"},
		{sandbox.Program{Name: "plain", Path: "/usr"}, "denied /usr/plain: it is not executable"},
		{sandbox.Program{Name: "/etc"}, "denied /etc: it is a directory"},
		{sandbox.Program{}, "invalid no command"},
	} {
		have, err := sandbox.Resolve(root, c.program)
		if err != nil {
			have = describe(err)
		}
		if have != c.want && (err == nil || !strings.HasPrefix(have, c.want)) {
			t.Errorf("%+v: %q, not %q", c.program, have, c.want)
		}
	}
}

func describe(err error) string {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	text := string(known.Kind) + " " + known.Error()
	if known.Hint != "" {
		text += " (" + known.Hint + ")"
	}
	return text
}
