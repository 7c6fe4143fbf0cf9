package sandbox

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// prepared are the detached mounts of one start, and where they go.
type prepared struct {
	furniture
	made    files // closed when the stub has its copies
	kit     *os.File
	cgroups *os.File // the tmpfs of /sys/fs/cgroup
	mounts  []attached
	master  *os.File
	slave   *os.File
	null    *os.File
}

// attached is a detached mount and the path it goes to.
type attached struct {
	file   *os.File
	target string
	inProc bool
}

const apiAttrs = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC

// prepare makes everything that can be made before the stub exists. The caller
// calls close.
func (s *Spawner) prepare(c *Config) (*prepared, error) {
	p := &prepared{}
	if err := p.all(c, s); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *prepared) all(c *Config, s *Spawner) (err error) {
	// A clone of a shared mount is shared: what is mounted inside would show up on the host.
	if err := setAttrs(raw(c.Root), false, 0, "private"); err != nil {
		return fault.Wrap("make private", c.Root.Name(), err)
	}
	for _, name := range []string{"/proc", "/sys", "/dev"} {
		if err := ownDir(c.Root, name); err != nil {
			return err
		}
	}
	if p.kit, err = c.kit(s.kit); err != nil {
		return err
	}
	p.made.add(p.kit)
	if p.furniture, err = s.furnish(c); err != nil {
		return err
	}
	p.made = append(p.made, p.furniture.files()...)
	on := &places{root: c.Root, at: []place{{"/proc", nil}, {"/sys", nil}}}
	on.at = append(on.at, p.furniture.places()...)
	for _, step := range []func(*Config, *places) error{p.makeCgroups, p.makeMounts} {
		if err := step(c, on); err != nil {
			return err
		}
	}
	return p.stdio(c)
}

func (p *prepared) close() {
	p.made.close()
	if p.master != nil {
		p.master.Close()
	}
}

