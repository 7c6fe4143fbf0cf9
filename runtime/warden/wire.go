package warden

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A wire carries short messages, each with at most one descriptor, between the
// warden and its keeper: a SOCK_SEQPACKET pair.
//
//	keeper → warden   hold NAME +fd     keep this descriptor under this name
//	                  drop NAME...      close them
//	                  end               these were all (to a new warden)
//	warden → keeper   held NAME +fd     one for each that is held, at the start
//	                  ready             these were all
//	                  exit PID TICKS STATUS NANOSECONDS UNBORN
//	                  have              the answer to end
type wire struct{ f *os.File }

// longest bounds a message, which drops so many names at most.
const (
	longest = 1024
	dropped = 4
)

func (w wire) send(fd int, format string, args ...any) error {
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	raw, err := w.f.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := raw.Write(func(s uintptr) bool {
		sent = unix.Sendmsg(int(s), fmt.Appendf(nil, format, args...), rights, nil, unix.MSG_NOSIGNAL)
		return !errors.Is(sent, unix.EAGAIN)
	}); err != nil {
		return err
	}
	return sent
}

// sendFile is send with the descriptor of f, which stays as it is: f.Fd would
// take it from the poller.
func (w wire) sendFile(f *os.File, format string, args ...any) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	return errors.Join(raw.Control(func(fd uintptr) { sent = w.send(int(fd), format, args...) }), sent)
}

// receive waits for a message. The descriptor, which the caller closes, is -1
// if it has none. The other side's end is io.EOF.
func (w wire) receive() (words []string, fd int, err error) {
	raw, err := w.f.SyscallConn()
	if err != nil {
		return nil, -1, err
	}
	text, oob := make([]byte, longest), make([]byte, unix.CmsgSpace(4))
	var n, oobn int
	var got error
	if err := raw.Read(func(s uintptr) bool {
		n, oobn, _, _, got = unix.Recvmsg(int(s), text, oob, unix.MSG_CMSG_CLOEXEC)
		return !errors.Is(got, unix.EAGAIN)
	}); err != nil {
		return nil, -1, err
	}
	if got != nil {
		return nil, -1, got
	}
	if n == 0 {
		return nil, -1, io.EOF
	}
	fd = -1
	if oobn > 0 {
		fd, err = descriptor(oob[:oobn])
	}
	return strings.Fields(string(text[:n])), fd, err
}

func descriptor(oob []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return -1, errors.Join(err, errors.New("control message without content"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return -1, errors.Join(err, errors.New("control message without descriptor"))
	}
	return fds[0], nil
}

// pair makes the two ends of a wire, close-on-exec, the near one for the
// poller.
func pair() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "warden"), os.NewFile(uintptr(fds[1]), "keeper"), nil
}
