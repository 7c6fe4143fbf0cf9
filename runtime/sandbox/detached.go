package sandbox

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// A files list closes what was opened on the way.
type files []*os.File

func (f *files) add(file *os.File) *os.File {
	*f = append(*f, file)
	return file
}

func (f files) close() {
	for _, file := range f {
		file.Close()
	}
}

type option struct{ key, value string }

// filesystem makes a new file system, mounted nowhere.
func filesystem(kind string, attrs uint64, options ...option) (*os.File, error) {
	ctx, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("fsopen %s: %w", kind, err)
	}
	defer unix.Close(ctx)
	for _, o := range options {
		if err := configure(ctx, o); err != nil {
			return nil, err
		}
	}
	if err := unix.FsconfigCreate(ctx); err != nil {
		return nil, fmt.Errorf("make %s: %w", kind, err)
	}
	fd, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, int(attrs))
	if err != nil {
		return nil, fmt.Errorf("fsmount %s: %w", kind, err)
	}
	return os.NewFile(uintptr(fd), kind), nil
}

func configure(ctx int, o option) error {
	var err error
	if o.value == "" {
		err = unix.FsconfigSetFlag(ctx, o.key)
	} else {
		err = unix.FsconfigSetString(ctx, o.key, o.value)
	}
	if err != nil {
		return fault.New(fault.Invalid, "mount option %s=%s: %v", o.key, o.value, err)
	}
	return nil
}

// The words of mount(8) that are attributes of a mount and not of its file system.
func attribute(word string) (set, clear uint64, ok bool) {
	switch word {
	case "ro":
		return unix.MOUNT_ATTR_RDONLY, 0, true
	case "rw":
		return 0, unix.MOUNT_ATTR_RDONLY, true
	case "nosuid":
		return unix.MOUNT_ATTR_NOSUID, 0, true
	case "suid":
		return 0, unix.MOUNT_ATTR_NOSUID, true
	case "nodev":
		return unix.MOUNT_ATTR_NODEV, 0, true
	case "dev":
		return 0, unix.MOUNT_ATTR_NODEV, true
	case "noexec":
		return unix.MOUNT_ATTR_NOEXEC, 0, true
	case "exec":
		return 0, unix.MOUNT_ATTR_NOEXEC, true
	case "noatime":
		return unix.MOUNT_ATTR_NOATIME, 0, true
	case "nodiratime":
		return unix.MOUNT_ATTR_NODIRATIME, 0, true
	case "defaults", "relatime", "async", "atime":
		return 0, 0, true
	}
	return 0, 0, false
}

// parseData splits "size=64m,noexec" into attributes and options.
func parseData(data string, attrs uint64) (uint64, []option) {
	var options []option
	for word := range strings.SplitSeq(data, ",") {
		if word == "" {
			continue
		}
		if set, clear, ok := attribute(word); ok {
			attrs = attrs&^clear | set
			continue
		}
		key, value, _ := strings.Cut(word, "=")
		options = append(options, option{key, value})
	}
	return attrs, options
}

// setAttrs sets attributes and propagation of a detached mount.
func setAttrs(fd int, recursive bool, attrs uint64, propagation string) error {
	attr := unix.MountAttr{Attr_set: attrs}
	flags := uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	switch strings.TrimPrefix(propagation, "r") {
	case "":
	case "private":
		attr.Propagation = unix.MS_PRIVATE
	case "slave":
		attr.Propagation = unix.MS_SLAVE
	case "shared":
		attr.Propagation = unix.MS_SHARED
	default:
		return fault.New(fault.Invalid, "propagation %q", propagation).WithHint("it is one of private rprivate slave rslave shared rshared")
	}
	if attr == (unix.MountAttr{}) {
		return nil
	}
	return unix.MountSetattr(fd, "", flags, &attr)
}

// BindOptions says how Bind clones.
type BindOptions struct {
	ReadOnly    bool
	Recursive   bool   // with what is mounted below
	Attrs       uint64 // further unix.MOUNT_ATTR_*
	Propagation string // as in Mount; "" is rprivate
}

// Bind is a detached clone of the mount at a path of the host, which is
// followed through symlinks. The caller closes it.
func Bind(source string, o BindOptions) (*os.File, error) {
	fd, err := unix.Open(source, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fault.Wrap("bind", source, err)
	}
	file := os.NewFile(uintptr(fd), source)
	defer file.Close()
	return BindFile(file, o)
}

// BindFile is Bind for what is already open (O_PATH is enough).
func BindFile(source *os.File, o BindOptions) (*os.File, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_EMPTY_PATH)
	if o.Recursive {
		flags |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(raw(source), "", flags)
	if err != nil {
		return nil, fault.Wrap("bind", source.Name(), err)
	}
	attrs := o.Attrs
	if o.ReadOnly {
		attrs |= unix.MOUNT_ATTR_RDONLY
	}
	propagation := o.Propagation
	if propagation == "" {
		propagation = "rprivate"
	}
	// Recursive here too: on a clone of a single mount it changes nothing.
	if err := setAttrs(fd, true, attrs, propagation); err != nil {
		unix.Close(fd)
		return nil, fault.Wrap("bind", source.Name(), err)
	}
	return os.NewFile(uintptr(fd), source.Name()), nil
}

// raw is the descriptor of a file, without the change of mode that Fd makes.
func raw(f *os.File) int {
	fd := -1
	conn, err := f.SyscallConn()
	if err != nil {
		return fd
	}
	_ = conn.Control(func(p uintptr) { fd = int(p) }) // a closed file: -1, which the kernel refuses
	return fd
}
