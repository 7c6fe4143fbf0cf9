package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// inRoot opens a path below dir, following symlinks as if dir were "/".
func inRoot(dir int, name string, flags, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | resolve}
	for range 64 {
		fd, err := unix.Openat2(dir, relative(name), &how)
		if err != unix.EAGAIN && err != unix.EINTR {
			return fd, err
		}
	}
	return -1, unix.EAGAIN
}

// relative makes an absolute path one that openat2 takes from a descriptor.
func relative(name string) string {
	if name = strings.TrimLeft(name, "/"); name == "" {
		return "."
	}
	return name
}

// places knows which mount will be on top at a path of the container, so that
// missing mount points are made there.
type places struct {
	root *os.File
	at   []place
}

// place is a mount that will be at a path. A nil file is one that does not
// exist before the stub makes it (sysfs): nothing can be made in it.
type place struct {
	path string
	file *os.File
}

// real is the path that target will have once the symlinks of the root are
// followed; what is missing is kept as it is.
func (p *places) real(target string) (string, error) {
	rest := ""
	for at := path.Clean("/" + target); ; at = path.Dir(at) {
		fd, err := inRoot(raw(p.root), at, unix.O_PATH, 0)
		if err == nil {
			known, err := pathOf(fd)
			unix.Close(fd)
			return path.Join(known, rest), err
		}
		if !errors.Is(err, unix.ENOENT) || at == "/" {
			return "", fault.New(fault.Invalid, "mount point %s: %v", target, err)
		}
		rest = path.Join(path.Base(at), rest)
	}
}

// pathOf is the path of an open descriptor within its detached mount.
func pathOf(fd int) (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// claim makes the mount point of target and remembers that mount is there.
func (p *places) claim(target string, mount *os.File, dir bool) error {
	real, err := p.real(target)
	if err != nil {
		return err
	}
	if base, rel := p.top(real); base != nil {
		if err := mountPoint(raw(base), rel, dir); err != nil {
			return fault.New(fault.Invalid, "mount point %s: %v", target, err)
		}
	}
	p.at = append(p.at, place{real, mount})
	return nil
}

// top is the mount that will be on top at a real path, and the path within.
func (p *places) top(real string) (*os.File, string) {
	for i := len(p.at) - 1; i >= 0; i-- {
		if rel, ok := below(real, p.at[i].path); ok {
			return p.at[i].file, rel
		}
	}
	return p.root, real
}

// below says whether name is dir or within it, and where.
func below(name, dir string) (string, bool) {
	if name == dir {
		return "/", true
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
	return "/" + rest, ok
}

// mountPoint makes name below dir if it is missing.
func mountPoint(dir int, name string, isDir bool) error {
	fd, err := inRoot(dir, name, unix.O_PATH, 0)
	if err == nil {
		defer unix.Close(fd)
		return sameKind(fd, isDir)
	}
	if !errors.Is(err, unix.ENOENT) {
		return err
	}
	parent, err := makeDirs(dir, path.Dir(path.Clean("/"+name)))
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	if isDir {
		err = unix.Mkdirat(parent, path.Base(name), 0o755)
	} else {
		err = unix.Mknodat(parent, path.Base(name), unix.S_IFREG|0o644, 0)
	}
	if errors.Is(err, unix.EEXIST) {
		return errors.New("a symlink leads nowhere")
	}
	return err
}

func sameKind(fd int, isDir bool) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	switch found := st.Mode&unix.S_IFMT == unix.S_IFDIR; {
	case found && !isDir:
		return errors.New("it is a directory, and what is mounted is a file")
	case !found && isDir:
		return errors.New("it is a file, and what is mounted is a directory")
	}
	return nil
}

// makeDirs opens name below dir, making what is missing, one level at a time.
func makeDirs(dir int, name string) (int, error) {
	flags := uint64(unix.O_PATH | unix.O_DIRECTORY)
	fd, err := inRoot(dir, name, flags, 0)
	if !errors.Is(err, unix.ENOENT) || name == "/" {
		return fd, err
	}
	parent, err := makeDirs(dir, path.Dir(name))
	if err != nil {
		return -1, err
	}
	defer unix.Close(parent)
	err = unix.Mkdirat(parent, path.Base(name), 0o755)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	fd, err = unix.Openat2(parent, path.Base(name), &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS})
	if errors.Is(err, unix.ELOOP) {
		return -1, errors.New("a symlink leads nowhere")
	}
	return fd, err
}

// ownDir makes sure that a top directory of the root is a directory and not a
// symlink: the kernel's file systems are mounted on nothing else.
func ownDir(root *os.File, name string) error {
	fd, err := inRoot(raw(root), name, unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_SYMLINKS)
	switch {
	case err == nil:
		unix.Close(fd)
		return nil
	case errors.Is(err, unix.ENOENT):
		return fault.Wrap("make", name, unix.Mkdirat(raw(root), relative(name), 0o755))
	case errors.Is(err, unix.ELOOP):
		return fault.New(fault.Invalid, "%s of the image is a symlink", name)
	case errors.Is(err, unix.ENOTDIR):
		return fault.New(fault.Invalid, "%s of the image is not a directory", name)
	}
	return fault.Wrap("open", name, err)
}
