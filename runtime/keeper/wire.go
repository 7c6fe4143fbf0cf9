package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// The socket is SOCK_SEQPACKET: one message is one JSON object, with its
// descriptors attached. A connection carries one request:
//
//	caller → keeper   request
//	keeper → caller   "started" (start, exec)
//	                  "ended"   (start with Attach, await, exec)
//	                  "output"  (start with Attach, await) or "ok" (the others)
//
// An attached caller ends its side of the connection when it has read the
// output: until then the files of a container with AutoRemove stay. The keeper
// ends its side when they are gone.
//
// Whoever asked and got no answer asks again with the same request: start is
// idempotent by its number, exec by its id, the others by nature.

// socketName is the socket's name below run/.
const socketName = "keeper.sock"

// largest bounds a message.
const largest = 192 << 10

// request is what a caller asks.
type request struct {
	Verb    string   `json:"verb"`
	Version string   `json:"version,omitempty"`
	ID      string   `json:"id,omitempty"`
	Start   int      `json:"start,omitempty"`
	Attach  bool     `json:"attach,omitempty"`
	Out     int64    `json:"out,omitempty"`
	Err     int64    `json:"err,omitempty"`
	Output  bool     `json:"output,omitempty"` // await: growth of the output too
	Seconds float64  `json:"seconds,omitempty"`
	Exec    *Program `json:"exec,omitempty"`
}

// answer is one message back.
type answer struct {
	Event   string   `json:"event,omitempty"`
	Fault   *problem `json:"fault,omitempty"`
	Pid     int      `json:"pid,omitempty"`
	Start   int      `json:"start,omitempty"`
	Ended   bool     `json:"ended,omitempty"`
	Ending  *Ending  `json:"ending,omitempty"`
	Removes bool     `json:"removes,omitempty"` // the end of the connection tells that the container is gone
	Alive   []string `json:"alive,omitempty"`
}

// problem is a fault.Error on its way between processes.
type problem struct {
	Kind    fault.Kind `json:"kind"`
	Op      string     `json:"op,omitempty"`
	Object  string     `json:"object,omitempty"`
	Message string     `json:"message,omitempty"`
	Hint    string     `json:"hint,omitempty"`
	Code    int        `json:"code,omitempty"`
}

// Unstarted is the Detail of an error of a program that could not be
// executed: 126 or 127 as the shell has it.
type Unstarted struct{ Code int }

func pack(err error) *problem {
	if err == nil {
		return nil
	}
	p := &problem{Kind: fault.KindOf(err), Message: err.Error()}
	var known *fault.Error
	if errors.As(err, &known) {
		p.Op, p.Object, p.Message, p.Hint = known.Op, known.Object, known.Message, known.Hint
		if known.Cause != nil {
			p.Message = joined(known.Message, known.Cause.Error())
		}
		if u, ok := known.Detail.(Unstarted); ok {
			p.Code = u.Code
		}
	}
	return p
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ": " + b
}

func (p *problem) unpack() error {
	if p == nil {
		return nil
	}
	e := &fault.Error{Kind: p.Kind, Op: p.Op, Object: p.Object, Message: p.Message, Hint: p.Hint}
	if p.Code != 0 {
		e.Detail = Unstarted{p.Code}
	}
	return e
}

// conn is one connection.
type conn struct{ *net.UnixConn }

func (c conn) send(v any, files ...*os.File) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(body) > largest {
		return fault.New(fault.Invalid, "the request is %d bytes long; %d are allowed", len(body), largest)
	}
	var fds []int
	for _, f := range files {
		fd, err := number(f)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(body, rights, nil)
	return err
}

// unread is how much of what was sent the other side has not read yet.
func (c conn) unread() (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}

// number is f's descriptor, without taking it from the poller as Fd does.
func number(f *os.File) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	n := -1
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}

// receive waits for a message and fills v. The files are the caller's.
func (c conn) receive(v any) ([]*os.File, error) {
	length, err := c.next()
	if err != nil {
		return nil, err
	}
	if length == 0 {
		return nil, io.EOF
	}
	body, oob := make([]byte, length), make([]byte, unix.CmsgSpace(8*4))
	n, oobn, _, _, err := c.ReadMsgUnix(body, oob)
	if err != nil {
		return nil, err
	}
	files, err := descriptors(oob[:oobn])
	if err == nil {
		err = json.Unmarshal(body[:n], v)
	}
	if err != nil {
		closeAll(files)
		return nil, fmt.Errorf("message: %w", err)
	}
	return files, nil
}

// next waits for a message and is its length; 0 is the end. A longer one than
// largest is cut, and so is no message.
func (c conn) next() (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var got error
	err = raw.Read(func(fd uintptr) bool {
		n, _, got = unix.Recvfrom(int(fd), nil, unix.MSG_PEEK|unix.MSG_TRUNC)
		return !errors.Is(got, unix.EAGAIN)
	})
	return min(n, largest), errors.Join(err, got)
}

func descriptors(oob []byte) ([]*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// address is the socket's path through a descriptor of its directory, so that
// long roots fit into sun_path.
func address(dir *os.File) *net.UnixAddr {
	return &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName), Net: "unixpacket"}
}
