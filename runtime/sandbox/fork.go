package sandbox

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// A fork is what report needs to know of a clone; nil is none.
type fork struct {
	op      int    // the clone
	control uint64 // where in the data its pidfd is packed up
}

// fork makes a child with the stub's parent that goes on with the list, in new
// namespaces by flags; the stub reports it and ends. With a cgroup it is born
// there.
func (l *list) fork(flags uintptr, cgroup *os.File) *fork {
	pidfd := l.passing()
	all := uint64(flags) | unix.CLONE_PARENT | unix.CLONE_PIDFD
	if cgroup == nil {
		l.call("clone", unix.SYS_CLONE, num(all|uint64(unix.SIGCHLD)), num(0), pidfd)
	} else {
		// The exit signal is the stub's own: with CLONE_PARENT none may be given.
		at := l.room(11 * 8) // struct clone_args
		binary.NativeEndian.PutUint64(l.data[at:], all|unix.CLONE_INTO_CGROUP)
		l.point(at+8, pidfd.value)
		binary.NativeEndian.PutUint64(l.data[at+80:], l.fd(cgroup).value)
		l.call("clone into the cgroup", unix.SYS_CLONE3, arg{value: at, kind: address}, num(11*8))
	}
	l.ops[len(l.ops)-1].to(slotChild).when(positive, 0)
	return &fork{len(l.ops) - 1, pidfd.value - unix.SizeofCmsghdr}
}

// passing is where the clone writes the pidfd: into the control message that
// report sends.
func (l *list) passing() arg {
	at := l.room(24)
	binary.NativeEndian.PutUint64(l.data[at:], unix.SizeofCmsghdr+4)
	binary.NativeEndian.PutUint32(l.data[at+8:], unix.SOL_SOCKET)
	binary.NativeEndian.PutUint32(l.data[at+12:], unix.SCM_RIGHTS)
	return arg{value: at + unix.SizeofCmsghdr, kind: address}
}

// report is the parent's side of fork; it stands after all that the child does.
func (l *list) report(forked *fork) {
	if forked == nil {
		return
	}
	l.jumpHere(forked.op)
	iov := l.room(32)
	l.point(iov, l.words(kindChild).value)
	binary.NativeEndian.PutUint64(l.data[iov+8:], 8)
	l.pointSlot(iov+16, slotChild)
	binary.NativeEndian.PutUint64(l.data[iov+24:], 8)
	header := l.room(unix.SizeofMsghdr)
	l.point(header+16, iov)
	binary.NativeEndian.PutUint64(l.data[header+24:], 2)
	l.point(header+32, forked.control)
	binary.NativeEndian.PutUint64(l.data[header+40:], 24)
	l.call("report the process", unix.SYS_SENDMSG, num(syncFD), arg{value: header, kind: address}, num(0))
	l.call("end", unix.SYS_EXIT_GROUP, num(0))
}

// leave is the parent's side of a fork whose child goes on alone.
func (l *list) leave(moved *fork) {
	if moved == nil {
		return
	}
	l.jumpHere(moved.op)
	l.call("end", unix.SYS_EXIT_GROUP, num(0))
}

// forkInit makes the child that becomes the program, while the stub is process
// 1 with all signals blocked.
func (l *list) forkInit(tty bool) int {
	all, none := l.words(^uint64(0)), l.words(0)
	l.call("name process 1", unix.SYS_PRCTL, num(unix.PR_SET_NAME), l.str("init"), num(0), num(0), num(0))
	l.call("block signals", unix.SYS_RT_SIGPROCMASK, num(unix.SIG_BLOCK), all, num(0), num(8))
	l.call("clone", unix.SYS_CLONE, num(int(unix.SIGCHLD)), num(0), num(0)).to(slotChild).when(positive, 0)
	forked := len(l.ops) - 1
	l.session(tty)
	l.call("unblock signals", unix.SYS_RT_SIGPROCMASK, num(unix.SIG_SETMASK), none, num(0), num(8))
	return forked
}

// jumpHere makes the parent of a fork go on with the next operation.
func (l *list) jumpHere(forked int) {
	l.ops[forked].on[0].skip = uint16(len(l.ops) - forked - 1)
}
