package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Weigh is how many bytes are in the files below a directory. What is
// removed meanwhile does not count, and what has several names counts once.
func Weigh(ctx context.Context, root *os.Root) (int64, error) {
	var sum int64
	seen := map[[2]uint64]bool{}
	err := fs.WalkDir(root.FS(), ".", func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				return nil
			}
			return err
		}
		sum += weight(e, seen)
		return ctx.Err()
	})
	return sum, err
}

func weight(e fs.DirEntry, seen map[[2]uint64]bool) int64 {
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Nlink == 1 {
		return info.Size()
	}
	inode := [2]uint64{st.Dev, st.Ino}
	if seen[inode] {
		return 0
	}
	seen[inode] = true
	return info.Size()
}
