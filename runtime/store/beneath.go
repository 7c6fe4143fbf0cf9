package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A handle is an open directory. Its own calls go straight to the kernel:
// os.File would ask the poller and fstat about every small file, four to eight
// calls in place of one. What is rare goes through os.Root.
type handle struct {
	fd   int // O_PATH
	once sync.Once
	root *os.Root
	err  error
}

// Root is the directory as os.Root. It lives as long as the directory.
func (h *handle) Root() (*os.Root, error) {
	h.once.Do(func() { h.root, h.err = os.OpenRoot("/proc/self/fd/" + strconv.Itoa(h.fd)) })
	return h.root, h.err
}

// Close closes the directory. It may be called on a zero Dir.
func (h *handle) Close() error {
	if h == nil {
		return nil
	}
	h.once.Do(func() { h.err = fs.ErrClosed })
	err := unix.Close(h.fd)
	if h.root != nil {
		err = errors.Join(err, h.root.Close())
	}
	return err
}

// open opens name beneath the directory: no symbolic link, not even one that
// stays inside, is followed.
func (h *handle) open(name string, flags int, mode fs.FileMode) (int, error) {
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_CREAT != 0 {
		how.Mode = uint64(mode.Perm())
	}
	for {
		fd, err := unix.Openat2(h.fd, name, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fd, wrong("open", name, err)
		}
	}
}

// in calls do with the directory that name lies in and the last element of
// name, which is no way up.
func (h *handle) in(op, name string, do func(dir int, base string) error) error {
	dir, base := path.Split(name)
	if base == "" || base == "." || base == ".." {
		return wrong(op, name, unix.EINVAL)
	}
	if dir == "" {
		return wrong(op, name, do(h.fd, base))
	}
	fd, err := h.open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return wrong(op, name, do(fd, base))
}

func wrong(op, name string, err error) error {
	if err == nil {
		return nil
	}
	var known *fs.PathError
	if errors.As(err, &known) {
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Mkdir makes the directory name.
func (d Dir) Mkdir(name string, mode fs.FileMode) error {
	return d.in("mkdir", name, func(dir int, base string) error {
		return unix.Mkdirat(dir, base, uint32(mode.Perm()))
	})
}

// Remove removes a file, a link or an empty directory.
func (d Dir) Remove(name string) error {
	return d.in("remove", name, func(dir int, base string) error {
		err := unix.Unlinkat(dir, base, 0)
		if !errors.Is(err, unix.EISDIR) {
			return err
		}
		return unix.Unlinkat(dir, base, unix.AT_REMOVEDIR)
	})
}

// Rename moves from to to, replacing a file.
func (d Dir) Rename(from, to string) error {
	return d.in("rename", from, func(here int, old string) error {
		if path.Dir(from) == path.Dir(to) {
			return unix.Renameat(here, old, here, path.Base(to))
		}
		return d.in("rename", to, func(there int, name string) error { return unix.Renameat(here, old, there, name) })
	})
}

// Move moves name to a place in another directory of the same file system. It
// replaces nothing: what is there is fs.ErrExist.
func (d Dir) Move(name string, to Dir, as string) error {
	return d.in("move", name, func(here int, old string) error {
		return to.in("move", as, func(there int, base string) error {
			return unix.Renameat2(here, old, there, base, unix.RENAME_NOREPLACE)
		})
	})
}

// Symlink makes the link name with the text target.
func (d Dir) Symlink(target, name string) error {
	return d.in("symlink", name, func(dir int, base string) error { return unix.Symlinkat(target, dir, base) })
}

// Readlink is the text of a link.
func (d Dir) Readlink(name string) (text string, err error) {
	err = d.in("readlink", name, func(dir int, base string) error {
		buf := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(dir, base, buf)
		text = string(buf[:max(n, 0)])
		return err
	})
	return text, err
}

// ReadFile is the content of a file.
func (d Dir) ReadFile(name string) ([]byte, error) {
	fd, err := d.open(name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	body := make([]byte, 0, 2048)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := unix.Read(fd, body[len(body):cap(body)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, wrong("read", name, err)
		case n == 0:
			return body, nil
		default:
			body = body[:len(body)+n]
		}
	}
}

// Exists says whether name is there. It does not follow a link.
func (d Dir) Exists(name string) bool {
	var st unix.Stat_t
	return d.in("stat", name, func(dir int, base string) error {
		return unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	}) == nil
}

// OpenFile opens a file. The caller closes it.
func (d Dir) OpenFile(name string, flags int, mode fs.FileMode) (*os.File, error) {
	fd, err := d.open(name, flags, mode)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), d.Join(name)), nil
}

// Open opens a file, or a directory, for reading. The caller closes it.
func (d Dir) Open(name string) (*os.File, error) { return d.OpenFile(name, unix.O_RDONLY, 0) }

// RemoveAll removes name and what is below it. One that is absent is nil.
func (d Dir) RemoveAll(name string) error {
	if err := d.Remove(name); err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	root, err := d.Root()
	if err != nil {
		return err
	}
	return root.RemoveAll(name)
}

// Lstat says what name is. It does not follow a link.
func (d Dir) Lstat(name string) (fs.FileInfo, error) {
	root, err := d.Root()
	if err != nil {
		return nil, err
	}
	return root.Lstat(name)
}

// Chmod sets the permissions of name.
func (d Dir) Chmod(name string, mode fs.FileMode) error {
	root, err := d.Root()
	if err != nil {
		return err
	}
	return root.Chmod(name, mode)
}

// Chtimes sets the times of name; a zero one is left.
func (d Dir) Chtimes(name string, access, change time.Time) error {
	root, err := d.Root()
	if err != nil {
		return err
	}
	return root.Chtimes(name, access, change)
}
