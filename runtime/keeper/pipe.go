package keeper

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/output"
)

// pipeSize is the length of an output pipe. Beyond 1,024 pipes of the default
// size a user's other pipes shrink, so these are small.
const pipeSize = 16 << 10

// outputPipe is a pipe whose far end is open for reading too, so that its
// writer never sees a broken pipe, while the near end sees when the last
// writer is gone.
func outputPipe() (near, far *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, nil, err
	}
	near = os.NewFile(uintptr(fds[0]), "output")
	defer unix.Close(fds[1])
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize)
	both, err := unix.Open("/proc/self/fd/"+itoa(fds[1]), unix.O_RDWR|unix.O_CLOEXEC, 0)
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
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	if l.tty, err = pollable(l.tty); err != nil {
		return err
	}
	made.near["tty"], made.near["tty-from"], made.near["tty-to"] = l.tty, from, to
	return nil
}

// pollable is f in a form that the poller waits for. It replaces f.
func pollable(f *os.File) (*os.File, error) {
	if f.SetReadDeadline(time.Time{}) == nil {
		return f, nil
	}
	fd, err := number(f)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	other, err := clone(f)
	return other, errors.Join(err, f.Close())
}

// pump moves what comes from a pipe into its file until the last writer is
// gone.
func (k *keeper) pump(l *life, stream string, sink *output.Sink, from *os.File) {
	defer l.pumps.Done()
	defer sink.Close()
	if from == nil {
		return
	}
	raw, err := from.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := sink.Take(int(fd))
			switch {
			case n > 0:
				l.grown(stream, sink.Size())
			case errors.Is(err, unix.EAGAIN):
				return false
			default:
				return true
			}
		}
	})
}

// pumpTty does the same for a terminal. Its end is EIO: the last one who had
// it open is gone.
func (k *keeper) pumpTty(l *life, sink *output.Sink, tty, from, to *os.File) {
	defer l.pumps.Done()
	defer sink.Close()
	out, err := number(from)
	if err != nil {
		return
	}
	in, err := number(to)
	if err != nil {
		return
	}
	_ = unix.SetNonblock(out, true)
	raw, err := tty.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for {
			for n, _ := sink.Take(out); n > 0; n, _ = sink.Take(out) {
				l.grown(output.Out, sink.Size())
			}
			n, err := unix.Splice(int(fd), nil, in, nil, pipeSize, unix.SPLICE_F_NONBLOCK)
			switch {
			case n > 0, errors.Is(err, unix.EINTR):
			case errors.Is(err, unix.EAGAIN):
				return false
			default:
				return true
			}
		}
	})
}
