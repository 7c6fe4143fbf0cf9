package sandbox

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// spare is how many network namespaces wait to be used.
const spare = 2

// nets makes network namespaces before they are asked for: one costs as much
// as all other namespaces together.
type nets struct {
	ready chan net
	ended chan struct{}
}

type net struct {
	file *os.File
	err  error
}

func newNets() *nets {
	n := &nets{make(chan net, spare), make(chan struct{})}
	go n.keep()
	return n
}

// keep fills what was taken, on a thread of its own that is the host's again
// whenever it waits.
func (n *nets) keep() {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	for {
		file, err := newNet()
		select {
		case n.ready <- net{file, err}:
		case <-n.ended:
			if file != nil {
				file.Close()
			}
			return
		}
	}
}

func (n *nets) close() {
	close(n.ended)
	for {
		select {
		case one := <-n.ready:
			if one.file != nil {
				one.file.Close()
			}
		default:
			return
		}
	}
}

// Net gives a new network namespace in which nothing is but lo, which is up:
// see Namespace. The caller closes it.
func (s *Spawner) Net() (*os.File, error) {
	one := <-s.nets.ready
	return one.file, fault.Wrap("make", "network namespace", one.err)
}

const ownNet = "/proc/thread-self/ns/net"

// newNet makes a namespace and comes back. Preconditions: the thread is locked.
func newNet() (made *os.File, err error) {
	home, err := unix.Open(ownNet, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(home)
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	fd, err := unix.Open(ownNet, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		made = os.NewFile(uintptr(fd), "network namespace")
		err = raiseLoopback()
	}
	if err = errors.Join(err, unix.Setns(home, unix.CLONE_NEWNET)); err != nil && made != nil {
		made.Close()
		return nil, err
	}
	return made, err
}

// raiseLoopback brings lo up in the thread's namespace.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}
