package sandbox

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/process"
)

// program is what a process becomes when its gate opens.
type program struct {
	argv, env    []string
	exe, workdir string
	uid, gid     uint32
	groups       []uint32
	umask        uint32
	caps         []string
	noNewPrivs   bool
	seccomp      []byte
	rlimits      []Rlimit
	init, tty    bool
}

func itoa(n int) string { return strconv.Itoa(n) }

// The kinds of messages on the socket, both ways 16 bytes but the gate's one.
const (
	kindReady = 1
	kindError = 2
	kindChild = 3

	messageSize = 16
)

// gate says that all is made, keeps nothing but streams and socket, and waits.
func (l *list) gate() {
	l.closeAll()
	l.call("name the process", unix.SYS_PRCTL, num(unix.PR_SET_NAME), l.str(process.Gate), num(0), num(0), num(0))
	l.call("reach the gate", unix.SYS_WRITE, num(syncFD), l.words(kindReady, 0), num(messageSize))
	l.call("wait at the gate", unix.SYS_READ, num(syncFD), arg{value: l.room(8), kind: address}, num(1)).flags = flagMust
}

// closeAll keeps nothing but streams and socket.
func (l *list) closeAll() {
	l.call("close descriptors", unix.SYS_CLOSE_RANGE, num(syncFD+1), num(^uint32(0)), num(0))
}

// become is all from the gate to the program. own are the caller's
// capabilities.
func (l *list) become(p *program, own uint64) error {
	want, err := capSet(p.caps)
	if err != nil {
		return err
	}
	l.session(p.tty && !p.init)
	l.keyring()
	l.call("set the umask", unix.SYS_UMASK, num(p.umask))
	l.workdir(p.workdir, 1)
	if err := l.limits(p.rlimits); err != nil { // after what opens descriptors
		return err
	}
	l.identity(p, want, own)
	l.workdir(p.workdir, 2)
	l.call("close descriptors", unix.SYS_CLOSE_RANGE, num(syncFD), num(^uint32(0)), num(unix.CLOSE_RANGE_CLOEXEC))
	l.walls(p, want&own, own)
	forked := -1
	if p.init {
		forked = l.forkInit(p.tty)
	}
	l.call("exec", unix.SYS_EXECVE, l.str(p.exe), l.vector(p.argv), l.vector(p.env))
	if forked >= 0 {
		l.jumpHere(forked)
		l.call("be process 1", opReap, slotChild.arg())
	}
	return nil
}

// session makes the process the leader of a session, with its terminal.
func (l *list) session(tty bool) {
	l.call("make a session", unix.SYS_SETSID).expect(unix.EPERM, 0)
	if tty {
		l.call("take the terminal", unix.SYS_IOCTL, num(0), num(unix.TIOCSCTTY), num(0))
	}
}

// keyring leaves the caller's session keyring. Without one the kernel gives
// the user's, which is nobody's secret of ours.
func (l *list) keyring() {
	l.call("leave the session keyring", unix.SYS_KEYCTL, num(unix.KEYCTL_JOIN_SESSION_KEYRING), num(0)).
		expect(unix.ENOSYS, 0).expect(unix.EDQUOT, 0)
}

// workdir enters the working directory: first as root, who may enter nearly
// all, and where root may not, as the user. No path through an open descriptor
// is followed.
func (l *list) workdir(dir string, attempt int) {
	if dir == "" {
		return
	}
	label := "enter " + dir
	how := l.how(unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_MAGICLINKS)
	if attempt == 2 {
		l.call(label, opUnless, slotTarget.arg()).when(positive, 3)
	}
	o := l.call(label, unix.SYS_OPENAT2, num(unix.AT_FDCWD), l.str(dir), how, num(howSize)).to(slotTarget)
	if attempt == 1 {
		o.expect(unix.EACCES, 2)
	}
	l.call(label, unix.SYS_FCHDIR, slotTarget.arg())
	l.call("close", unix.SYS_CLOSE, slotTarget.arg())
}

