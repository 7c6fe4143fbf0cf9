package volume

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// fill says how far the first filling of a volume has come.
type fill string

const (
	never  fill = ""       // not begun, or the draft is worth nothing
	moving fill = "moving" // the draft is whole and is being moved into place
	filled fill = "filled" // done, or found to hold something
)

const (
	draftDir = ".new-data"
	fillLock = "fill.lock"
)

// Fill lets fn put a first content into a volume that is empty and was never
// filled; else it does nothing. fn gets an empty directory, whose own mode,
// owner and attributes count too. What fn made appears in the volume only if
// fn succeeds, whole even if this process is killed; the directory of the data
// stays the same one, as containers may have it mounted. A volume of a
// directory of the host is never filled.
func (v *Volumes) Fill(ctx context.Context, name string, fn func(data *os.File) error) error {
	d, err := v.enter(name)
	if err != nil {
		return fault.Wrap("fill volume", name, err)
	}
	defer d.Close()
	r, err := readRecord(d)
	if err != nil || r.Fill == filled || r.Options["device"] != "" {
		return fault.Wrap("fill volume", name, err)
	}
	lock, err := d.Lock(ctx, fillLock, store.Exclusive)
	if err != nil {
		return fault.Wrap("fill volume", name, err)
	}
	defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
	return fault.Wrap("fill volume", name, fillLocked(ctx, d, fn))
}

func fillLocked(ctx context.Context, d store.Dir, fn func(*os.File) error) error {
	r, err := readRecord(d)
	switch {
	case err != nil || r.Fill == filled:
		return err
	case r.Fill == moving:
		return move(d, r)
	}
	empty, err := isEmpty(d, dataDir)
	if err != nil {
		return err
	}
	if empty {
		if err := draft(ctx, d, fn); err != nil {
			return errors.Join(err, d.RemoveAll(draftDir))
		}
		if err := mark(d, &r, moving); err != nil {
			return err
		}
		return move(d, r)
	}
	return mark(d, &r, filled)
}

// settle finishes a move that a kill interrupted.
func settle(ctx context.Context, d store.Dir) error {
	lock, err := d.Lock(ctx, fillLock, store.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
	r, err := readRecord(d)
	if err != nil || r.Fill != moving {
		return err
	}
	return move(d, r)
}

// mark writes how far the filling is. The record changes only under the fill
// lock or the name's lock; a concurrent change of the other kind (protect)
// takes both.
func mark(d store.Dir, r *record, how fill) error {
	r.Fill = how
	return d.Save(recordFile, r, store.Durable)
}

// draft lets fn fill a new directory and writes it to the disk.
func draft(ctx context.Context, d store.Dir, fn func(*os.File) error) error {
	if err := d.RemoveAll(draftDir); err != nil {
		return err
	}
	if err := d.Mkdir(draftDir, 0o755); err != nil {
		return err
	}
	f, err := d.Open(draftDir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := errors.Join(likeness(d, dataDir, draftDir), fn(f), ctx.Err()); err != nil {
		return err
	}
	return unix.Syncfs(int(f.Fd()))
}

// move moves the draft's entries into the data, gives it the draft's likeness
// and marks the volume as filled. Doing it again finishes it. What is in the
// data already stays.
func move(d store.Dir, r record) error {
	names, err := entries(d, draftDir)
	if errors.Is(err, fs.ErrNotExist) { // all was moved, only the mark is missing
		return mark(d, &r, filled)
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if d.Exists(dataDir + "/" + name) {
			continue
		}
		if err := d.Rename(draftDir+"/"+name, dataDir+"/"+name); err != nil {
			return err
		}
	}
	if err := errors.Join(likeness(d, draftDir, dataDir), d.RemoveAll(draftDir), d.Sync(dataDir)); err != nil {
		return err
	}
	return mark(d, &r, filled)
}

// entries lists all of a directory, with names that begin with a dot.
func entries(d store.Dir, name string) ([]string, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func isEmpty(d store.Dir, name string) (bool, error) {
	names, err := entries(d, name)
	return len(names) == 0, err
}

// likeness gives the directory to the mode, owner, times and attributes of
// the directory from.
func likeness(d store.Dir, from, to string) error {
	src, err := d.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := d.Open(to)
	if err != nil {
		return err
	}
	defer dst.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(src.Fd()), &st); err != nil {
		return err
	}
	fd := int(dst.Fd())
	return errors.Join(
		unix.Fchown(fd, int(st.Uid), int(st.Gid)),
		unix.Fchmod(fd, st.Mode&0o7777),
		attributes(int(src.Fd()), fd),
		unix.UtimesNanoAt(fd, "", []unix.Timespec{st.Atim, st.Mtim}, unix.AT_EMPTY_PATH),
	)
}

func attributes(from, to int) error {
	buf := make([]byte, 1<<16)
	n, err := unix.Flistxattr(from, buf)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(buf[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 1<<16)
		n, err := unix.Fgetxattr(from, name, value)
		if err != nil {
			return err
		}
		if err := unix.Fsetxattr(to, name, value[:n], 0); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
			return err
		}
	}
	return nil
}

func openDir(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
}
