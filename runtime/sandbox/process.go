package sandbox

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// Process is what Start and Exec made: a process that waits at its gate, later
// the program itself. PidFD and Tty (nil without a terminal; the master side)
// belong to the caller, who closes them. One of Go and Abort must be called.
type Process struct {
	Pid   int
	PidFD *os.File
	Tty   *os.File

	exe    string
	gate   *os.File
	own    bool // a child of this process, which has to reap it
	labels []string
}

// ExecError is a step of a launch list that the kernel refused. Step is "exec"
// for the program itself.
type ExecError struct {
	Step  string
	Errno unix.Errno
}

// Error reads "STEP: REASON".
func (e *ExecError) Error() string { return e.Step + ": " + e.Errno.Error() }

// Unwrap gives the errno.
func (e *ExecError) Unwrap() error { return e.Errno }

// Go opens the gate. It returns nil once the program was executed; else the
// error wraps an *ExecError, the process is gone and PidFD and Tty are closed.
// A program that is not there is fault.NotFound (shells say 127), one that
// cannot be executed fault.Denied (126).
func (p *Process) Go() error {
	_, err := p.gate.Write([]byte{1})
	if err == nil || errors.Is(err, unix.EPIPE) {
		_, err = p.receive()
	}
	if errors.Is(err, io.EOF) {
		return p.gate.Close()
	}
	if err == nil {
		err = fault.New(fault.Bug, "the stub spoke out of turn")
	}
	p.Abort()
	return fault.Wrap("start", p.exe, refusal(err))
}

// refusal gives what the kernel refused its kind and a hint.
func refusal(err error) error {
	var refused *ExecError
	if !errors.As(err, &refused) {
		return err
	}
	wrapped := fault.Error{Kind: fault.KindOf(refused), Cause: refused}
	denied := refused.Errno == unix.EPERM || refused.Errno == unix.EACCES
	switch {
	case refused.Step == "exec":
		wrapped.Kind, wrapped.Hint = execKind(refused.Errno)
	case denied && (strings.HasPrefix(refused.Step, "limit ") || refused.Step == stepOOM):
		wrapped.Hint = "neap has no CAP_SYS_RESOURCE here: it cannot give more than it was given"
	}
	return &wrapped
}

func execKind(errno unix.Errno) (kind fault.Kind, hint string) {
	switch errno {
	case unix.ENOENT, unix.ENOTDIR:
		return fault.NotFound, "if the file is there, the interpreter or loader it names is not"
	case unix.ENOEXEC:
		return fault.Denied, "it is no program for this machine; a script begins with #!"
	case unix.E2BIG:
		return fault.Invalid, "its arguments and environment are too long"
	}
	return fault.Denied, ""
}

// Abort ends a process that waits at its gate, and closes PidFD and Tty.
func (p *Process) Abort() {
	_ = p.gate.Close()
	if p.PidFD != nil {
		_ = unix.PidfdSendSignal(raw(p.PidFD), unix.SIGKILL, nil, 0) // it may be gone
	}
	if p.own {
		_, _ = p.Wait() // somebody else may have reaped it
	}
	p.closeFiles()
}

func (p *Process) closeFiles() {
	for _, f := range []*os.File{p.PidFD, p.Tty} {
		if f != nil {
			f.Close()
		}
	}
}

// Wait waits for a process that is a child of the caller and reaps it.
func (p *Process) Wait() (unix.WaitStatus, error) { return wait(p.Pid) }

func wait(pid int) (status unix.WaitStatus, err error) {
	for {
		if _, err = unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			return status, err
		}
	}
}

// ready waits until the stub is at its gate, and, if it forks, has said who
// the process is.
func (p *Process) ready(forks bool) error {
	stub, fd, own := p.Pid, p.PidFD, p.own
	if forks && own {
		defer func() { _, _ = wait(stub) }() // its end needs nothing but the kernel
	}
	gate, child := false, !forks
	for !gate || !child {
		m, err := p.receive()
		switch {
		case errors.Is(err, io.EOF):
			return fault.New(fault.Failed, "the process was killed before it began")
		case err != nil:
			return err
		case m.kind == kindReady:
			gate = true
		case m.kind == kindChild && m.file != nil:
			child = true
			fd.Close()
			p.Pid, p.PidFD = int(m.value), m.file
		}
	}
	return nil
}

type message struct {
	kind, index uint32
	value       uint64
	file        *os.File
}

// receive reads one message; what the kernel refused becomes the error.
func (p *Process) receive() (message, error) {
	b, control := make([]byte, messageSize), make([]byte, unix.CmsgSpace(4))
	n, rights, err := recv(p.gate, b, control)
	if err != nil {
		return message{}, err
	}
	if n < messageSize {
		return message{}, io.EOF
	}
	m := message{kind: binary.NativeEndian.Uint32(b), index: binary.NativeEndian.Uint32(b[4:]), value: binary.NativeEndian.Uint64(b[8:])}
	if m.kind == kindError {
		refused := &ExecError{Step: "receive the launch list", Errno: unix.Errno(m.value)}
		if int(m.index) < len(p.labels) {
			refused.Step = p.labels[m.index]
		}
		return m, refused
	}
	m.file = passed(control[:rights])
	return m, nil
}

func recv(gate *os.File, b, control []byte) (n, rights int, err error) {
	conn, err := gate.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var failed error
	err = conn.Read(func(fd uintptr) bool {
		n, rights, _, _, failed = unix.Recvmsg(int(fd), b, control, unix.MSG_CMSG_CLOEXEC)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	if errors.Is(failed, unix.ECONNRESET) { // it ended with something unread: the gate's byte
		return 0, 0, nil
	}
	return n, rights, errors.Join(err, failed)
}

func passed(control []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	return os.NewFile(uintptr(fds[0]), "pidfd")
}
