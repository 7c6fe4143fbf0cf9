package rootfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Overlay is a stack of directories, all absolute paths of the host that only
// root can change.
type Overlay struct {
	Lower    []string // topmost first, at least one
	Upper    string   // where changes go; "": none, the whole is read-only
	Work     string   // on the file system of Upper
	ReadOnly bool     // changes are refused even with an Upper
	Volatile bool     // nothing needs to survive power loss: unmounting is cheaper
}

// Prepare makes Upper, with mode and owner of the topmost lower directory, and
// Work. Existing ones stay.
func (o Overlay) Prepare() error {
	var top unix.Stat_t
	if err := unix.Stat(o.Lower[0], &top); err != nil {
		return &os.PathError{Op: "stat", Path: o.Lower[0], Err: err}
	}
	if err := os.Mkdir(o.Work, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	switch err := os.Mkdir(o.Upper, 0o700); {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return errors.Join(
		os.Chown(o.Upper, int(top.Uid), int(top.Gid)),
		unix.Chmod(o.Upper, top.Mode&0o7777),
	)
}

// Mount makes the overlay, attached nowhere: only the descriptor leads to it,
// and closing that unmounts it. The caller must own Upper exclusively, as the
// kernel does not refuse a second overlay on it, which corrupts both.
func (o Overlay) Mount() (*os.File, error) {
	if len(o.Lower) == 0 {
		return nil, fault.New(fault.Invalid, "an overlay needs a directory to lie upon")
	}
	if o.Upper == "" && len(o.Lower) == 1 {
		return clone(o.Lower[0])
	}
	if o.Volatile && o.Upper != "" {
		// Of an earlier volatile mount; its warning is for after power loss.
		if err := os.RemoveAll(filepath.Join(o.Work, "work", "incompat")); err != nil {
			return nil, err
		}
	}
	return o.mount()
}

// mount gives the lower directories one by one where the kernel can (6.7), else
// as one text.
func (o Overlay) mount() (*os.File, error) {
	if !old() {
		mnt, err := o.mountWith(o.oneByOne)
		if !errors.Is(err, unix.EINVAL) {
			return mnt, err
		}
	}
	mnt, err := o.mountWith(o.asText)
	if errors.Is(err, errTooLong) {
		return o.mountApart()
	}
	return mnt, err
}

// old says whether this kernel (before 6.5) takes any key and complains only at
// the end, and then in its log. To try it with a key that no kernel knows costs
// more than to read the version.
func old() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return true
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	x, errX := strconv.Atoi(major)
	y, errY := strconv.Atoi(minor)
	return errX != nil || errY != nil || x < 6 || x == 6 && y < 5
}

// A stacker gives the kernel the lower directories.
type stacker func(fs *os.File, dirs *pins) error

func (o Overlay) mountWith(stack stacker) (*os.File, error) {
	fd, err := unix.Fsopen("overlay", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fault.Wrap("mount", "overlay", os.NewSyscallError("fsopen", err))
	}
	fs := os.NewFile(uintptr(fd), "overlay")
	defer fs.Close()
	if err := o.configure(fs, stack); err != nil {
		return nil, err
	}
	flags := 0
	if o.ReadOnly || o.Upper == "" {
		flags = unix.MOUNT_ATTR_RDONLY
	}
	mnt, err := unix.Fsmount(fd, unix.FSMOUNT_CLOEXEC, flags)
	if err != nil {
		return nil, complain(fs, "fsmount", err)
	}
	return os.NewFile(uintptr(mnt), "overlay"), nil
}

func (o Overlay) configure(fs *os.File, stack stacker) error {
	dirs := &pins{}
	defer dirs.close()
	if err := stack(fs, dirs); err != nil {
		return err
	}
	if o.Upper != "" {
		for _, layer := range [][2]string{{"upperdir", o.Upper}, {"workdir", o.Work}} {
			if err := dirs.set(fs, layer[0], layer[1]); err != nil {
				return err
			}
		}
	}
	settings := append(o.settings(), [2]string{"source", "overlay"})
	for _, s := range settings {
		if err := unix.FsconfigSetString(int(fs.Fd()), s[0], s[1]); err != nil {
			return complain(fs, s[0], err)
		}
	}
	if o.Volatile && o.Upper != "" {
		if err := unix.FsconfigSetFlag(int(fs.Fd()), "volatile"); err != nil {
			return complain(fs, "volatile", err)
		}
	}
	if err := unix.FsconfigCreate(int(fs.Fd())); err != nil {
		return complain(fs, "create", err)
	}
	return nil
}

// settings are the options that are no directories.
func (o Overlay) settings() [][2]string {
	all := [][2]string{{"redirect_dir", "nofollow"}, {"metacopy", "off"}}
	if o.Upper != "" {
		all = append(all, [2]string{"index", "off"})
	}
	return all
}

// textLimit is the kernel's bound on one text of fsconfig.
const textLimit = 255

// errTooLong says that the layers do not fit into one text.
var errTooLong = errors.New("too many layers for one text of fsconfig")

func (o Overlay) oneByOne(fs *os.File, dirs *pins) error {
	for _, lower := range o.Lower {
		if err := dirs.set(fs, "lowerdir+", lower); err != nil {
			return err
		}
	}
	return nil
}

func (o Overlay) asText(fs *os.File, dirs *pins) error {
	all, err := dirs.list(o.Lower)
	if err != nil {
		return err
	}
	if len(all) > textLimit {
		return errTooLong
	}
	if err := unix.FsconfigSetString(int(fs.Fd()), "lowerdir", all); err != nil {
		return complain(fs, "lowerdir", err)
	}
	return nil
}

// pins are directories held open, so that the kernel is given a short text
// however long their paths are.
type pins struct{ files []*os.File }

func (p *pins) pin(dir string) (string, error) {
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	p.files = append(p.files, f)
	return procPath(f), nil
}

// list pins dirs and names them in one text.
func (p *pins) list(dirs []string) (string, error) {
	var texts []string
	for _, dir := range dirs {
		text, err := p.pin(dir)
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ":"), nil
}

func (p *pins) set(fs *os.File, key, dir string) error {
	text, err := p.pin(dir)
	if err != nil {
		return err
	}
	if err := unix.FsconfigSetString(int(fs.Fd()), key, text); err != nil {
		return complain(fs, key+" "+dir, err)
	}
	return nil
}

func (p *pins) close() {
	for _, f := range p.files {
		f.Close()
	}
}

// complain adds what the kernel says about the mount to err.
func complain(fs *os.File, step string, err error) error {
	buf := make([]byte, 512)
	n, _ := unix.Read(int(fs.Fd()), buf)
	said := strings.TrimSpace(strings.TrimPrefix(string(buf[:max(n, 0)]), "e "))
	if said != "" {
		err = fmt.Errorf("%w (%s)", err, said)
	}
	return fault.Wrap("mount", "overlay", fmt.Errorf("%s: %w", step, err))
}

// clone is a read-only view of dir, attached nowhere.
func clone(dir string) (*os.File, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return nil, fault.Wrap("mount", dir, os.NewSyscallError("open_tree", err))
	}
	f := os.NewFile(uintptr(fd), dir)
	// Private, as what is mounted inside would show up on a host whose mounts are shared.
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY, Propagation: unix.MS_PRIVATE}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		return nil, errors.Join(fault.Wrap("mount", dir, os.NewSyscallError("mount_setattr", err)), f.Close())
	}
	return f, nil
}

// Seal makes a mount read-only from now on, e.g. after the mount points inside
// it were made.
func Seal(mount *os.File) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	err := unix.MountSetattr(int(mount.Fd()), "", unix.AT_EMPTY_PATH, &attr)
	return fault.Wrap("seal", mount.Name(), os.NewSyscallError("mount_setattr", err))
}
