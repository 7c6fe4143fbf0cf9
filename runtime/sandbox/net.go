package sandbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Net gives a new network namespace in which nothing is but lo, which is up:
// see Namespace. The caller closes it.
func (s *Spawner) Net() (*os.File, error) {
	one, err := s.nets.take()
	return one, fault.Wrap("make", "network namespace", err)
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
