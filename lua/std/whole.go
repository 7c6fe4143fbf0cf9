package std

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Whole replaces the file at path by what fill writes: whole, or not at all. A
// link is followed. What is there and is no regular file, as a device or a
// pipe, is written to and stays what it is. mode is that of a new file.
func Whole(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	old, err := os.Stat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		return into(path, fill)
	case err == nil:
		mode = old.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".neap-*")
	if err != nil {
		return err
	}
	err = fill(f)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func into(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}
