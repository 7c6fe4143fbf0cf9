// Package warden is the parent of the keeper and, by CLONE_PARENT, of every
// container's first process.
//
// It knows descriptors by name, children and their statuses, and nothing else:
// no container, no image, no file but the links it leaves for the keeper. It
// reaps, writes down each status, holds what must outlive the keeper, and
// starts the keeper again when it dies.
package warden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/cgroup"
	"neap/runtime/process"
	"neap/runtime/store"
)

// Role and KeeperRole are argument 0 of the two long-lived processes.
const (
	Role       = "neap-warden"
	KeeperRole = "neap-keeper"
)

// What a role finds open when it starts.
const (
	wireFD  = 3 // of the keeper
	readyFD = 4 // of the keeper: a byte when it listens, or why it cannot
	fromFD  = 3 // of a warden that a keeper without one started: its descriptors
)

// Exits is where the links lie that say how a process ended: PID-TICKS →
// "STATUS NANOSECONDS UNBORN".
const Exits = "exits"

type warden struct {
	root  string
	exits store.Dir
	mu    sync.Mutex
	held  map[string]int // numbers: an os.File would have Go's poller wake up for each byte of output
	wire  *wire          // nil while there is no keeper
}

// Main is the warden's life. It returns when the keeper left for good, or
// could not start the first time.
//
// Preconditions: started by Start or Again.
func Main(root string) error {
	closeStrays()
	limitless()
	s, err := store.Open(root)
	if err != nil {
		return err
	}
	defer s.Close()
	wait, cancel := context.WithTimeout(context.Background(), time.Second) // a caller may be looking at it
	defer cancel()
	lock, err := s.Run.Lock(wait, "keeper.lock", store.Exclusive)
	if err != nil {
		return errors.Join(err, errKept)
	}
	defer lock.Unlock()
	tree, err := cgroup.Open(s.Name("neap"))
	if err != nil {
		return err
	}
	if err := tree.Keeper(); err != nil {
		return err
	}
	w := &warden{root: root, held: map[string]int{}}
	if w.exits, err = s.Run.Sub(Exits); err != nil {
		return err
	}
	defer w.exits.Close()
	return errors.Join(w.keep(), tree.Leave())
}

// closeStrays closes what the starter left open without meaning to: every
// descriptor of this program is close-on-exec, so the others are not its own.
func closeStrays() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= readyFD {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// keep starts the keeper again and again until one leaves for good (status 0)
// or the first one cannot start (status 1).
func (w *warden) keep() error {
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE)
	ready := inherited(readyFD, "ready")
	w.adopt()
	pause := time.Duration(0)
	for {
		started := time.Now()
		status, err := w.round(children, ready)
		if err != nil {
			return err
		}
		if left := status.ExitStatus() == 0; left || (ready != nil && status.ExitStatus() == 1) {
			return nil
		}
		ready = nil
		pause = nextPause(pause, time.Since(started))
		time.Sleep(pause)
	}
}

// nextPause is the back-off: none after a good life, else doubling to a second.
func nextPause(last, lived time.Duration) time.Duration {
	switch {
	case lived > 10*time.Second:
		return 0
	case last == 0 && lived > 50*time.Millisecond:
		return 0
	case last == 0:
		return 10 * time.Millisecond
	default:
		return min(2*last, time.Second)
	}
}

// inherited is a descriptor that the starter left open on purpose. One that is
// close-on-exec is not: it is this program's own.
func inherited(fd int, name string) *os.File {
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
		return nil
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

// adopt takes what a keeper that lost its warden hands over.
func (w *warden) adopt() {
	f := inherited(fromFD, "keeper")
	if f == nil {
		return
	}
	defer f.Close()
	for from := (wire{f}); ; {
		words, fd, err := from.receive()
		if err != nil {
			return // the keeper has ended: another may begin
		}
		if words[0] == "hold" && fd >= 0 {
			w.held[words[1]] = fd
		}
		if words[0] == "end" {
			_ = from.send(-1, "have")
		}
	}
}

// round is the life of one keeper; it ends with the keeper's status.
func (w *warden) round(children <-chan os.Signal, ready *os.File) (unix.WaitStatus, error) {
	near, far, err := pair()
	if err != nil {
		return 0, err
	}
	defer near.Close()
	files := []uintptr{0, 1, 2, far.Fd()}
	if ready != nil {
		files = append(files, ready.Fd())
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{KeeperRole, w.root}, &syscall.ProcAttr{
		Dir: "/", Files: files, Env: []string{},
	})
	if ready != nil {
		_ = ready.Close() // the starter waits for its end
	}
	if err := errors.Join(err, far.Close()); err != nil {
		return 0, fmt.Errorf("start the keeper: %w", err)
	}
	w.welcome(&wire{near})
	go w.listen(&wire{near})
	defer w.welcome(nil)
	return w.reapUntil(pid, children), nil
}

// welcome tells a new keeper what is held. Exits that come from now on are
// told too; those before are links that it reads.
func (w *warden) welcome(to *wire) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wire = to
	if to == nil {
		return
	}
	for name, fd := range w.held {
		if to.send(fd, "held %s", name) != nil {
			return
		}
	}
	_ = to.send(-1, "ready")
}

// listen does what the keeper asks until its end of the wire closes.
func (w *warden) listen(from *wire) {
	for {
		words, fd, err := from.receive()
		if err != nil {
			return
		}
		w.mu.Lock()
		switch words[0] {
		case "hold":
			w.drop(words[1])
			if fd >= 0 {
				w.held[words[1]] = fd
			}
		case "drop":
			for _, name := range words[1:] {
				w.drop(name)
			}
		}
		w.mu.Unlock()
	}
}

func (w *warden) drop(name string) {
	if fd, ok := w.held[name]; ok {
		_ = unix.Close(fd)
		delete(w.held, name)
	}
}

// reapUntil reaps every child that ends, until the keeper itself does.
func (w *warden) reapUntil(keeper int, children <-chan os.Signal) unix.WaitStatus {
	for {
		for {
			pid, status, more := w.reap(keeper)
			if !more {
				break
			}
			if pid == keeper {
				return status
			}
		}
		<-children
	}
}

// reap takes one ended child. Its status is written down before it is reaped:
// whoever is killed in between, the zombie or the link tells.
func (w *warden) reap(keeper int) (pid int, status unix.WaitStatus, more bool) {
	var ended unix.Siginfo
	if err := unix.Waitid(unix.P_ALL, 0, &ended, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil); err != nil {
		return 0, 0, false
	}
	pid = endedPid(&ended)
	if pid == 0 {
		return 0, 0, false
	}
	if pid != keeper {
		w.record(pid)
	}
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		return 0, 0, false
	}
	return pid, status, true
}

func (w *warden) record(pid int) {
	stat, err := process.ReadStat(pid)
	if err != nil {
		return
	}
	now := time.Now().UnixNano()
	_ = w.exits.Claim(fmt.Sprintf("%d-%d", pid, stat.Ticks), fmt.Sprintf("%d %d %t", stat.Code, now, stat.Name == process.Gate))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wire != nil {
		_ = w.wire.send(-1, "exit %d %d %d %d %t", pid, stat.Ticks, stat.Code, now, stat.Name == process.Gate)
	}
}
