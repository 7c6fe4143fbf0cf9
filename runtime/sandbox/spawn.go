package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
	"neap/runtime/sandbox/stub"
)

// Spawner starts processes. It is safe for use by several goroutines.
type Spawner struct {
	stub *os.File
	kit  *os.File
	nets *stock[*os.File]
	devs *stock[furniture]
	caps uint64 // what the caller may give

	masked []string // DefaultMasked, which looks at every processor

	mu      sync.Mutex
	filters map[string][]byte // compiled default filters by bounding set
}

// New prepares the stub. The caller closes the Spawner.
func New() (*Spawner, error) {
	if stub.Program() == nil {
		return nil, fault.New(fault.Unsupported, "no stub for %s", runtime.GOARCH)
	}
	caps, err := ownCaps()
	if err != nil {
		return nil, fault.Wrap("read", "own capabilities", err)
	}
	file, err := sealed(stub.Program())
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		file, err = hidden(stub.Program())
	}
	if err != nil {
		return nil, fault.Wrap("prepare", "stub", err)
	}
	kit, err := toolkit()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Spawner{stub: file, kit: kit, nets: newStock(newNet), devs: newStock((&Config{}).furnish), caps: caps, masked: DefaultMasked(), filters: map[string][]byte{}}, nil
}

// Close gives up what is kept for the next start. Running processes are not touched.
func (s *Spawner) Close() error {
	s.nets.close()
	s.devs.close()
	return errors.Join(s.stub.Close(), s.kit.Close())
}

// Refill makes anew what the last starts have used, beside what the caller does
// next.
func (s *Spawner) Refill() {
	s.nets.refill()
	s.devs.refill()
}

// Seccomp is Seccomp, remembered.
func (s *Spawner) Seccomp(caps []string) ([]byte, error) {
	key := strings.Join(caps, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if filter, ok := s.filters[key]; ok {
		return filter, nil
	}
	filter, err := Seccomp(caps)
	if err == nil {
		s.filters[key] = filter
	}
	return filter, err
}

// sealed is a program in memory that nobody can change any more.
func sealed(program []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("neap", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 all are executable
		fd, err = unix.MemfdCreate("neap", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, program); err != nil {
		return nil, err
	}
	seals := unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, err
	}
	return os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDONLY, 0)
}

// hidden is the same where programs in memory are forbidden: a file on a
// read-only file system that is mounted nowhere.
func hidden(program []byte) (*os.File, error) {
	dir, err := filesystem("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, option{"mode", "700"})
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	fd, err := unix.Openat(raw(dir), "neap", unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o500)
	if err != nil {
		return nil, err
	}
	_, err = unix.Write(fd, program)
	if err := errors.Join(err, unix.Close(fd)); err != nil {
		return nil, err
	}
	if err := setAttrs(raw(dir), false, unix.MOUNT_ATTR_RDONLY, ""); err != nil {
		return nil, err
	}
	fd, err = unix.Openat(raw(dir), "neap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return os.NewFile(uintptr(fd), "stub"), err
}

// birth is how a list comes to life.
type birth struct {
	exe    string // what errors name
	list   *list
	flags  uintptr // of the clone
	cgroup *os.File
	parent bool
	forks  bool // the process is a child that the stub reports
	init   bool
}

// spawn starts the stub with a list and returns when it waits at the gate.
func (s *Spawner) spawn(ctx context.Context, b birth) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ours, theirs, err := socket()
	if err != nil {
		return nil, fault.Wrap("make", "socket", err)
	}
	text := b.list.encode()
	sent, _ := unix.Write(raw(ours), text) // what fits: the stub then waits for nothing
	p, err := s.clone(b, theirs)
	theirs.Close()
	if err != nil {
		ours.Close()
		return nil, err
	}
	p.gate = ours
	stop := context.AfterFunc(ctx, func() { _ = ours.SetDeadline(time.Unix(1, 0)) })
	if _, err = ours.Write(text[max(sent, 0):]); err == nil || errors.Is(err, unix.EPIPE) {
		err = p.ready(b.forks)
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		p.Abort()
		return nil, refusal(err)
	}
	return p, nil
}

// socket is the pair that a list goes through: our end does not block.
func socket() (ours, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return nil, nil, errors.Join(err, unix.Close(pair[0]), unix.Close(pair[1]))
	}
	return os.NewFile(uintptr(pair[0]), "gate"), os.NewFile(uintptr(pair[1]), "gate"), nil
}

func (s *Spawner) clone(b birth, theirs *os.File) (*Process, error) {
	pidfd := -1
	sys := &syscall.SysProcAttr{Cloneflags: b.flags, PidFD: &pidfd}
	if b.parent {
		sys.Cloneflags |= unix.CLONE_PARENT
	}
	if b.cgroup != nil {
		sys.UseCgroupFD, sys.CgroupFD = true, raw(b.cgroup)
	}
	attr := &syscall.ProcAttr{Sys: sys, Files: make([]uintptr, len(b.list.files))}
	for i, f := range b.list.files {
		if f == nil {
			f = theirs
		}
		if fd := raw(f); fd >= 0 {
			attr.Files[i] = uintptr(fd)
			continue
		}
		return nil, fault.New(fault.Bug, "a descriptor of the launch list is closed: %s", f.Name())
	}
	name := "neap"
	if b.init {
		name = "init"
	}
	// Our own table by number: the child's copy of it is already being rearranged when the path is looked up.
	path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), raw(s.stub))
	pid, err := syscall.ForkExec(path, []string{name}, attr)
	runtime.KeepAlive(b.list)
	if err != nil {
		return nil, fault.Wrap("clone", "", err)
	}
	p := &Process{Pid: pid, exe: b.exe, own: !b.parent, labels: b.list.labels()}
	if pidfd >= 0 {
		p.PidFD = os.NewFile(uintptr(pidfd), "pidfd")
	}
	return p, nil
}

func (l *list) labels() []string {
	labels := make([]string, len(l.ops))
	for i := range l.ops {
		labels[i] = l.ops[i].label
	}
	return labels
}
