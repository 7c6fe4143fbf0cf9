package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

func defaultDevices() []Device {
	return []Device{
		{Path: "/dev/null", Kind: 'c', Major: 1, Minor: 3},
		{Path: "/dev/zero", Kind: 'c', Major: 1, Minor: 5},
		{Path: "/dev/full", Kind: 'c', Major: 1, Minor: 7},
		{Path: "/dev/random", Kind: 'c', Major: 1, Minor: 8},
		{Path: "/dev/urandom", Kind: 'c', Major: 1, Minor: 9},
		{Path: "/dev/tty", Kind: 'c', Major: 5, Minor: 0},
	}
}

// devLinks are the symlinks of /dev, as link and target.
func devLinks() [][2]string {
	return [][2]string{
		{"fd", "/proc/self/fd"},
		{"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"},
		{"core", "/proc/kcore"},
		{"ptmx", "pts/ptmx"},
	}
}

// devices makes the file system of /dev, detached.
func devices(c *Config) (*os.File, error) {
	dev, err := filesystem("tmpfs", unix.MOUNT_ATTR_NOSUID, option{"mode", "755"}, option{"size", "65536k"})
	if err != nil {
		return nil, err
	}
	if err := populate(dev, c); err != nil {
		dev.Close()
		return nil, err
	}
	return dev, nil
}

func populate(dev *os.File, c *Config) error {
	nodes := append(defaultDevices(), c.Devices...)
	if c.Privileged {
		host, err := hostDevices()
		if err != nil {
			return err
		}
		nodes = append(nodes, host...)
	}
	for _, d := range nodes {
		if err := d.make(dev); err != nil {
			return fault.Wrap("make device", d.Path, err)
		}
	}
	for _, l := range devLinks() {
		if err := unix.Symlinkat(l[1], raw(dev), l[0]); err != nil {
			return fault.Wrap("make", "/dev/"+l[0], err)
		}
	}
	for _, name := range []string{"pts", "shm", "mqueue"} {
		if err := unix.Mkdirat(raw(dev), name, 0o755); err != nil {
			return fault.Wrap("make", "/dev/"+name, err)
		}
	}
	if c.Tty {
		return fault.Wrap("make", "/dev/console", unix.Mknodat(raw(dev), "console", unix.S_IFREG|0o600, 0))
	}
	return nil
}

// make makes the node in the file system of /dev and verifies what is there.
// A node that is there already stays.
func (d Device) make(dev *os.File) error {
	name, ok := strings.CutPrefix(path.Clean(d.Path), "/dev/")
	if !ok {
		return fault.New(fault.Unsupported, "a device outside /dev")
	}
	mode := uint32(unix.S_IFCHR)
	if d.Kind == 'b' {
		mode = unix.S_IFBLK
	}
	parent := raw(dev)
	if dir := path.Dir(name); dir != "." {
		var err error
		if parent, err = makeDirs(raw(dev), "/"+dir); err != nil {
			return err
		}
		defer unix.Close(parent)
	}
	return d.node(parent, path.Base(name), mode)
}

func (d Device) node(parent int, name string, mode uint32) error {
	rdev := unix.Mkdev(d.Major, d.Minor)
	err := unix.Mknodat(parent, name, mode, int(rdev))
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	if err != nil {
		return err
	}
	permissions := d.Mode
	if permissions == 0 {
		permissions = 0o666
	}
	if err := unix.Fchmodat(parent, name, permissions&0o7777, 0); err != nil {
		return err
	}
	if d.UID != 0 || d.GID != 0 {
		if err := unix.Fchownat(parent, name, int(d.UID), int(d.GID), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
	}
	return isDevice(parent, name, mode, rdev)
}

func isDevice(parent int, name string, mode uint32, rdev uint64) error {
	var st unix.Stat_t
	if err := unix.Fstatat(parent, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != mode || st.Rdev != rdev { //nolint:unconvert // other architectures differ
		return fault.New(fault.Denied, "%s is another device than asked for", name)
	}
	return nil
}

// hostDevices are all nodes of the host's /dev, for privileged containers.
func hostDevices() ([]Device, error) {
	var found []Device
	err := filepath.WalkDir("/dev", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a node that vanished on the way
		}
		if entry.IsDir() {
			return skipDir(name)
		}
		if entry.Type()&fs.ModeDevice == 0 || name == "/dev/console" || name == "/dev/ptmx" {
			return nil
		}
		var st unix.Stat_t
		if unix.Lstat(name, &st) != nil {
			return nil
		}
		d := Device{Path: name, Kind: 'b', Major: unix.Major(st.Rdev), Minor: unix.Minor(st.Rdev), Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid}
		if entry.Type()&fs.ModeCharDevice != 0 {
			d.Kind = 'c'
		}
		found = append(found, d)
		return nil
	})
	return found, fault.Wrap("list", "/dev", err)
}

func skipDir(name string) error {
	switch name {
	case "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd", "/dev/.lxc", "/dev/.lxd-mounts", "/dev/.udev":
		return fs.SkipDir
	}
	return nil
}