// kit is the toolkit of a container: a clone of the shared one, or its own if it
// has the rights to make that writable, or where the kernel (before 6.15) clones
// no mount that is attached nowhere.
func (c *Config) kit(shared *os.File) (*os.File, error) {
	if c.Privileged || slices.ContainsFunc(c.Caps, func(name string) bool { return strings.HasSuffix(name, "SYS_ADMIN") }) {
		return toolkit()
	}
	fd, err := unix.OpenTree(raw(shared), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	if errors.Is(err, unix.EINVAL) {
		return toolkit()
	}
	if err != nil {
		return nil, fault.Wrap("clone", "toolkit", err)
	}
	return os.NewFile(uintptr(fd), "toolkit"), nil
}

// toolkit is a file system with the two things that masks are made of. It is
// read-only, and the only null device that masks trust.
func toolkit() (*os.File, error) {
	kit, err := filesystem("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, option{"mode", "755"}, option{"nr_inodes", "4"})
	if err != nil {
		return nil, err
	}
	err = unix.Mkdirat(raw(kit), "empty", 0o755)
	if err == nil {
		err = (Device{Kind: 'c', Major: 1, Minor: 3}).node(raw(kit), "null", unix.S_IFCHR)
	}
	if err == nil {
		err = setAttrs(raw(kit), false, unix.MOUNT_ATTR_RDONLY, "private")
	}
	if err != nil {
		kit.Close()
		return nil, fault.Wrap("make", "toolkit", err)
	}
	return kit, nil
}

func (c *Config) replaces(target string) bool {
	for _, m := range c.Mounts {
		if path.Clean(m.Target) == target {
			return true
		}
	}
	return false
}

func (p *prepared) makeCgroups(c *Config, on *places) error {
	if c.CgroupUnified || len(c.CgroupMounts) == 0 || c.replaces("/sys") || c.replaces("/sys/fs/cgroup") {
		return nil
	}
	top, err := filesystem("tmpfs", apiAttrs, option{"mode", "755"})
	if err != nil {
		return err
	}
	p.cgroups = p.made.add(top)
	for _, l := range c.CgroupLinks {
		if err := unix.Symlinkat(l.Target, raw(top), l.Name); err != nil {
			return fault.Wrap("make", "/sys/fs/cgroup/"+l.Name, err)
		}
	}
	for _, m := range c.CgroupMounts {
		if err := p.makeCgroup(c, m); err != nil {
			return fault.Wrap("make", "/sys/fs/cgroup/"+m.Name, err)
		}
	}
	on.at = append(on.at, place{"/sys/fs/cgroup", top})
	return setAttrs(raw(top), false, cgroupAttrs(c), "")
}

func (p *prepared) makeCgroup(c *Config, m CgroupMount) error {
	if m.Name != path.Base(m.Name) || m.Name == "." || m.Name == ".." {
		return fault.New(fault.Invalid, "cgroup name %q", m.Name)
	}
	if err := unix.Mkdirat(raw(p.cgroups), m.Name, 0o755); err != nil {
		return err
	}
	return setAttrs(raw(m.Source), false, cgroupAttrs(c), "private")
}

func cgroupAttrs(c *Config) uint64 {
	if c.Privileged {
		return apiAttrs
	}
	return apiAttrs | unix.MOUNT_ATTR_RDONLY
}

func (p *prepared) makeMounts(c *Config, on *places) error {
	for _, m := range c.Mounts {
		if err := p.makeMount(m, on); err != nil {
			return fault.Wrap("mount", m.Target, err)
		}
	}
	return nil
}

func (p *prepared) makeMount(m Mount, on *places) error {
	if err := checkTarget(m.Target); err != nil {
		return err
	}
	file, err := p.source(m)
	if err != nil {
		return err
	}
	if !inProc(m.Target) {
		real, err := on.real(m.Target)
		if err != nil {
			return err
		}
		if err := checkProc(real); err != nil {
			return err
		}
	}
	dir, err := isDir(file)
	if err != nil {
		return err
	}
	p.mounts = append(p.mounts, attached{file, path.Clean(m.Target), inProc(m.Target)})
	if inProc(m.Target) {
		return nil
	}
	return on.claim(m.Target, file, dir)
}

// source is the detached mount of m, with its attributes.
func (p *prepared) source(m Mount) (*os.File, error) {
	switch {
	case m.Type == "tmpfs":
		attrs, options := parseData(m.Data, m.Flags)
		file, err := filesystem("tmpfs", attrs, options...)
		if err != nil {
			return nil, err
		}
		p.made.add(file)
		return file, setAttrs(raw(file), false, 0, m.Propagation)
	case m.Source == nil:
		return nil, fault.New(fault.Invalid, "a mount of type %q has no source", m.Type)
	case m.Type != "bind" && m.Type != "":
		return nil, fault.New(fault.Unsupported, "mounts of type %q", m.Type)
	}
	recursive := strings.HasPrefix(m.Propagation, "r") || m.Propagation == ""
	return m.Source, setAttrs(raw(m.Source), recursive, m.Flags, m.Propagation)
}

func isDir(f *os.File) (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(raw(f), &st)
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, err
}

// stdio makes what the first three descriptors are when they are not given.
func (p *prepared) stdio(c *Config) (err error) {
	if !c.Tty {
		if p.null, err = openNull(p.dev); err != nil {
			return err
		}
		p.made.add(p.null)
		return nil
	}
	if c.Stdin != nil || c.Stdout != nil || c.Stderr != nil {
		return fault.New(fault.Invalid, "a process has a terminal or streams, not both")
	}
	if p.pts == nil {
		return fault.New(fault.Unsupported, "a terminal in a container whose /dev is mounted")
	}
	if p.master, p.slave, err = pair(p.pts, c.UID, c.Rows, c.Cols); err != nil {
		return err
	}
	p.made.add(p.slave)
	return nil
}

// openNull opens the null device of dev, the host's where there is none.
func openNull(dev *os.File) (*os.File, error) {
	at, name := unix.AT_FDCWD, "/dev/null"
	if dev != nil {
		at, name = raw(dev), "null"
	}
	fd, err := unix.Openat(at, name, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fault.Wrap("open", "/dev/null", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Rdev != unix.Mkdev(1, 3) {
		unix.Close(fd)
		return nil, fault.New(fault.Denied, "/dev/null is not the null device")
	}
	return os.NewFile(uintptr(fd), "/dev/null"), nil
}
