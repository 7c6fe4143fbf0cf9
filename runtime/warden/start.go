package warden

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// Start starts a warden, and so a keeper, for root, and returns when the
// keeper listens. What it reports to log comes from both for as long as they
// live. They are children of nobody in particular: neither the caller's
// namespaces, limits, priority, directory nor descriptors reach them.
func Start(s *store.Store, root string, log *os.File) error {
	if err := sameHost(s.Lib.Path); err != nil {
		return err
	}
	ready, told, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	// 3 stays closed in the warden: only one that a keeper starts finds it open.
	pid, err := launch(root, log, map[int]*os.File{readyFD: told})
	if err := errors.Join(err, told.Close()); err != nil {
		return fmt.Errorf("start the warden: %w", err)
	}
	go reap(pid)
	word, err := io.ReadAll(io.LimitReader(ready, 4096))
	if err != nil {
		return err
	}
	switch string(word) {
	case "+":
		return nil
	case "": // the warden found another one
		return errKept
	default:
		return &fault.Error{
			Kind: fault.Failed, Op: "start the keeper of", Object: root,
			Message: strings.TrimSpace(string(word)), Hint: "see " + s.Run.Join("keeper.log"),
		}
	}
}

var errKept = errors.New("another warden keeps this root")

// IsKept says whether Start failed since the root has a warden already, still
// or again.
func IsKept(err error) bool { return errors.Is(err, errKept) }

// again starts a warden for a keeper whose own died, hands it what is to be
// held, and returns when the new one keeps the root and has it all.
func again(root string, log *os.File, held Held) error {
	near, far, err := pair()
	if err != nil {
		return err
	}
	defer near.Close()
	if err := unix.SetNonblock(int(far.Fd()), true); err != nil {
		return err
	}
	pid, err := launch(root, log, map[int]*os.File{fromFD: far})
	if err != nil {
		return errors.Join(err, far.Close())
	}
	go reap(pid)
	if err := far.Close(); err != nil {
		return err
	}
	to := wire{near}
	for group, files := range held {
		for name, f := range files {
			if err := to.sendFile(f, "hold %s/%s", group, name); err != nil {
				return err
			}
		}
	}
	if err := to.send(-1, "end"); err != nil {
		return err
	}
	_, _, err = to.receive()
	return err
}

// reap waits for the warden if it ends before the caller does, so that no
// zombie stays.
func reap(pid int) {
	var status unix.WaitStatus
	_, _ = unix.Wait4(pid, &status, 0, nil)
}

// launch executes this program as a warden from a thread that has left the
// caller's surroundings and is thrown away after.
func launch(root string, log *os.File, files map[int]*os.File) (pid int, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Dir: "/", Env: []string{}, Sys: &syscall.SysProcAttr{Setsid: true},
		Files: []uintptr{null.Fd(), null.Fd(), log.Fd(), ^uintptr(0), ^uintptr(0)},
	}
	for fd, f := range files {
		attr.Files[fd] = f.Fd()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		goruntime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err = leaveSurroundings(); err == nil {
			pid, err = syscall.ForkExec("/proc/self/exe", []string{Role, root}, attr)
		}
	}()
	<-done
	return pid, err
}

func leaveSurroundings() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	for name, kind := range map[string]int{"mnt": unix.CLONE_NEWNS, "net": unix.CLONE_NEWNET} {
		if err := joinFirst(name, kind); err != nil {
			return fmt.Errorf("leave the caller's %s namespace: %w", name, err)
		}
	}
	unix.Umask(0o022)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 0)
	var all unix.CPUSet
	for i := range goruntime.NumCPU() + 1024 {
		all.Set(i)
	}
	_ = unix.SchedSetaffinity(0, &all)
	return nil
}

// joinFirst enters pid 1's namespace unless this thread is in it already.
// Where pid 1 may not be looked at (it has more capabilities than we), the
// host's namespaces are taken to be ours.
func joinFirst(name string, kind int) error {
	own, err := os.Readlink("/proc/thread-self/ns/" + name)
	if err != nil {
		return err
	}
	first, err := os.Readlink("/proc/1/ns/" + name)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil || own == first {
		return err
	}
	f, err := os.Open("/proc/1/ns/" + name)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Setns(int(f.Fd()), kind)
}

// sameHost refuses a root that the host's first process does not see: the
// keeper, which works in its namespaces, could not reach it.
func sameHost(root string) error {
	here, err := os.Stat(root)
	if err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join("/proc/1/root", root))
	if errors.Is(err, fs.ErrPermission) || (err == nil && os.SameFile(here, there)) {
		return nil
	}
	return &fault.Error{
		Kind: fault.Unsupported, Op: "start the keeper of", Object: root,
		Message: "the directory is not the one that the host sees (this process has a mount namespace of its own)",
		Hint:    "use a --root that is outside of private mounts",
	}
}
