// Package rootfs makes root file systems: detached overlays, the one archive
// extractor, and access to what is inside them that no link leads out of.
//
// It knows mounts, directory descriptors and tar. It does not know containers,
// images or volumes, and never resolves a path inside a root by its text.
package rootfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// OpenIn opens path inside root, with every link on the way, absolute ones too,
// resolved as if root were "/". Magic links of procfs are refused. flags are
// those of openat2; O_CLOEXEC is added. The caller closes the file.
func OpenIn(root *os.File, name string, flags int, mode uint32) (*os.File, error) {
	return open(root, name, flags, mode, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
}

// openBeneath opens name below dir and follows no link at all.
func openBeneath(dir *os.File, name string, flags int, mode uint32) (*os.File, error) {
	return open(dir, name, flags, mode, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
}

const attempts = 128

func open(dir *os.File, name string, flags int, mode uint32, resolve uint64) (*os.File, error) {
	how := unix.OpenHow{Flags: uint64(flags) | unix.O_CLOEXEC, Resolve: resolve}
	if flags&unix.O_CREAT != 0 || flags&unix.O_TMPFILE == unix.O_TMPFILE {
		how.Mode = uint64(mode)
	}
	for try := 0; ; try++ {
		fd, err := unix.Openat2(int(dir.Fd()), name, &how)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path.Join(dir.Name(), name)), nil
		case (errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)) && try < attempts:
			// EAGAIN: something was renamed while the kernel looked.
		default:
			return nil, &os.PathError{Op: "openat2", Path: name, Err: err}
		}
	}
}

// reopen opens what an O_PATH descriptor stands for.
func reopen(f *os.File, flags int) (*os.File, error) {
	fd, err := unix.Open(procPath(f), flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: f.Name(), Err: err}
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func procPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// ReadIn reads the regular file name inside root. Anything else is
// fault.Invalid and is not opened, nor is what the kernel makes up, as procfs:
// some of it can be read only once, or only when there is something new. A file
// of more than limit bytes is fault.Invalid too.
func ReadIn(root *os.File, name string, limit int64) ([]byte, error) {
	handle, err := OpenIn(root, name, unix.O_PATH, 0)
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	if st, err := handle.Stat(); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "%s is not a regular file", name)
	}
	if madeUp, err := madeUp(handle); err != nil || madeUp {
		return nil, errors.Join(err, fault.New(fault.Invalid, "%s is not a regular file: the kernel makes it up", name))
	}
	f, err := reopen(handle, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(body)) > limit {
		return nil, fault.New(fault.Invalid, "%s is larger than %d bytes", name, limit)
	}
	return body, err
}

func madeUp(f *os.File) (bool, error) {
	var st unix.Statfs_t
	err := unix.Fstatfs(int(f.Fd()), &st)
	return slices.Contains([]int64{
		unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC, unix.DEBUGFS_MAGIC,
		unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.NSFS_MAGIC,
	}, int64(st.Type)), err //nolint:unconvert // not int64 everywhere
}

// Owner is who a made file belongs to.
type Owner struct{ UID, GID uint32 }

const linkLimit = 40

// MkdirIn makes the directory name inside root with those of its parents that
// are missing, all with mode (umask ignored) and owner. Existing ones stay as
// they are. A link to nothing is followed inside root.
func MkdirIn(root *os.File, name string, mode uint32, owner Owner) error {
	return mkdirIn(root, name, mode, owner, linkLimit)
}

func mkdirIn(root *os.File, name string, mode uint32, owner Owner, links int) error {
	if f, err := OpenIn(root, name, unix.O_PATH|unix.O_DIRECTORY, 0); err == nil {
		return f.Close()
	} else if !errors.Is(err, unix.ENOENT) {
		return err
	}
	if links == 0 {
		return &os.PathError{Op: "mkdir", Path: name, Err: unix.ELOOP}
	}
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for i := range parts {
		target, err := stepIn(root, strings.Join(parts[:i], "/"), parts[i], mode, owner)
		if err != nil {
			return err
		}
		if target != "" {
			rest := append([]string{target}, parts[i+1:]...)
			return mkdirIn(root, strings.Join(rest, "/"), mode, owner, links-1)
		}
	}
	return nil
}

// stepIn makes base in parent unless it is there. If base is a link to
// nothing, its target (as a path from root) is returned.
func stepIn(root *os.File, parent, base string, mode uint32, owner Owner) (target string, err error) {
	dir, err := OpenIn(root, "./"+parent, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	if base == "" || base == "." || base == ".." {
		return "", nil
	}
	switch err := makeDir(dir, base, mode, owner); {
	case err == nil:
		return "", nil
	case !errors.Is(err, unix.EEXIST):
		return "", err
	}
	there, err := OpenIn(root, "./"+parent+"/"+base, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err == nil {
		return "", there.Close()
	}
	if !errors.Is(err, unix.ENOENT) {
		return "", err
	}
	link, err := readlinkAt(dir, base)
	if err != nil || path.IsAbs(link) {
		return link, err
	}
	return "./" + parent + "/" + link, nil
}

func makeDir(dir *os.File, base string, mode uint32, owner Owner) error {
	if err := unix.Mkdirat(int(dir.Fd()), base, 0o700); err != nil {
		return &os.PathError{Op: "mkdir", Path: base, Err: err}
	}
	f, err := openBeneath(dir, base, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(
		unix.Fchown(int(f.Fd()), int(owner.UID), int(owner.GID)),
		unix.Fchmod(int(f.Fd()), mode),
	)
}

func readlinkAt(dir *os.File, base string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), base, buf)
	if err != nil {
		return "", &os.PathError{Op: "readlink", Path: base, Err: err}
	}
	return string(buf[:n]), nil
}

// PointIn gives an O_PATH descriptor of name inside root to mount on, making an
// empty file (and parent directories, 0755) if nothing is there. A link to
// nothing is followed inside root. The caller closes it.
func PointIn(root *os.File, name string) (*os.File, error) {
	for range linkLimit {
		f, err := OpenIn(root, name, unix.O_PATH, 0)
		if !errors.Is(err, unix.ENOENT) {
			return f, err
		}
		up, base := path.Split(path.Clean("/" + name))
		if err := MkdirIn(root, up, 0o755, Owner{}); err != nil {
			return nil, err
		}
		if name, err = touchIn(root, up, base); err != nil {
			return nil, err
		}
	}
	return nil, &os.PathError{Op: "mkdir", Path: name, Err: unix.ELOOP}
}

// touchIn makes an empty file base in the directory up, and gives its path; if
// base is a link, the path it stands for.
func touchIn(root *os.File, up, base string) (string, error) {
	dir, err := OpenIn(root, up, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	made, err := openBeneath(dir, base, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY, 0o644)
	if err == nil {
		return up + base, made.Close()
	}
	if !errors.Is(err, unix.EEXIST) {
		return "", err
	}
	link, err := readlinkAt(dir, base)
	if err != nil || path.IsAbs(link) {
		return link, err
	}
	return up + link, nil
}
