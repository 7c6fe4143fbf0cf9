package std

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// remove removes what is at a path, never through a link at its end.
func remove(ctx context.Context, path string, all bool) error {
	if !all {
		return removeOne(path)
	}
	info, err := os.Lstat(filepath.Clean(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return os.Remove(filepath.Clean(path))
	}
	if err := mayGo(path, info); err != nil {
		return err
	}
	return removeDir(ctx, filepath.Clean(path))
}

func removeOne(path string) error {
	err := os.Remove(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.ENOTEMPTY):
		return notEmpty()
	}
	return err
}

func notEmpty() error {
	return fault.New(fault.Conflict, "the directory is not empty").WithHint("{ recursive = true } removes what is in it too")
}

// mayGo refuses the root, and what one stands in.
func mayGo(path string, info fs.FileInfo) error {
	if root, err := os.Stat("/"); err != nil || os.SameFile(root, info) {
		return fault.New(fault.Denied, "it is the root of the file system")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	here, err := filepath.Abs(".")
	if err == nil && (abs == "/" || here == abs || strings.HasPrefix(here, abs+"/")) {
		return fault.New(fault.Denied, "the script runs in there")
	}
	return nil
}

// removeDir removes one thing after the other, so that it can be stopped.
func removeDir(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := root.RemoveAll(e.Name()); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}

// size adds up the bytes of all files; what has several names counts once.
func size(ctx context.Context, path string) (total int64, err error) {
	seen := map[uint64]bool{}
	err = filepath.WalkDir(path, func(p string, entry fs.DirEntry, err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			return gone(p == path, err)
		}
		info, err := entry.Info()
		if err != nil {
			return gone(p == path, err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !info.Mode().IsRegular() || ok && st.Nlink > 1 && seen[st.Ino] {
			return nil
		}
		if ok && st.Nlink > 1 {
			seen[st.Ino] = true
		}
		total += info.Size()
		return nil
	})
	return total, err
}

// gone forgives what is not there any more, unless it is the first.
func gone(first bool, err error) error {
	if !first && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func move(ctx context.Context, from, to string) error {
	if err := free(to); err != nil {
		return err
	}
	err := os.Rename(from, to)
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	if err := copyAll(ctx, from, to); err != nil {
		return err
	}
	return remove(ctx, from, true)
}

// free refuses a path where a directory is.
func free(to string) error {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		return fault.New(fault.Exists, "%s is a directory; name the path that it shall get", to)
	}
	return nil
}

// copyAll copies a file or a tree.
func copyAll(ctx context.Context, from, to string) error {
	if err := free(to); err != nil {
		return err
	}
	info, err := os.Stat(from) // a link that is named is followed, those below are kept
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return copyOne(ctx, from, to, info)
	}
	if err := apart(from, to); err != nil {
		return err
	}
	return copyTree(ctx, from, to)
}

// apart refuses to copy a directory into itself.
func apart(from, to string) error {
	a, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	above, err := filepath.EvalSymlinks(filepath.Dir(to))
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(a, filepath.Join(above, filepath.Base(to))); err == nil && !strings.HasPrefix(rel, "..") {
		return fault.New(fault.Invalid, "%s lies in it", to)
	}
	return nil
}

func copyTree(ctx context.Context, from, to string) error {
	type made struct {
		path string
		info fs.FileInfo
	}
	var dirs []made
	from = filepath.Clean(from) + "/"
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if target := filepath.Join(to, rel); !info.IsDir() {
			return copyOne(ctx, path, target, info)
		} else {
			dirs = append(dirs, made{target, info})
			return os.Mkdir(target, 0o700)
		}
	})
	if err != nil {
		return err
	}
	for i := len(dirs) - 1; i >= 0; i-- { // the inner ones first, as they change the times of the outer ones
		if err := dress(dirs[i].path, dirs[i].info); err != nil {
			return err
		}
	}
	return nil
}

// copyOne copies what is no directory.
func copyOne(ctx context.Context, from, to string, info fs.FileInfo) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	switch {
	case info.Mode().IsRegular():
		return copyFile(ctx, from, to, info)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, to); err != nil {
			return err
		}
		return dress(to, info)
	}
	return fault.New(fault.Unsupported, "%s is a %s", from, kindOf(info.Mode()))
}

func copyFile(ctx context.Context, from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	err = Whole(to, info.Mode().Perm(), func(w io.Writer) error {
		for {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			n, err := io.CopyN(w, in, 16<<20) // the kernel copies, if it can
			if errors.Is(err, io.EOF) || err == nil && n == 0 {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	return dress(to, info)
}

// dress gives a copy the owner, the permissions and the time of what it was
// copied from. Who may not give files away keeps them.
func dress(path string, info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Lchown(path, int(st.Uid), int(st.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	if err := os.Chmod(path, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}
