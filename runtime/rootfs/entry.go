package rootfs

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

func (u *unpacker) directory(dir *os.File, base string, hdr *tar.Header) error {
	if base == "" {
		base = "."
	} else if err := u.mkdir(dir, base); err != nil {
		return err
	}
	f, err := openBeneath(dir, base, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	u.dirs = append(u.dirs, hdr)
	return adorn(int(f.Fd()), hdr)
}

func (u *unpacker) mkdir(dir *os.File, base string) error {
	err := unix.Mkdirat(int(dir.Fd()), base, 0o700)
	if !errors.Is(err, unix.EEXIST) {
		return os.NewSyscallError("mkdir", err)
	}
	switch {
	case isDir(dir, base):
		return nil
	case u.opt.Whiteouts && isWhiteout(dir, base):
		return u.uncover(dir, base)
	}
	return u.replace(dir, base, func() error { return unix.Mkdirat(int(dir.Fd()), base, 0o700) })
}

func (u *unpacker) file(dir *os.File, base string, hdr *tar.Header, body io.Reader) error {
	if base == "" {
		return fault.New(fault.Invalid, "the root can only be a directory")
	}
	perm := uint32(0o600)
	if hdr.Uid == 0 && hdr.Gid == 0 {
		perm = mode(hdr) & 0o777
	}
	var fd int
	err := u.replace(dir, base, func() (err error) {
		const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
		fd, err = unix.Openat(int(dir.Fd()), base, flags, perm)
		return err
	})
	if err != nil {
		return err
	}
	return u.notes.file(hdr, func() error {
		if hdr.Size <= small {
			return u.crew.take(fd, hdr, body)
		}
		err := u.fill(fd, body)
		if err == nil {
			err = finish(fd, hdr)
		}
		return errors.Join(err, unix.Close(fd))
	})
}

// fill writes body to a file, and leaves holes where it is zero.
func (u *unpacker) fill(fd int, body io.Reader) error {
	var size, written int64
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(body, u.buf)
		if n > 0 && !zero(u.buf[:n]) {
			if err := write(fd, u.buf[:n], size); err != nil {
				return err
			}
			written = size + int64(n)
		}
		size += int64(n)
		if n < len(u.buf) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			// A body cut short is told apart by the reader of the next entry.
			break
		}
		if err != nil {
			return damaged(err)
		}
	}
	if written < size {
		return os.NewSyscallError("truncate", unix.Ftruncate(fd, size))
	}
	return nil
}

func zero(b []byte) bool {
	for len(b) >= 8 {
		if b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7] != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func (u *unpacker) symlink(dir *os.File, base string, hdr *tar.Header) error {
	if hdr.Linkname == "" || len(hdr.Linkname) >= unix.PathMax {
		return fault.New(fault.Invalid, "no link can have this target")
	}
	err := u.replace(dir, base, func() error { return unix.Symlinkat(hdr.Linkname, int(dir.Fd()), base) })
	if err != nil {
		return err
	}
	if err := unix.Fchownat(int(dir.Fd()), base, hdr.Uid, hdr.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return os.NewSyscallError("chown", err)
	}
	return setTimes(int(dir.Fd()), base, hdr)
}

// hardlink links to what its target is called inside the tree, never to what
// a link of that name leads to.
func (u *unpacker) hardlink(dir *os.File, base string, hdr *tar.Header) error {
	name, err := u.clean(hdr.Linkname)
	if err != nil {
		return err
	}
	up, target := path.Split(name)
	if target == "" {
		return fault.New(fault.Invalid, "a hard link needs a file")
	}
	there, err := u.openDir(strings.TrimSuffix(up, "/"))
	if err != nil {
		return unlinked(err, hdr)
	}
	defer there.Close()
	file, err := openBeneath(there, target, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return unlinked(err, hdr)
	}
	defer file.Close()
	if isDir(there, target) || isWhiteout(there, target) {
		return fault.New(fault.Invalid, "a hard link needs a file")
	}
	if same(there, target, dir, base) {
		return nil
	}
	return u.replace(dir, base, func() error {
		return unix.Linkat(int(file.Fd()), "", int(dir.Fd()), base, unix.AT_EMPTY_PATH)
	})
}

func unlinked(err error, hdr *tar.Header) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return fault.New(fault.Invalid, "it links to %q, which the archive has not", short(hdr.Linkname))
	}
	return err
}

// node makes a device or FIFO. A device cannot be opened in a container that
// was not given it, and its layer lies where only root comes.
func (u *unpacker) node(dir *os.File, base string, hdr *tar.Header) error {
	kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}[hdr.Typeflag]
	var dev uint64
	if hdr.Typeflag != tar.TypeFifo {
		const most = 1<<32 - 1
		if hdr.Devmajor < 0 || hdr.Devmajor > most || hdr.Devminor < 0 || hdr.Devminor > most {
			return fault.New(fault.Invalid, "no device has the number %d:%d", hdr.Devmajor, hdr.Devminor)
		}
		dev = unix.Mkdev(uint32(hdr.Devmajor), uint32(hdr.Devminor))
	}
	err := u.replace(dir, base, func() error { return unix.Mknodat(int(dir.Fd()), base, kind|0o600, int(dev)) })
	if err != nil {
		return err
	}
	if err := unix.Fchownat(int(dir.Fd()), base, hdr.Uid, hdr.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return os.NewSyscallError("chown", err)
	}
	handle, err := openBeneath(dir, base, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer handle.Close()
	if err := unix.Chmod(procPath(handle), mode(hdr)); err != nil {
		return os.NewSyscallError("chmod", err)
	}
	return setTimes(int(dir.Fd()), base, hdr)
}

// replace makes base by do, removing what is there already.
func (u *unpacker) replace(dir *os.File, base string, do func() error) error {
	err := do()
	if !errors.Is(err, unix.EEXIST) {
		return os.NewSyscallError("make", err)
	}
	u.notes.spoilt = u.notes.spoilt || !isWhiteout(dir, base)
	if err := u.clear(dir, base); err != nil {
		return err
	}
	return os.NewSyscallError("make", do())
}

func (u *unpacker) clear(dir *os.File, base string) error {
	err := unix.Unlinkat(int(dir.Fd()), base, 0)
	if !errors.Is(err, unix.EISDIR) {
		return os.NewSyscallError("unlink", err)
	}
	if u.opt.Whiteouts {
		root, err := os.OpenRoot(procPath(dir))
		if err != nil {
			return err
		}
		return errors.Join(root.RemoveAll(base), root.Close())
	}
	err = unix.Unlinkat(int(dir.Fd()), base, unix.AT_REMOVEDIR)
	if errors.Is(err, unix.ENOTEMPTY) {
		return fault.New(fault.Conflict, "a directory with files in it has this name")
	}
	return os.NewSyscallError("rmdir", err)
}
