package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
	"neap/runtime/sandbox"
)

func TestRefusedProgramSaysWhy(t *testing.T) {
	l := newLab(t)
	must(t, os.WriteFile(filepath.Join(l.rootfs, "bin/noise"), []byte("\x00\x01noise"), 0o755))
	must(t, os.WriteFile(filepath.Join(l.rootfs, "bin/orphan"), []byte("#!/bin/absent\n"), 0o755))
	for exe, want := range map[string]struct {
		errno unix.Errno
		kind  fault.Kind
	}{
		"/bin/absent":    {unix.ENOENT, fault.NotFound},
		"/bin/orphan":    {unix.ENOENT, fault.NotFound},
		"/etc/passwd":    {unix.EACCES, fault.Denied},
		"/bin/noise":     {unix.ENOEXEC, fault.Denied},
		"/etc":           {unix.EACCES, fault.Denied},
		"/etc/passwd/sh": {unix.ENOTDIR, fault.NotFound},
	} {
		c := l.config("")
		c.Exe = exe
		p, err := l.spawner.Start(deadline(t), c)
		must(t, err)
		err = p.Go()
		var refused *sandbox.ExecError
		if !errors.As(err, &refused) || refused.Step != "exec" || refused.Errno != want.errno || !fault.Is(err, want.kind) {
			t.Errorf("%s: %v (%s)", exe, err, fault.KindOf(err))
		}
	}
}

// start is a container that sleeps until it is killed.
func (l *lab) sleeper(change func(*sandbox.Config)) *sandbox.Process {
	l.t.Helper()
	c := l.config("")
	c.Exe, c.Argv = "/bin/sleep", []string{"sleep", "1000"}
	if change != nil {
		change(c)
	}
	p, err := l.spawner.Start(deadline(l.t), c)
	must(l.t, err)
	must(l.t, p.Go())
	l.t.Cleanup(func() {
		_ = unix.Kill(p.Pid, unix.SIGKILL)
		_, _ = p.Wait()
		p.PidFD.Close()
	})
	return p
}

// exec runs a shell command in a running container.
func (l *lab) exec(in *sandbox.Process, script string, change func(*sandbox.ExecConfig)) (string, unix.WaitStatus) {
	l.t.Helper()
	r, w, err := os.Pipe()
	must(l.t, err)
	defer r.Close()
	c := &sandbox.ExecConfig{
		Target: in.PidFD, Pid: in.Pid, Argv: []string{"sh", "-c", script}, Exe: "/bin/sh", Env: []string{"PATH=/bin"},
		Umask: 0o022, Caps: sandbox.DefaultCaps(), Stdout: w, Stderr: w,
	}
	if change != nil {
		change(c)
	}
	p, err := l.spawner.Exec(deadline(l.t), c)
	w.Close()
	must(l.t, err)
	must(l.t, p.Go())
	return l.end(p, r)
}

func TestExec(t *testing.T) {
	l := newLab(t)
	in := l.sleeper(nil)
	out, status := l.exec(in, "hostname; pwd; id -u; ls /proc/self/fd | wc -l; cat /proc/1/cmdline | tr '\\0' ' '; grep -E 'Cap|NSpid' /proc/$$/status; exit 7", func(c *sandbox.ExecConfig) {
		c.UID, c.Workdir = 33, "/tmp"
	})
	if status.ExitStatus() != 7 || !strings.HasPrefix(out, "lab\n/tmp\n33\n4\nsleep 1000 ") || !strings.Contains(out, "NSpid:\t2") ||
		!strings.Contains(out, "CapEff:\t0000000000000000") || !strings.Contains(out, "CapBnd:\t"+docker14) {
		t.Errorf("exec: %v %q", status, out)
	}
	for _, ns := range []string{"mnt", "pid", "ipc", "uts", "net", "cgroup"} {
		want, err := os.Readlink("/proc/" + strconv.Itoa(in.Pid) + "/ns/" + ns)
		must(t, err)
		if have, _ := l.exec(in, "readlink /proc/self/ns/"+ns, nil); strings.TrimSpace(have) != want {
			t.Errorf("%s is %s, not %s", ns, have, want)
		}
	}
}

func TestExecInTheDead(t *testing.T) {
	l := newLab(t)
	in := l.sleeper(nil)
	must(t, unix.Kill(in.Pid, unix.SIGKILL))
	_, err := in.Wait()
	must(t, err)
	for _, tty := range []bool{false, true} {
		_, err = l.spawner.Exec(deadline(t), &sandbox.ExecConfig{Target: in.PidFD, Pid: in.Pid, Argv: []string{"sh"}, Exe: "/bin/sh", Tty: tty})
		if err == nil {
			t.Error("a dead container takes an exec")
		}
	}
}

