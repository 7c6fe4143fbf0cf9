package keeper

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/process"
	"neap/runtime/warden"
)

// accept serves connections until the listener closes.
func (k *keeper) accept(listener *net.UnixListener) {
	for {
		c, err := listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			k.Log("accept: %v", err)
			time.Sleep(10 * time.Millisecond) // out of descriptors: let some end
			continue
		}
		if !k.enter() {
			_ = c.Close()
			return
		}
		go k.serve(conn{c})
	}
}

// peer is the process at the other end.
type peer int

// ticks is when it began; 0 if it is gone.
func (p peer) ticks() uint64 {
	stat, err := process.ReadStat(int(p))
	if err != nil {
		return 0
	}
	return stat.Ticks
}

// serve answers the one request of a connection.
func (k *keeper) serve(c conn) {
	defer k.exit()
	defer c.Close()
	who, err := credentials(c)
	if err != nil {
		k.Log("refused: %v", err)
		return
	}
	var r request
	files, err := c.receive(&r)
	if err != nil {
		return
	}
	defer closeAll(files)
	if err := k.answer(c, who, r, files); err != nil && !errors.Is(err, io.EOF) {
		k.Log("%s: %v", r.Verb, err)
	}
}

// credentials lets in root and whoever runs the keeper.
func credentials(c conn) (peer, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var got error
	if err := raw.Control(func(fd uintptr) {
		cred, got = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if got != nil {
		return 0, got
	}
	if cred.Uid != 0 && int(cred.Uid) != os.Geteuid() {
		return 0, fault.New(fault.Denied, "user %d", cred.Uid)
	}
	return peer(cred.Pid), nil
}

// answer does one request. Its error is that of the connection.
func (k *keeper) answer(c conn, who peer, r request, files []*os.File) (err error) {
	defer func() {
		if did := recover(); did != nil {
			k.Log("panic in %s: %v\n%s", r.Verb, did, debug.Stack())
			err = c.send(answer{Fault: &problem{Kind: fault.Bug, Message: "the keeper: " + r.Verb + ": see keeper.log"}})
		}
	}()
	if r.Version != k.Version {
		return c.send(answer{Fault: pack(&fault.Error{
			Kind: fault.Unsupported, Message: "the keeper of this root is of another version of neap (" + k.Version + ")",
			Hint: "it leaves by itself when nothing runs; or stop what runs",
		})})
	}
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	switch r.Verb {
	case "start":
		return k.serveStart(ctx, c, r, files)
	case "await":
		return k.serveAwait(c, r)
	case "exec":
		return k.serveExec(ctx, c, who, r, files)
	case "input":
		return k.serveInput(c, r)
	case "lease":
		l := lease{Pid: int(who), Ticks: who.ticks()}
		if r.Seconds > 0 {
			l = lease{Until: k.Clock().Add(time.Duration(r.Seconds * float64(time.Second)))}
		}
		return reply(c, k.setLease(r.ID, l))
	case "unlease":
		return reply(c, k.dropLease(r.ID))
	case "scope":
		return k.serveScope(c, r.ID)
	case "cancel":
		return reply(c, k.cancelRestart(ctx, r.ID))
	case "settle":
		return reply(c, k.Work.Settle(ctx))
	case "alive":
		return c.send(answer{Event: "ok", Alive: k.alive()})
	default:
		return reply(c, fault.New(fault.Bug, "the keeper does not know %q", r.Verb))
	}
}

func reply(c conn, err error) error {
	return c.send(answer{Event: "ok", Fault: pack(err)})
}

func (k *keeper) alive() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := make([]string, 0, len(k.lives))
	for id := range k.lives {
		ids = append(ids, id)
	}
	return ids
}

func first(files []*os.File) *os.File {
	if len(files) == 0 {
		return nil
	}
	return files[0]
}

func (k *keeper) serveStart(ctx context.Context, c conn, r request, files []*os.File) error {
	k.cancel("restart/" + r.ID)
	l, err := k.start(ctx, r.ID, r.Start, first(files))
	if errors.Is(err, warden.ErrGone) {
		return err // no answer: the next keeper is asked
	}
	if err != nil {
		return c.send(answer{Fault: pack(err)})
	}
	if l == nil { // it was started, and ended, before
		if err := c.send(answer{Event: "started", Start: r.Start}); err != nil || !r.Attach {
			return err
		}
		return k.sendEnded(c, r)
	}
	if r.Attach {
		l.reading(1)
		defer l.reading(-1)
	}
	var input []*os.File
	if l.input != nil && r.Attach {
		input = append(input, l.input)
	} else if l.tty != nil && r.Attach {
		input = append(input, l.tty)
	}
	if err := c.send(answer{Event: "started", Start: l.start, Pid: l.pid}, input...); err != nil || !r.Attach {
		return err
	}
	return k.serveEnd(c, l)
}

// serveEnd tells an attached caller of new output and of the end, waits until
// it has read all and says so by hanging up, and hangs up itself once a
// container with AutoRemove is gone.
func (k *keeper) serveEnd(c conn, l *life) error {
	gone := hangup(c)
	if err := k.serveGrowth(c, l, gone); err != nil {
		return err
	}
	removes := l.removes
	if removes && l.size() == [2]int64{} { // there is nothing to read
		l.settle()
		removes = false
	}
	if err := c.send(answer{Event: "ended", Start: l.start, Ended: true, Removes: removes, Ending: &l.end}); err != nil {
		return err
	}
	<-gone
	if removes {
		l.settle()
	}
	return nil
}

// serveGrowth tells of new output until the end. One message says it all until
// it is read.
func (k *keeper) serveGrowth(c conn, l *life, gone <-chan struct{}) error {
	var told [2]int64
	for {
		more, changed := l.beyond(told[0], told[1])
		if more {
			told = l.size()
			if c.unread() > 0 {
				continue
			}
			if err := c.send(answer{Event: "output", Start: l.start}); err != nil {
				return err
			}
			continue
		}
		select {
		case <-l.ended:
			return nil
		case <-changed:
		case <-gone:
			return io.EOF
		}
	}
}

// hangup is closed when the other side is gone. Nothing may be read after it.
func hangup(c conn) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		raw, err := c.SyscallConn()
		if err != nil {
			return
		}
		_ = raw.Read(func(fd uintptr) bool {
			set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
			n, err := unix.Poll(set, 0)
			return err != nil || (n > 0 && set[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0)
		})
	}()
	return gone
}

