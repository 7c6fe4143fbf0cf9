package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Dir is a directory of state. All names are resolved beneath it by the
// kernel (openat2): no symbolic link is followed.
type Dir struct {
	*handle
	Path string // absolute, for messages and for what the kernel wants as text
}

// Durability says what a write owes.
type Durability bool

// What is acknowledged to a user is Durable (it survives power loss); what
// can be found again by looking at the kernel is Quick.
const (
	Quick   Durability = false
	Durable Durability = true
)

// Sub makes (0700) and opens the directory name below d. The caller closes it.
func (d Dir) Sub(name string) (Dir, error) {
	if sub, err := d.Enter(name); !errors.Is(err, fs.ErrNotExist) {
		return sub, err
	}
	if err := d.MkdirAll(name, 0o700); err != nil {
		return Dir{}, err
	}
	return d.Enter(name)
}

// Enter opens the directory name below d, which must exist.
func (d Dir) Enter(name string) (Dir, error) {
	fd, err := d.open(name, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return Dir{}, err
	}
	return Dir{&handle{fd: fd}, d.Join(name)}, nil
}

// Join is the absolute path of name.
func (d Dir) Join(name ...string) string {
	return filepath.Join(append([]string{d.Path}, name...)...)
}

// Save replaces the file name with v as JSON: whole, or not at all. Two
// writers of one name must hold its lock.
func (d Dir) Save(name string, v any, how Durability) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return d.Write(name, append(body, '\n'), 0o600, how)
}

// Write replaces the file name with body: whole, or not at all.
func (d Dir) Write(name string, body []byte, mode fs.FileMode, how Durability) error {
	return d.in("write", name, func(dir int, base string) error {
		draft := ".new-" + base
		err := put(dir, draft, body, mode, how)
		if err == nil {
			err = unix.Renameat(dir, draft, dir, base)
		}
		if err != nil {
			return errors.Join(err, absent(unix.Unlinkat(dir, draft, 0)))
		}
		if how == Quick {
			return nil
		}
		return d.Sync(filepath.Dir(name))
	})
}

// File is one of those that Fill writes.
type File struct {
	Name  string
	Value any
}

// Fill writes new files, as JSON, into the directory name, which nobody else
// looks at yet. Durable ones are on their way to the disk together, before the
// first is waited for: that costs one commit of the journal, not one for each.
// Their names last once the directory is synced, or what it is moved to.
func (d Dir) Fill(name string, how Durability, files ...File) (err error) {
	var open []int
	defer func() {
		for _, fd := range open {
			err = errors.Join(err, unix.Close(fd))
		}
	}()
	for _, f := range files {
		body, err := json.MarshalIndent(f.Value, "", "  ")
		if err != nil {
			return err
		}
		fd, err := d.open(name+"/"+f.Name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		open = append(open, fd)
		if err := fill(fd, append(body, '\n')); err != nil {
			return wrong("write", name+"/"+f.Name, err)
		}
	}
	if how == Quick {
		return nil
	}
	return wrong("sync", name, syncAll(open))
}

// syncAll begins to write all before it waits for one.
func syncAll(open []int) error {
	for _, fd := range open {
		_ = unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE) // where it cannot, Fsync does it all
	}
	for _, fd := range open {
		if err := unix.Fsync(fd); err != nil {
			return err
		}
	}
	return nil
}

func fill(fd int, body []byte) error {
	for len(body) > 0 {
		n, err := unix.Write(fd, body)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		body = body[max(n, 0):]
	}
	return nil
}

// put makes or empties the file name of dir and fills it.
func put(dir int, name string, body []byte, mode fs.FileMode, how Durability) error {
	fd, err := unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err != nil {
		return err
	}
	err = fill(fd, body)
	if err == nil && how == Durable {
		err = unix.Fsync(fd)
	}
	return errors.Join(err, unix.Close(fd))
}

func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// MkdirAll makes the directory name and those above it.
func (d Dir) MkdirAll(name string, mode fs.FileMode) error {
	err := d.Mkdir(name, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = d.MkdirAll(filepath.Dir(name), mode); err == nil {
			err = d.Mkdir(name, mode)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Load reads the JSON file name into v. A file that is not JSON is
// fault.Damaged; an absent one is fs.ErrNotExist.
func (d Dir) Load(name string, v any) error {
	body, err := d.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return &fault.Error{Kind: fault.Damaged, Op: "read", Object: d.Join(name), Cause: err}
	}
	return nil
}

// Sync makes the entries of the directory name last through power loss.
func (d Dir) Sync(name string) error {
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Names lists the entries of the directory name, sorted, without those whose
// name starts with a dot. An absent directory has none.
func (d Dir) Names(name string) ([]string, error) {
	f, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.Readdirnames(-1)
	names := all[:0]
	for _, n := range all {
		if !strings.HasPrefix(n, ".") {
			names = append(names, n)
		}
	}
	return sorted(names), err
}
