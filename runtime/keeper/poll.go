package keeper

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// poll waits for many descriptors in one goroutine: a container that does
// nothing has no stack of its own.
type poll struct {
	epoll *os.File
	mu    sync.Mutex
	last  int32
	waits map[int32]*wait
}

// wait is one descriptor that is waited for: once whenever it is armed.
type wait struct {
	in    *poll
	fd    int
	key   int32
	ready func()
	added bool
}

func newPoll() (*poll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // for Go's own poller, which waits for ours
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &poll{epoll: os.NewFile(uintptr(fd), "epoll"), waits: map[int32]*wait{}}, nil
}

// run tells who is ready, each in a goroutine of its own.
func (p *poll) run() {
	raw, err := p.epoll.SyscallConn()
	if err != nil {
		return
	}
	events := make([]unix.EpollEvent, 32)
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := unix.EpollWait(int(fd), events, 0)
			if n == 0 || (err != nil && !errors.Is(err, unix.EINTR)) {
				return false
			}
			p.tell(events[:max(n, 0)])
		}
	})
}

func (p *poll) tell(events []unix.EpollEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		if w := p.waits[e.Fd]; w != nil {
			go w.ready()
		}
	}
}

// wait makes a wait for a descriptor that is not armed yet. ready will be
// called when there is something to read, an error or the end. The caller stops
// it before it closes the descriptor.
func (p *poll) wait(fd int, ready func()) *wait {
	w := &wait{in: p, fd: fd, ready: ready}
	p.mu.Lock()
	defer p.mu.Unlock()
	for w.key = p.last + 1; p.waits[w.key] != nil; w.key++ {
	}
	p.last = w.key
	p.waits[w.key] = w
	return w
}

// arm has ready called once; what was done before arm, ready sees. Between arm
// and that call, and after stop, only stop may be called.
func (w *wait) arm() {
	how := unix.EPOLL_CTL_ADD
	w.in.mu.Lock()
	if w.added {
		how = unix.EPOLL_CTL_MOD
	}
	w.added = true
	w.in.mu.Unlock()
	if w.in.control(how, w) != nil {
		go w.alone() // out of memory or of watches: a thread does it too
	}
}

func (p *poll) control(how int, w *wait) error {
	fd, err := number(p.epoll)
	if err != nil {
		return err
	}
	return unix.EpollCtl(fd, how, w.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: w.key})
}

// alone waits without the help of epoll.
func (w *wait) alone() {
	set := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(set, -1); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	w.in.tell([]unix.EpollEvent{{Fd: w.key}})
}

// stop has ready called no more; a call that is under way goes on.
func (w *wait) stop() {
	w.in.mu.Lock()
	delete(w.in.waits, w.key)
	added := w.added
	w.in.mu.Unlock()
	if added {
		_ = w.in.control(unix.EPOLL_CTL_DEL, w)
	}
}
