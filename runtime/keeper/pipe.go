package keeper

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is the length of an output pipe. Beyond 1,024 pipes of the default
// size a user's other pipes shrink, so these are small.
const pipeSize = 16 << 10

// outputPipe is a pipe whose far end is open for reading too, so that its
// writer never sees a broken pipe, while the near end sees when the last
// writer is gone.
func outputPipe() (near, far *os.File, err error) {
	near, to, err := blockingPipe()
	if err != nil {
		return nil, nil, err
	}
	defer to.Close()
	_, _ = unix.FcntlInt(to.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	both, err := unix.Open("/proc/self/fd/"+itoa(int(to.Fd())), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, errors.Join(err, near.Close())
	}
	return near, os.NewFile(uintptr(both), "output"), nil
}

func clone(f *os.File) (*os.File, error) {
	fd, err := number(f)
	if err != nil {
		return nil, err
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n), f.Name()), nil
}

// bufferTty makes the pipe through which a terminal's output goes, since
// splice wants one: held too, so that what is in it outlives this keeper.
func (k *keeper) bufferTty(made *pipes, l *life) error {
	from, to, err := blockingPipe()
	if err != nil {
		return err
	}
	made.near["tty"], made.near["tty-from"], made.near["tty-to"] = l.tty, from, to
	fd, err := number(l.tty)
	if err != nil {
		return err
	}
	return unix.SetNonblock(fd, true)
}

// blockingPipe is a pipe that Go's poller knows nothing of.
func blockingPipe() (from, to *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe"), nil
}
