package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func major(dev uint64) uint32 { return unix.Major(dev) }
func minor(dev uint64) uint32 { return unix.Minor(dev) }

func stat(c *call) error {
	f, names, err := c.options("c:L")
	if err != nil {
		return err
	}
	users, groups := newNames("/etc/passwd"), newNames("/etc/group")
	return c.each(names, func(name string) error {
		e, err := look(name, name, !f.has('L'))
		if err != nil {
			return err
		}
		format := f.or('c', "  File: %N\n  Size: %s\tBlocks: %b\t%F\nDevice: %D\tInode: %i\tLinks: %h\nAccess: (%a/%A)\tUid: (%u/%U)\tGid: (%g/%G)\nModify: %y")
		fmt.Fprintln(c.out, statText(format, e, users, groups))
		return nil
	})
}

func statText(format string, e entry, users, groups names) string {
	kind := map[fs.FileMode]string{0: "regular file", fs.ModeDir: "directory", fs.ModeSymlink: "symbolic link", fs.ModeNamedPipe: "fifo", fs.ModeSocket: "socket"}
	what, known := kind[e.Mode().Type()]
	if !known {
		what = "special file"
	}
	quoted := e.name
	if e.target != "" {
		quoted += " -> " + e.target
	}
	return strings.NewReplacer("%n", e.name, "%N", quoted, "%s", fmt.Sprint(e.Size()), "%b", fmt.Sprint(e.sys.Blocks), "%F", what,
		"%a", fmt.Sprintf("%o", e.sys.Mode&0o7777), "%A", modeText(e.Mode()), "%f", fmt.Sprintf("%x", e.sys.Mode),
		"%u", fmt.Sprint(e.sys.Uid), "%U", users.of(e.sys.Uid), "%g", fmt.Sprint(e.sys.Gid), "%G", groups.of(e.sys.Gid),
		"%i", fmt.Sprint(e.sys.Ino), "%h", fmt.Sprint(e.sys.Nlink), "%D", fmt.Sprintf("%x", e.sys.Dev), "%d", fmt.Sprint(e.sys.Dev),
		"%Y", fmt.Sprint(e.ModTime().Unix()), "%y", e.ModTime().Format("2006-01-02 15:04:05.000000000 -0700"),
		"%t", fmt.Sprintf("%x", major(uint64(e.sys.Rdev))), "%T", fmt.Sprintf("%x", minor(uint64(e.sys.Rdev))), "%%", "%", `\n`, "\n").Replace(format)
}

func du(c *call) error {
	f, names, err := c.options("sahkmbd:")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	return c.each(names, func(name string) error {
		st, err := os.Lstat(name)
		if err != nil {
			return err
		}
		_, err = c.usageOf(f, name, st, true)
		return err
	})
}

// usageOf adds up a tree, writing a line for each directory in it unless only the sum is wanted.
func (c *call) usageOf(f flags, path string, st fs.FileInfo, top bool) (uint64, error) {
	sys := st.Sys().(*syscall.Stat_t)
	total := uint64(sys.Blocks) * 512
	if f.has('b') {
		total = uint64(st.Size())
	}
	var list []fs.DirEntry
	var failed error
	if st.IsDir() {
		list, failed = os.ReadDir(path)
	}
	for _, e := range list {
		below, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var n uint64
		if err == nil {
			n, err = c.usageOf(f, filepath.Join(path, e.Name()), below, false)
		}
		total += n
		failed = errors.Join(failed, err)
	}
	if top || !f.has('s') && (st.IsDir() || f.has('a')) {
		fmt.Fprintf(c.out, "%s\t%s\n", sizeText(f, total), path)
	}
	return total, failed
}

func sizeText(f flags, n uint64) string {
	switch {
	case f.has('h'):
		return human(n)
	case f.has('b'):
		return fmt.Sprint(n)
	case f.has('m'):
		return fmt.Sprint((n + 1<<20 - 1) >> 20)
	}
	return fmt.Sprint((n + 1023) >> 10)
}

func df(c *call) error {
	f, names, err := c.options("hkmPT")
	if err != nil {
		return err
	}
	if len(names) > 0 {
		fmt.Fprintln(c.out, "Filesystem            Size       Used  Available Mounted on")
		return c.each(names, func(name string) error { return c.space(f, "-", name) })
	}
	fmt.Fprintln(c.out, "Filesystem            Size       Used  Available Mounted on")
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(mounts)), "\n") {
		if row := strings.Fields(line); len(row) > 2 {
			if err := c.space(f, row[0], row[1]); err != nil && !errors.Is(err, fs.ErrPermission) {
				c.fail(err)
			}
		}
	}
	return nil
}

func (c *call) space(f flags, source, path string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	if s.Blocks == 0 {
		return nil
	}
	unit := uint64(s.Bsize)
	fmt.Fprintf(c.out, "%-16s %9s %10s %10s %s\n", source, sizeText(f, s.Blocks*unit), sizeText(f, (s.Blocks-s.Bfree)*unit), sizeText(f, s.Bavail*unit), path)
	return nil
}

// mount shows the mounts, or makes one: mount [-t TYPE] [-o bind,ro,...] SOURCE TARGET.
func mount(c *call) error {
	f, rest, err := c.options("t:o:")
	if err != nil {
		return err
	}
	if len(rest) == 2 {
		return attach(f, rest[0], rest[1])
	}
	if len(rest) > 0 {
		return c.usage("[-t TYPE] [-o OPTIONS] [SOURCE TARGET]")
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(mounts)), "\n") {
		if row := strings.Fields(line); len(row) > 3 {
			fmt.Fprintf(c.out, "%s on %s type %s (%s)\n", row[0], row[1], row[2], row[3])
		}
	}
	return nil
}

func attach(f flags, source, target string) error {
	bits := map[string]uintptr{
		"bind": unix.MS_BIND, "rbind": unix.MS_BIND | unix.MS_REC, "ro": unix.MS_RDONLY, "remount": unix.MS_REMOUNT,
		"nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC, "rw": 0,
	}
	var flags uintptr
	var data []string
	for _, o := range strings.FieldsFunc(f['o'], func(r rune) bool { return r == ',' }) {
		if bit, known := bits[o]; known {
			flags |= bit
		} else {
			data = append(data, o)
		}
	}
	if err := unix.Mount(source, target, f['t'], flags, strings.Join(data, ",")); err != nil {
		return fmt.Errorf("%s on %s: %w", source, target, err)
	}
	return nil
}

func umount(c *call) error {
	f, names, err := c.options("lf")
	if err != nil {
		return err
	}
	how := 0
	if f.has('l') {
		how |= unix.MNT_DETACH
	}
	if f.has('f') {
		how |= unix.MNT_FORCE
	}
	return c.each(names, func(name string) error {
		if err := unix.Unmount(name, how); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}