// identity sets the bounding set, which needs root, and then the ids.
func (l *list) identity(p *program, want, own uint64) {
	for c := range 64 {
		if bit := uint64(1) << c; own&bit != 0 && want&bit == 0 {
			l.call("drop a capability", unix.SYS_PRCTL, num(unix.PR_CAPBSET_DROP), num(c), num(0), num(0), num(0))
		}
	}
	l.call("clear ambient capabilities", unix.SYS_PRCTL, num(unix.PR_CAP_AMBIENT), num(unix.PR_CAP_AMBIENT_CLEAR_ALL), num(0), num(0), num(0))
	if p.uid != 0 {
		l.call("keep capabilities", unix.SYS_PRCTL, num(unix.PR_SET_KEEPCAPS), num(1), num(0), num(0), num(0))
	}
	groups := make([]byte, 0, 4*len(p.groups))
	for _, g := range p.groups {
		groups = binary.NativeEndian.AppendUint32(groups, g)
	}
	l.call("set the groups", unix.SYS_SETGROUPS, num(len(p.groups)), l.bytes(groups))
	l.call("set the group id", unix.SYS_SETRESGID, num(p.gid), num(p.gid), num(p.gid))
	l.call("set the user id", unix.SYS_SETRESUID, num(p.uid), num(p.uid), num(p.uid))
}

// walls takes the capabilities and loads the filter, so that the filter has to
// allow as little as possible of what is still to be done.
func (l *list) walls(p *program, keep, own uint64) {
	if p.uid != 0 {
		l.capset(own) // the change of the user id took the effective ones
		keep = 0
	}
	if !p.noNewPrivs {
		l.filter(p.seccomp)
		l.capset(keep)
		return
	}
	l.capset(keep)
	l.call("set no_new_privs", unix.SYS_PRCTL, num(unix.PR_SET_NO_NEW_PRIVS), num(1), num(0), num(0), num(0))
	l.filter(p.seccomp)
}

// capset makes permitted and effective caps, inheritable none.
func (l *list) capset(caps uint64) {
	header := binary.NativeEndian.AppendUint32(nil, unix.LINUX_CAPABILITY_VERSION_3)
	header = binary.NativeEndian.AppendUint32(header, 0)
	var data []byte
	for _, half := range []uint32{uint32(caps), uint32(caps >> 32)} {
		for _, v := range []uint32{half, half, 0} {
			data = binary.NativeEndian.AppendUint32(data, v)
		}
	}
	l.call("set capabilities", unix.SYS_CAPSET, l.bytes(header), l.bytes(data))
}

func (l *list) filter(program []byte) {
	if len(program) == 0 {
		return
	}
	at := l.room(int(unsafe.Sizeof(unix.SockFprog{})))
	binary.NativeEndian.PutUint16(l.data[at:], uint16(len(program)/unix.SizeofSockFilter))
	l.point(at+8, l.bytes(program).value)
	l.call("load the seccomp filter", unix.SYS_SECCOMP, num(unix.SECCOMP_SET_MODE_FILTER), num(0), arg{value: at, kind: address})
}

func (l *list) limits(limits []Rlimit) error {
	for _, r := range limits {
		resource, err := resource(r.Name)
		if err != nil {
			return err
		}
		l.call("limit "+strings.ToLower(r.Name), unix.SYS_PRLIMIT64, num(0), num(resource), l.words(r.Soft, r.Hard), num(0))
	}
	return nil
}

// resource is the number of a limit as ulimit names it.
func resource(name string) (int, error) {
	names := map[string]int{
		"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA,
		"fsize": unix.RLIMIT_FSIZE, "locks": unix.RLIMIT_LOCKS, "memlock": unix.RLIMIT_MEMLOCK,
		"msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "nofile": unix.RLIMIT_NOFILE,
		"nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO,
		"rttime": unix.RLIMIT_RTTIME, "sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
	}
	n, ok := names[strings.TrimPrefix(strings.ToLower(name), "rlimit_")]
	if !ok {
		return 0, fault.New(fault.Invalid, "no resource limit is called %q", name)
	}
	return n, nil
}
