package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"neap/runtime/fault"
)

// trusted says, for root, whether a file is only root's to change: it, every
// directory above it, and what symbolic links among them lead to. Anybody else
// may trust what they find.
func trusted(file string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return fault.Wrap("trust", file, err)
	}
	for _, path := range []string{file, real} {
		if err := rootOnly(path); err != nil {
			return fault.Wrap("trust", file, err)
		}
	}
	return nil
}

func rootOnly(path string) error {
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		st, err := os.Lstat(at)
		if err != nil {
			return err
		}
		owner := st.Sys().(*syscall.Stat_t).Uid
		if owner != 0 || st.Mode()&fs.ModeSymlink == 0 && st.Mode().Perm()&0o022 != 0 {
			return fault.New(fault.Denied, "%s could be changed by others than root", at).
				WithHint("as root, neap runs commands only from where nobody else can write")
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