func TestTerminal(t *testing.T) {
	l := newLab(t)
	c := l.config("tty; stat -c '%U %t:%T' /dev/console; [ -t 0 ] && [ -t 2 ] && echo yes; stty size; ls /proc/self/fd | wc -l; read x; echo got $x; echo x >/dev/tty; echo x >/dev/console; sleep 1000")
	c.Tty, c.Rows, c.Cols, c.UID = true, 33, 77, 1
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	must(t, p.Go())
	_, err = p.Tty.WriteString("line\n")
	must(t, err)
	lines := bufio.NewScanner(p.Tty)
	var have []string
	for len(have) < 9 && lines.Scan() {
		have = append(have, strings.TrimSpace(lines.Text()))
	}
	text := strings.Join(have, " ")
	if !strings.Contains(text, "/dev/pts/0") || !strings.Contains(text, "88:0 yes 33 77 4 ") || !strings.Contains(text, "got line x x") {
		t.Errorf("terminal: %q", text)
	}
	must(t, unix.Kill(p.Pid, unix.SIGKILL))
	_, err = p.Wait()
	must(t, err)
	p.PidFD.Close()
	p.Tty.Close()
}

func TestTerminalOfExec(t *testing.T) {
	l := newLab(t)
	in := l.sleeper(nil)
	p, err := l.spawner.Exec(deadline(t), &sandbox.ExecConfig{
		Target: in.PidFD, Pid: in.Pid, Exe: "/bin/sh", Env: []string{"PATH=/bin"}, Tty: true, Rows: 5, Cols: 6,
		Argv: []string{"sh", "-c", "tty; stty size; ps -o pid,tty | tail -n 2"}, Caps: sandbox.DefaultCaps(),
	})
	must(t, err)
	must(t, p.Go())
	text, status := l.end(p, p.Tty)
	if !strings.HasPrefix(text, "/dev/pts/0\r\n5 6\r\n") || status.ExitStatus() != 0 {
		t.Errorf("terminal: %q", text)
	}
	p.Tty.Close()
}

func TestInit(t *testing.T) {
	l := newLab(t)
	for script, want := range map[string]int{
		"exit 5":            5,
		"kill -9 $$":        128 + 9,
		"(sleep 0.1 &) ; :": 0,
	} {
		c := l.config(script)
		c.Init = true
		c.Seccomp, _ = l.spawner.Seccomp(c.Caps)
		if _, status := l.run(c); status.ExitStatus() != want {
			t.Errorf("%q: %v, not %d", script, status, want)
		}
	}
	c := l.config("trap 'echo term; exit 3' TERM; cat /proc/1/cmdline /proc/1/comm; ls /proc/1/fd | wc -l; grep Cap /proc/1/status; (true &); sleep 0.1; ps; echo ready; while :; do sleep 0.01; done")
	c.Init = true
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	c.Stdout = w
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	must(t, p.Go())
	w.Close()
	lines := bufio.NewScanner(r)
	var text []string
	for lines.Scan() && lines.Text() != "ready" {
		text = append(text, lines.Text())
	}
	must(t, unix.PidfdSendSignal(int(p.PidFD.Fd()), unix.SIGTERM, nil, 0))
	rest, status := l.end(p, r)
	said := strings.Join(text, "\n")
	if status.ExitStatus() != 3 || !strings.HasPrefix(said, "init\x00init\n0\n") || strings.Contains(said, "Z") ||
		!strings.Contains(said, "CapEff:\t"+docker14) || !strings.Contains(rest, "term") && !strings.Contains(said, "term") {
		t.Logf("the rest may have been read already: %q", rest)
		if status.ExitStatus() != 3 {
			t.Errorf("init: %v %q", status, said)
		}
	}
}

func TestJoin(t *testing.T) {
	l := newLab(t)
	in := l.sleeper(nil)
	c := l.config("for n in pid ipc uts net; do readlink /proc/self/ns/$n; done; cat /proc/1/cmdline | tr '\\0' ' '; ls /sys/class/net")
	with := sandbox.Namespace{Mode: sandbox.Join, File: in.PidFD}
	c.Net, c.Pid, c.Ipc, c.Uts = with, with, with, with
	if out, _ := l.exec(in, "echo shared >/dev/shm/x", nil); out != "" {
		t.Error(out)
	}
	c.Argv[2] += "; cat /dev/shm/x; grep -c ' /dev/shm ' /proc/self/mountinfo"
	out, status := l.run(c)
	want := ""
	for _, n := range []string{"pid", "ipc", "uts", "net"} {
		link, err := os.Readlink("/proc/" + strconv.Itoa(in.Pid) + "/ns/" + n)
		must(t, err)
		want += link + "\n"
	}
	if out != want+"sleep 1000 lo\nshared\n1\n" || status.ExitStatus() != 0 {
		t.Errorf("joined: %q, not %q", out, want)
	}
}

