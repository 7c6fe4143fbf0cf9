package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// A copier copies files and trees.
type copier struct {
	deep, keep, links bool // descend; keep owner, mode and times; copy links as links
	tell              func(from, to string)
}

func cp(c *call) error {
	f, names, err := c.options("aRrpPdLfvTn")
	if err != nil || len(names) < 2 {
		return errors.Join(err, c.usage("[-aRrpPLfv] FROM... TO"))
	}
	k := copier{deep: f.has('r') || f.has('R') || f.has('a'), keep: f.has('p') || f.has('a'), links: f.has('P') || f.has('d') || f.has('a')}
	k.links = (k.links || k.deep) && !f.has('L')
	if f.has('v') {
		k.tell = func(from, to string) { fmt.Fprintf(c.out, "'%s' -> '%s'\n", from, to) }
	}
	return c.into(names, f.has('T'), func(from, to string) error {
		if f.has('n') {
			if _, err := os.Lstat(to); err == nil {
				return nil
			}
		}
		return k.copy(from, to)
	})
}

// into calls do for every source with its place under the last operand if that is a directory, else with that operand itself.
func (c *call) into(names []string, exact bool, do func(from, to string) error) error {
	to := names[len(names)-1]
	st, err := os.Stat(to)
	dir := err == nil && st.IsDir() && !exact
	if len(names) > 2 && !dir {
		return fmt.Errorf("%s: not a directory", to)
	}
	return c.each(names[:len(names)-1], func(from string) error {
		if dir {
			return do(from, filepath.Join(to, filepath.Base(from)))
		}
		return do(from, to)
	})
}

func (k copier) copy(from, to string) error {
	look := os.Stat
	if k.links {
		look = os.Lstat
	}
	st, err := look(from)
	if err != nil {
		return err
	}
	if old, err := os.Stat(to); err == nil && os.SameFile(st, old) {
		return fmt.Errorf("%s and %s are the same file", from, to)
	}
	if k.tell != nil {
		k.tell(from, to)
	}
	if err := k.make(from, to, st); err != nil {
		return err
	}
	return k.finish(to, st)
}

func (k copier) make(from, to string, st fs.FileInfo) error {
	switch st.Mode().Type() {
	case 0:
		return copyBytes(from, to, st.Mode().Perm())
	case fs.ModeDir:
		return k.tree(from, to)
	case fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Symlink(target, to)
	}
	if !k.deep {
		return copyBytes(from, to, st.Mode().Perm())
	}
	sys := st.Sys().(*syscall.Stat_t)
	return unix.Mknod(to, sys.Mode, int(sys.Rdev))
}

func (k copier) tree(from, to string) error {
	if !k.deep {
		return fmt.Errorf("%s is a directory; -r copies it", from)
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, e := range list {
		err = errors.Join(err, k.copy(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
	}
	return err
}

func copyBytes(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// finish gives the copy the owner, mode and times of the original where they are kept.
func (k copier) finish(to string, st fs.FileInfo) error {
	if !k.keep {
		return nil
	}
	sys := st.Sys().(*syscall.Stat_t)
	err := os.Lchown(to, int(sys.Uid), int(sys.Gid))
	if errors.Is(err, fs.ErrPermission) {
		err = nil // only root may give files away
	}
	if st.Mode()&fs.ModeSymlink == 0 {
		err = errors.Join(err, unix.Chmod(to, sys.Mode&0o7777))
	}
	times := []unix.Timespec{unix.Timespec(sys.Atim), unix.Timespec(sys.Mtim)}
	return errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, to, times, unix.AT_SYMLINK_NOFOLLOW))
}

func mv(c *call) error {
	f, names, err := c.options("fnvT")
	if err != nil || len(names) < 2 {
		return errors.Join(err, c.usage("[-fnv] FROM... TO"))
	}
	return c.into(names, f.has('T'), func(from, to string) error {
		if _, err := os.Lstat(to); err == nil && f.has('n') {
			return nil
		}
		if f.has('v') {
			fmt.Fprintf(c.out, "'%s' -> '%s'\n", from, to)
		}
		return move(from, to)
	})
}

// move renames, or copies and removes where a name cannot cross file systems (as between the layers of a container's root).
func move(from, to string) error {
	err := unix.Rename(from, to)
	if !errors.Is(err, unix.EXDEV) {
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		return nil
	}
	k := copier{deep: true, keep: true, links: true}
	if err := k.copy(from, to); err != nil {
		return err
	}
	return os.RemoveAll(from)
}

func dd(c *call) error {
	f := map[string]string{"bs": "512"}
	for _, a := range c.args {
		k, v, ok := cutAny(a)
		if !ok {
			return c.usage("[if=FILE] [of=FILE] [bs=SIZE] [count=N] [skip=N] [seek=N] [conv=notrunc,fsync]")
		}
		f[k] = v
	}
	size, err := bytesOf(f["bs"])
	if err != nil || size == 0 {
		return errors.Join(err, errors.New("bs must be at least 1"))
	}
	in, out, err := ddFiles(c, f)
	if err != nil {
		return err
	}
	defer in.Close()
	blocks, total, err := ddBlocks(in, out, f, size)
	fmt.Fprintf(c.err, "%d records\n%d bytes\n", blocks, total)
	return errors.Join(err, out.Close())
}
