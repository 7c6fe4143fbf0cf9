package store

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"neap/runtime/fault"
)

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

// Claim makes name belong to owner. A claim is a symbolic link whose target is
// the owner: the kernel makes a link and its content in one step. It succeeds
// if owner has it already and is fault.Exists, with the holder as Detail, if
// another has it.
func (d Dir) Claim(name, owner string) error {
	for {
		err := d.Symlink(owner, name)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		switch holder, err := d.Holder(name); {
		case err != nil:
			return err
		case holder == owner:
			return nil
		case holder != "":
			taken := fault.New(fault.Exists, "%s belongs to %s", name, holder)
			taken.Detail = holder
			return taken
		}
	}
}

// Holder is the owner of name, "" if nobody has it.
func (d Dir) Holder(name string) (string, error) {
	holder, err := d.Readlink(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return holder, err
}

// Release gives name up if owner has it.
func (d Dir) Release(name, owner string) error {
	holder, err := d.Holder(name)
	if err != nil || holder != owner {
		return err
	}
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("release %s: %w", name, err)
	}
	return nil
}