// sendEnded tells of an end that is on record.
func (k *keeper) sendEnded(c conn, r request) error {
	last, err := k.Containers.With(r.ID).Last()
	if err != nil {
		return c.send(answer{Fault: pack(err)})
	}
	return c.send(answer{Event: "ended", Ended: true, Start: last.Start, Ending: &Ending{
		Start: last.Start, Code: last.Code, Signal: last.Signal, Unknown: last.Unknown, OOM: last.OOM, Time: last.Ended,
	}})
}

// serveAwait answers when the start has ended, or when its output is longer
// than the offsets if it was asked for.
func (k *keeper) serveAwait(c conn, r request) error {
	gone := hangup(c)
	l, err := k.find(r, gone)
	if err != nil {
		return err
	}
	if l == nil {
		return k.sendEnded(c, r)
	}
	for {
		var changed <-chan struct{}
		if r.Output {
			more, wait := l.beyond(r.Out, r.Err)
			if more {
				return c.send(answer{Event: "output", Start: l.start})
			}
			changed = wait
		}
		select {
		case <-l.ended:
			if l.end.Unborn { // somebody starts it again
				return k.serveAwait(c, r)
			}
			return c.send(answer{Event: "ended", Ended: true, Start: l.start, Ending: &l.end})
		case <-gone:
			return io.EOF
		case <-changed:
		}
	}
}

// find gives the life of the start that is asked for; nil if it is over. One
// that is under way is waited for.
func (k *keeper) find(r request, gone <-chan struct{}) (*life, error) {
	for {
		if l := k.life(r.ID); l != nil && (r.Start == 0 || l.start == r.Start) {
			return l, nil
		}
		last, err := k.Containers.With(r.ID).Last()
		if err != nil || !last.Ended.IsZero() || last.Start == 0 || (r.Start > 0 && last.Start != r.Start) {
			return nil, nil
		}
		select {
		case <-gone:
			return nil, io.EOF
		case <-time.After(time.Millisecond):
		}
	}
}

// serveInput hands out the writing end of what the container reads: its
// detached input, or its terminal.
func (k *keeper) serveInput(c conn, r request) error {
	l := k.life(r.ID)
	switch {
	case l == nil:
		return reply(c, fault.New(fault.Conflict, "it does not run"))
	case l.tty != nil:
		return c.send(answer{Event: "ok"}, l.tty)
	case l.input != nil:
		return c.send(answer{Event: "ok"}, l.input)
	default:
		return c.send(answer{Event: "ok"})
	}
}
