package rootfs

import (
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// CopyUp copies everything in the directory from, and from's own owner, mode
// and times, into the directory to, which must be empty (else
// fault.Conflict). Owners, modes, times, extended attributes, holes, hard
// links, symbolic links, FIFOs and devices stay what they are; sockets are left
// out. No link is followed on either side.
func CopyUp(from, to *os.File) error {
	src, err := openBeneath(from, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := openBeneath(to, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer dst.Close()
	if _, err := dst.Readdirnames(1); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return fault.New(fault.Conflict, "%s is not empty", to.Name())
	}
	c := &copier{root: dst, links: map[[2]uint64]string{}}
	return c.dir(src, dst, "")
}

type copier struct {
	root  *os.File
	links map[[2]uint64]string // device and inode of files with several names: where the copy is
}

func (c *copier) dir(src, dst *os.File, at string) error {
	names, err := src.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := c.entry(src, dst, name, path.Join(at, name)); err != nil {
			return fault.Wrap("copy", path.Join(at, name), err)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(src.Fd()), &st); err != nil {
		return err
	}
	if err := dress(src, dst, &st); err != nil {
		return err
	}
	return retime(int(dst.Fd()), ".", &st)
}

func (c *copier) entry(src, dst *os.File, name, at string) error {
	st, err := stat(src, name)
	if err != nil {
		return err
	}
	if done, err := c.link(&st, dst, name, at); done || err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return c.subdir(src, dst, name, at)
	case unix.S_IFREG:
		return copyFile(src, dst, name)
	case unix.S_IFLNK:
		return copyLink(src, dst, name, &st)
	case unix.S_IFSOCK:
		return nil
	default:
		return copyNode(dst, name, &st)
	}
}

// link makes name another name of a file that was copied already.
func (c *copier) link(st *unix.Stat_t, dst *os.File, name, at string) (bool, error) {
	if st.Nlink < 2 || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return false, nil
	}
	key := [2]uint64{st.Dev, st.Ino}
	first, known := c.links[key]
	if !known {
		c.links[key] = at
		return false, nil
	}
	file, err := openBeneath(c.root, first, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return true, err
	}
	defer file.Close()
	return true, unix.Linkat(int(file.Fd()), "", int(dst.Fd()), name, unix.AT_EMPTY_PATH)
}

func (c *copier) subdir(src, dst *os.File, name, at string) error {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	from, err := openBeneath(src, name, flags, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := unix.Mkdirat(int(dst.Fd()), name, 0o700); err != nil {
		return err
	}
	to, err := openBeneath(dst, name, flags, 0)
	if err != nil {
		return err
	}
	defer to.Close()
	return c.dir(from, to, at)
}

func copyFile(src, dst *os.File, name string) error {
	from, err := openBeneath(src, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(from.Fd()), &st); err != nil {
		return err
	}
	to, err := openBeneath(dst, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := copyData(from, to, st.Size); err != nil {
		return err
	}
	if err := dress(from, to, &st); err != nil {
		return err
	}
	return retime(int(dst.Fd()), name, &st)
}

// copyData copies the parts of from that are not holes.
func copyData(from, to *os.File, size int64) error {
	for at := int64(0); at < size; {
		start, err := from.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // a hole to the end
		}
		if err != nil {
			return err
		}
		end, err := from.Seek(start, unix.SEEK_HOLE)
		if err != nil {
			return err
		}
		if _, err := from.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := to.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyN(to, from, end-start); err != nil {
			return err
		}
		at = end
	}
	return to.Truncate(size)
}

func copyLink(src, dst *os.File, name string, st *unix.Stat_t) error {
	target, err := readlinkAt(src, name)
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(target, int(dst.Fd()), name); err != nil {
		return err
	}
	if err := unix.Fchownat(int(dst.Fd()), name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	return retime(int(dst.Fd()), name, st)
}

func copyNode(dst *os.File, name string, st *unix.Stat_t) error {
	if err := unix.Mknodat(int(dst.Fd()), name, st.Mode&unix.S_IFMT|0o600, int(st.Rdev)); err != nil {
		return err
	}
	if err := unix.Fchownat(int(dst.Fd()), name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	handle, err := openBeneath(dst, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer handle.Close()
	if err := unix.Chmod(procPath(handle), st.Mode&0o7777); err != nil {
		return err
	}
	return retime(int(dst.Fd()), name, st)
}

func dress(from, to *os.File, st *unix.Stat_t) error {
	fd := int(to.Fd())
	if err := unix.Fchown(fd, int(st.Uid), int(st.Gid)); err != nil {
		return os.NewSyscallError("chown", err)
	}
	if err := unix.Fchmod(fd, st.Mode&0o7777); err != nil {
		return os.NewSyscallError("chmod", err)
	}
	return copyAttrs(from, to)
}

func copyAttrs(from, to *os.File) error {
	n, err := unix.Flistxattr(int(from.Fd()), nil)
	if errors.Is(err, unix.ENOTSUP) || n == 0 {
		return nil // most files: no memory for them
	}
	names := make([]byte, 64<<10) // the kernel's own bounds on names and on one value
	n, err = unix.Flistxattr(int(from.Fd()), names)
	if err != nil {
		return os.NewSyscallError("listxattr", err)
	}
	value := make([]byte, 64<<10)
	for name := range strings.SplitSeq(string(names[:n]), "\x00") {
		if !kept(name) {
			continue
		}
		size, err := unix.Fgetxattr(int(from.Fd()), name, value)
		if err != nil {
			return os.NewSyscallError("getxattr "+name, err)
		}
		err = unix.Fsetxattr(int(to.Fd()), name, value[:size], 0)
		if err != nil && !errors.Is(err, unix.ENOTSUP) {
			return os.NewSyscallError("setxattr "+name, err)
		}
	}
	return nil
}

func retime(dir int, base string, st *unix.Stat_t) error {
	return unix.UtimesNanoAt(dir, base, []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
}
