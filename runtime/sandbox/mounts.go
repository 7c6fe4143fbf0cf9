package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The slots. Those of a step are free again when the step is over.
const (
	slotTarget slot = iota
	slotSource
	slotFS
	slotFile
	slotChild // the process that a list forked, 0 in it
	slotShm   // the /dev/shm of another container
)

func (l *list) how(flags, resolve uint64) arg { return l.words(flags|unix.O_CLOEXEC, 0, resolve) }

const howSize = 24

// open resolves a path below the directory dir as inRoot does.
func (l *list) open(label string, dir arg, name string, flags, resolve uint64, to slot) *op {
	how := l.how(flags, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS|resolve)
	return l.call(label, unix.SYS_OPENAT2, dir, l.str(relative(name)), how, num(howSize)).to(to)
}

func (l *list) close(s slot) { l.call("close", unix.SYS_CLOSE, s.arg()) }

// attach puts a detached mount on a path below root. Its descriptor leads to it
// until the gate.
func (l *list) attach(label string, root, mount arg, target string, resolve uint64) {
	l.open(label, root, target, unix.O_PATH, resolve, slotTarget)
	l.move(label, mount)
}

// into puts a detached mount on an entry of a directory that only this list
// has filled.
func (l *list) into(label string, dir, mount arg, name string) {
	l.call(label, unix.SYS_MOVE_MOUNT, mount, l.str(""), dir, l.str(name), num(unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// move puts a detached mount on slotTarget and closes that.
func (l *list) move(label string, mount arg) {
	l.call(label, unix.SYS_MOVE_MOUNT, mount, l.str(""), slotTarget.arg(), l.str(""),
		num(unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
	l.close(slotTarget)
}

// kernelFS makes one of the kernel's file systems and attaches it.
func (l *list) kernelFS(kind string, root arg, target string, attrs uint64) {
	l.attach("mount "+target, root, l.filesystem(kind, target, attrs), target, unix.RESOLVE_NO_SYMLINKS)
}

// filesystem makes one of the kernel's file systems, which belong to the
// namespaces of who makes them.
func (l *list) filesystem(kind, target string, attrs uint64) arg {
	label := "mount " + target
	l.call(label, unix.SYS_FSOPEN, l.str(kind), num(unix.FSOPEN_CLOEXEC)).to(slotFS)
	l.call(label, unix.SYS_FSCONFIG, slotFS.arg(), num(unix.FSCONFIG_CMD_CREATE), num(0), num(0), num(0))
	l.call(label, unix.SYS_FSMOUNT, slotFS.arg(), num(unix.FSMOUNT_CLOEXEC), num(attrs)).to(slotSource)
	l.close(slotFS)
	return slotSource.arg()
}

// attr puts a struct mount_attr.
func (l *list) attr(set uint64) arg { return l.words(set, 0, 0, 0) }

const attrSize = uint64(unsafe.Sizeof(unix.MountAttr{}))

// readOnly binds a path on itself, read-only with all below. What is not there
// is left.
func (l *list) readOnly(root arg, target string) {
	label := "make " + target + " read-only"
	l.open(label, root, target, unix.O_PATH, 0, slotTarget).expect(unix.ENOENT, 5)
	l.call(label, unix.SYS_OPEN_TREE, slotTarget.arg(), l.str(""),
		num(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)).to(slotSource)
	l.call(label, unix.SYS_MOUNT_SETATTR, slotSource.arg(), l.str(""),
		num(unix.AT_EMPTY_PATH|unix.AT_RECURSIVE), l.attr(unix.MOUNT_ATTR_RDONLY), num(attrSize))
	l.move(label, slotSource.arg())
	l.close(slotSource)
}

// mask puts an empty directory on a directory and the null device on all else.
// What is not there is left.
func (l *list) mask(root, kit arg, target string) {
	label := "mask " + target
	tree := num(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	l.open(label, root, target, unix.O_PATH|unix.O_DIRECTORY, 0, slotTarget).
		expect(unix.ENOENT, 7).expect(unix.ENOTDIR, 2)
	l.call(label, unix.SYS_OPEN_TREE, kit, l.str("empty"), tree).to(slotSource)
	l.call(label, opUnless, slotTarget.arg()).when(positive, 2)
	l.open(label, root, target, unix.O_PATH, 0, slotTarget)
	l.call(label, unix.SYS_OPEN_TREE, kit, l.str("null"), tree).to(slotSource)
	l.move(label, slotSource.arg())
	l.close(slotSource)
}

// write writes text to a file and closes it.
func (l *list) write(label string, file arg, text string) {
	l.call(label, unix.SYS_WRITE, file, l.bytes([]byte(text)), num(len(text)))
	l.call("close", unix.SYS_CLOSE, file)
}