func TestHostNamespaces(t *testing.T) {
	l := newLab(t)
	c := l.config("for n in pid ipc uts net; do readlink /proc/self/ns/$n; done")
	host := sandbox.Namespace{Mode: sandbox.Host}
	c.Net, c.Pid, c.Ipc, c.Uts = host, host, host, host
	out, _ := l.run(c)
	for _, n := range []string{"pid", "ipc", "uts", "net"} {
		link, err := os.Readlink("/proc/self/ns/" + n)
		must(t, err)
		if !strings.Contains(out, link) {
			t.Errorf("%s is not the host's: %s", n, out)
		}
	}
}

func TestAbortAndCancel(t *testing.T) {
	l := newLab(t)
	c := l.config("echo never")
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	p.Abort()
	if err := unix.Kill(p.Pid, 0); err != unix.ESRCH {
		t.Errorf("the stub is there: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.spawner.Start(ctx, l.config("")); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestBigArguments(t *testing.T) {
	l := newLab(t)
	c := l.config("echo ${#BIG} $#")
	big := strings.Repeat("x", 100_000)
	for i := range 10 {
		c.Env = append(c.Env, "BIG"+strings.Repeat("_", i)+"="+big)
	}
	for range 1000 {
		c.Argv = append(c.Argv, big[:300])
	}
	if out, _ := l.run(c); out != "100000 999\n" {
		t.Errorf("it said %.100q", out)
	}
	c.Hostname = strings.Repeat("h", 70_000)
	if _, err := l.spawner.Start(deadline(t), c); !fault.Is(err, fault.Invalid) {
		t.Errorf("a long host name: %v", err)
	}
	c = l.config("")
	c.Argv = append(c.Argv, strings.Repeat("x", 1<<20)) // the kernel takes 128 KiB
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	if err := p.Go(); !errors.Is(err, unix.E2BIG) {
		t.Errorf("a long argument: %v", err)
	}
}

func TestGateHoldsNothing(t *testing.T) {
	l := newLab(t)
	c := l.config("")
	p, err := l.spawner.Start(deadline(t), c)
	must(t, err)
	defer p.Abort()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(p.Pid) + "/fd")
	must(t, err)
	if len(entries) != 4 {
		t.Errorf("the stub holds %v", entries)
	}
	if exe, _ := os.Readlink("/proc/" + strconv.Itoa(p.Pid) + "/exe"); !strings.HasPrefix(exe, "/memfd:neap") {
		t.Errorf("the stub is %s", exe)
	}
}

func TestThousandSpawnsLeaveNothing(t *testing.T) {
	l := newLab(t)
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	l.many(4, 1)
	before := openFiles(t)
	l.many(4, rounds/4)
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// many spawns in several goroutines; every other one is given up at the gate.
func (l *lab) many(workers, rounds int) {
	l.t.Helper()
	var group sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for i := range rounds {
				if err := l.once(i%2 == 0); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		l.t.Error(err)
	}
}

func (l *lab) once(abort bool) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, l.rootfs, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	root := os.NewFile(uintptr(fd), "root")
	defer root.Close()
	p, err := l.spawner.Start(context.Background(), &sandbox.Config{
		Root: root, Attach: filepath.Join(l.dir, "attach"), Exe: "/bin/true", Argv: []string{"true"},
		Caps: sandbox.DefaultCaps(), Cgroup: sandbox.Namespace{Mode: sandbox.Host},
	})
	if err != nil {
		return err
	}
	if abort {
		p.Abort()
		return nil
	}
	defer p.PidFD.Close()
	if err := p.Go(); err != nil {
		return err
	}
	status, err := p.Wait()
	if err == nil && status.ExitStatus() != 0 {
		err = fmt.Errorf("true ended with %v", status)
	}
	return err
}

func openFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func BenchmarkSpawn(b *testing.B) {
	l := newLab(b)
	filter, err := l.spawner.Seccomp(sandbox.DefaultCaps())
	must(b, err)
	for b.Loop() {
		b.StopTimer()
		c := l.config("")
		c.Exe, c.Argv, c.Seccomp = "/bin/true", []string{"true"}, filter
		b.StartTimer()
		p, err := l.spawner.Start(context.Background(), c)
		must(b, err)
		must(b, p.Go())
		_, err = p.Wait()
		must(b, err)
		p.PidFD.Close()
		c.Root.Close()
	}
}
