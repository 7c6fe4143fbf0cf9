package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// errDetached says that the detach keys were typed.
var errDetached = errors.New("detached")

// Feed copies what from gives to the writer until its end, or until ctx ends.
// It takes nothing from it that it does not pass on, except what it holds when
// writing fails. Its error is that of reading; a writer that takes no more
// ends it without one.
func Feed(ctx context.Context, from *os.File, to io.Writer) error {
	in, err := dup(from)
	if err != nil {
		return err
	}
	defer unix.Close(in)
	return feed(ctx, in, to, &matcher{}, &sync.Mutex{})
}

// dup is a descriptor of our own, which nobody closes meanwhile.
func dup(f *os.File) (fd int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	wrong := raw.Control(func(from uintptr) { fd, err = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(wrong, err)
}

// feed passes input on until ctx ends. It holds reading while it waits for input
// and takes it, but not while it writes: who gets hold of it after ctx has ended
// knows that nothing is taken any more.
func feed(ctx context.Context, in int, to io.Writer, keys *matcher, reading sync.Locker) error {
	stopped, stop, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stopped.Close()
	defer stop.Close()
	defer context.AfterFunc(ctx, func() { _ = stop.Close() })()
	end := int(stopped.Fd())
	buf := make([]byte, 32<<10)
	for {
		n, err := take(ctx, in, end, buf, reading)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n == 0 {
			return ended(err)
		}
		on, detached := keys.pass(buf[:n])
		if _, err := to.Write(on); err != nil {
			return nil //nolint:nilerr // the program reads no more
		}
		if detached {
			return errDetached
		}
	}
}

// take waits for input and reads it; 0 is the end of it, or of ctx.
func take(ctx context.Context, in, end int, buf []byte, reading sync.Locker) (int, error) {
	reading.Lock()
	defer reading.Unlock()
	if ctx.Err() != nil {
		return 0, nil
	}
	if ready, err := readable(in, end); err != nil || !ready {
		return 0, err
	}
	return unix.Read(in, buf)
}

// ended is the error of a read; a terminal that is gone is just an end.
func ended(err error) error {
	if errors.Is(err, unix.EIO) {
		return nil
	}
	return err
}

// readable waits until there is input; false when end was closed.
func readable(in, end int) (bool, error) {
	for {
		fds := []unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}, {Fd: int32(end), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return false, err
		}
		if fds[1].Revents != 0 {
			return false, nil
		}
		return true, nil
	}
}
