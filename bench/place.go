package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A place is a thread in a mount and a network namespace of its own, where one
// contestant lives: no mount, link or rule of it is the host's, and none of
// another contestant's is in its way. What is started there inherits both.
type place struct {
	work chan func()
	tid  int
	mnt  string   // names the mount namespace
	said *os.File // what the last command said on standard error
}

// newPlace makes one with a fresh /run and /dev/shm, as a host has them, and
// with its loopback link up. What is hidden is empty there.
func newPlace(hidden ...string) (*place, error) {
	memory, err := unix.MemfdCreate("said", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &place{work: make(chan func()), said: os.NewFile(uintptr(memory), "said")}
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the place
		for f := range p.work {
			f()
		}
	}()
	err = p.do(func() (err error) {
		if err := furnish(hidden); err != nil {
			return err
		}
		p.tid = unix.Gettid()
		p.mnt, err = os.Readlink("/proc/thread-self/ns/mnt")
		return err
	})
	return p, err
}

func furnish(hidden []string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	for _, dir := range []string{"/run", "/dev/shm"} {
		if err := unix.Mount("bench", dir, "tmpfs", 0, "mode=0755"); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	for _, dir := range hidden {
		if err := hide(dir); err != nil {
			return err
		}
	}
	return loopbackUp()
}

// hide puts something empty over what was mounted there.
func hide(dir string) error {
	err := unix.Unmount(dir, 0)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil // nothing was
	}
	if err == nil {
		err = unix.Mount("bench", dir, "tmpfs", 0, "mode=0755")
	}
	if err != nil {
		return fmt.Errorf("hide %s: %w", dir, err)
	}
	return nil
}

func loopbackUp() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// do runs f on the place's thread. There it may be called again: who measures
// is on that thread already, as to wake one takes a while.
func (p *place) do(f func() error) error {
	if unix.Gettid() == p.tid {
		return f()
	}
	done := make(chan error)
	p.work <- func() { done <- f() }
	return <-done
}

// close ends what still runs there, waits for that, and leaves it.
func (p *place) close() {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		pids := p.processes()
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
	close(p.work)
	_ = p.said.Close()
}

// mountTmpfs makes dir, which a host would have on a tmpfs.
func (p *place) mountTmpfs(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return p.do(func() error { return unix.Mount("bench", dir, "tmpfs", 0, "mode=0755") })
}

// run runs a command there to its end. An error shows what it said.
func (p *place) run(argv ...string) error {
	return p.do(func() error { return p.execute(exec.Command(argv[0], argv[1:]...)) })
}

// output is what a command there wrote to its standard output.
func (p *place) output(argv ...string) (text string, err error) {
	err = p.do(func() error {
		var out strings.Builder
		c := exec.Command(argv[0], argv[1:]...)
		c.Stdout = &out
		err := p.execute(c)
		text = out.String()
		return err
	})
	return text, err
}

// start starts a command there that lives on, and is ended if the bench dies.
func (p *place) start(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return p.do(c.Start)
}

// execute is c.Run with what the command said on standard error in the error.
// A file takes that, as a pipe would need a thread to empty it.
func (p *place) execute(c *exec.Cmd) error {
	_ = p.said.Truncate(0)
	_, _ = p.said.Seek(0, 0)
	c.Stderr = p.said
	err := c.Run()
	if err == nil {
		return nil
	}
	text := make([]byte, 4000)
	n, _ := p.said.ReadAt(text, 0)
	return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, strings.TrimSpace(string(text[:n])))
}

// processes lists what runs in the place's mount namespace: everything that is
// not inside a container.
func (p *place) processes() []int {
	links, _ := filepath.Glob("/proc/[0-9]*/ns/mnt")
	var pids []int
	for _, link := range links {
		if ns, _ := os.Readlink(link); ns == p.mnt {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

// mounts counts the entries of the place's mount table.
func (p *place) mounts() (n int) {
	_ = p.do(func() error {
		table, err := os.ReadFile("/proc/thread-self/mountinfo")
		n = strings.Count(string(table), "\n")
		return err
	})
	return n
}

// links counts the network links there.
func (p *place) links() (n int) {
	_ = p.do(func() error {
		all, err := net.Interfaces()
		n = len(all)
		return err
	})
	return n
}

// rules counts the rules there that send a published port to a container.
func (p *place) rules() int {
	text, _ := p.output("iptables-save", "-t", "nat")
	return strings.Count(text, "-j DNAT")
}
