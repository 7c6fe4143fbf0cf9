package image

import (
	"crypto/rand"
	"os"

	"golang.org/x/sys/unix"
)

// place makes the directory of a draft and opens it.
//
// Ext4 makes a tree's inodes beside its first directory, and for minutes after a
// removal it looks at every inode of the removed, one by one, each time it
// makes a new one: an image loaded after another was removed takes ten times as
// long. So each layer starts where its name falls, and the name is a new one.
func (s *Images) place(draft string) (*os.File, error) {
	if err := s.spread(); err != nil {
		return nil, err
	}
	const tries = 8 // Sweep may take away what has no lock yet
	var err error
	for range tries {
		name := ".new-" + rand.Text()
		if err = s.layers.Mkdir(name, 0o755); err != nil {
			return nil, err
		}
		if err = s.layers.Rename(name, draft); !missing(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return s.layers.Open(draft)
}

// spread asks the file system to put the layers far from each other. Only the
// family of ext can be asked; others need not be, and none must obey.
func (s *Images) spread() error {
	const topdir = 0x00020000 // FS_TOPDIR_FL
	top, err := s.layers.Open(".")
	if err != nil {
		return err
	}
	defer top.Close()
	flags, err := unix.IoctlGetUint32(int(top.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil && flags&topdir == 0 {
		_ = unix.IoctlSetPointerInt(int(top.Fd()), unix.FS_IOC_SETFLAGS, int(flags|topdir))
	}
	return nil
}
