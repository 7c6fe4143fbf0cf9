package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"neap/runtime/fault"
)

// Dir is a directory of state. All names are resolved beneath it by the
// kernel (os.Root): no symbolic link leads out.
type Dir struct {
	*os.Root
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
	if err := d.MkdirAll(name, 0o700); err != nil {
		return Dir{}, err
	}
	return d.Enter(name)
}

// Enter opens the directory name below d, which must exist.
func (d Dir) Enter(name string) (Dir, error) {
	root, err := d.OpenRoot(name)
	if err != nil {
		return Dir{}, err
	}
	return Dir{root, d.Join(name)}, nil
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
func (d Dir) Write(name string, body []byte, mode fs.FileMode, how Durability) (err error) {
	dir, base := filepath.Split(name)
	draft := dir + ".new-" + base
	f, err := d.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Remove(draft))
		}
	}()
	if _, err = f.Write(body); err == nil && how == Durable {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = d.Rename(draft, name); err != nil || how == Quick {
		return err
	}
	return d.Sync(filepath.Dir(name))
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

// Exists says whether name is there. It does not follow a link.
func (d Dir) Exists(name string) bool {
	_, err := d.Lstat(name)
	return err == nil
}
