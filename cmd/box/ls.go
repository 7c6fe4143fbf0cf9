package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

func ls(c *call) error {
	f, names, err := c.options("1laAdhnrtSRFi")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	var files []entry
	var dirs []string
	for _, name := range names {
		e, err := look(name, name, f.has('l') || f.has('d'))
		switch {
		case err != nil:
			c.fail(err)
		case e.IsDir() && !f.has('d'):
			dirs = append(dirs, name)
		default:
			files = append(files, e)
		}
	}
	c.show(f, files)
	for i, dir := range dirs {
		if len(names) > 1 || f.has('R') {
			if i > 0 || len(files) > 0 {
				fmt.Fprintln(c.out)
			}
			fmt.Fprintf(c.out, "%s:\n", dir)
		}
		if err := c.listDir(f, dir); err != nil {
			c.fail(err)
		}
	}
	return nil
}

// An entry is one line of a listing.
type entry struct {
	fs.FileInfo
	name, target string
	sys          *syscall.Stat_t
}

func look(path, name string, asLink bool) (entry, error) {
	st, err := os.Lstat(path)
	if err == nil && st.Mode()&fs.ModeSymlink != 0 && !asLink {
		if to, err := os.Stat(path); err == nil {
			st = to
		}
	}
	if err != nil {
		return entry{}, err
	}
	e := entry{FileInfo: st, name: name, sys: st.Sys().(*syscall.Stat_t)}
	if st.Mode()&fs.ModeSymlink != 0 {
		e.target, _ = os.Readlink(path) // unreadable: shown without a target
	}
	return e, nil
}

func (c *call) listDir(f flags, dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(list)+2)
	if f.has('a') {
		names = append(names, ".", "..")
	}
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), ".") || f.has('a') || f.has('A') {
			names = append(names, e.Name())
		}
	}
	var entries []entry
	for _, name := range names {
		e, err := look(filepath.Join(dir, name), name, true)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.fail(err)
		} else if err == nil {
			entries = append(entries, e)
		}
	}
	c.show(f, entries)
	return c.below(f, dir, entries)
}

func (c *call) below(f flags, dir string, entries []entry) error {
	var failed error
	for _, e := range entries {
		if f.has('R') && e.IsDir() && e.name != "." && e.name != ".." {
			fmt.Fprintf(c.out, "\n%s:\n", filepath.Join(dir, e.name))
			failed = errors.Join(failed, c.listDir(f, filepath.Join(dir, e.name)))
		}
	}
	return failed
}

func (c *call) show(f flags, entries []entry) {
	less := func(a, b entry) bool { return a.name < b.name }
	switch {
	case f.has('t'):
		less = func(a, b entry) bool { return a.ModTime().After(b.ModTime()) }
	case f.has('S'):
		less = func(a, b entry) bool { return a.Size() > b.Size() }
	}
	sort.SliceStable(entries, func(i, j int) bool {
		if f.has('r') {
			return less(entries[j], entries[i])
		}
		return less(entries[i], entries[j])
	})
	users, groups := newNames("/etc/passwd"), newNames("/etc/group")
	for _, e := range entries {
		if f.has('i') {
			fmt.Fprintf(c.out, "%d ", e.sys.Ino)
		}
		if f.has('l') || f.has('n') {
			c.long(f, e, users, groups)
		}
		c.entryName(f, e)
	}
}

func (c *call) entryName(f flags, e entry) {
	fmt.Fprint(c.out, e.name)
	if f.has('F') && e.IsDir() {
		fmt.Fprint(c.out, "/")
	}
	if (f.has('l') || f.has('n')) && e.target != "" {
		fmt.Fprint(c.out, " -> ", e.target)
	}
	fmt.Fprintln(c.out)
}

func (c *call) long(f flags, e entry, users, groups names) {
	size := fmt.Sprint(e.Size())
	switch {
	case e.Mode()&fs.ModeDevice != 0:
		size = fmt.Sprintf("%d, %d", major(uint64(e.sys.Rdev)), minor(uint64(e.sys.Rdev)))
	case f.has('h'):
		size = human(uint64(e.Size()))
	}
	user, group := users.of(e.sys.Uid), groups.of(e.sys.Gid)
	if f.has('n') {
		user, group = fmt.Sprint(e.sys.Uid), fmt.Sprint(e.sys.Gid)
	}
	when := e.ModTime().Format("Jan _2 15:04")
	if time.Since(e.ModTime()).Abs() > 180*24*time.Hour {
		when = e.ModTime().Format("Jan _2  2006")
	}
	fmt.Fprintf(c.out, "%s %4d %-8s %-8s %9s %s ", modeText(e.Mode()), e.sys.Nlink, user, group, size, when)
}

// modeText writes a mode as ls does: drwxr-xr-x.
func modeText(m fs.FileMode) string {
	kind := map[fs.FileMode]byte{
		0: '-', fs.ModeDir: 'd', fs.ModeSymlink: 'l', fs.ModeNamedPipe: 'p', fs.ModeSocket: 's',
		fs.ModeDevice: 'b', fs.ModeDevice | fs.ModeCharDevice: 'c',
	}[m.Type()]
	text := []byte(m.Perm().String())
	text[0] = kind
	for i, bit := range []fs.FileMode{fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky} {
		if m&bit == 0 {
			continue
		}
		at, with := 3+3*i, "sst"[i]
		if text[at] == '-' {
			with -= 'a' - 'A'
		}
		text[at] = with
	}
	return string(text)
}

// human writes a number of bytes with a unit: 1.5M.
func human(n uint64) string {
	if n < 1024 {
		return fmt.Sprint(n)
	}
	f, unit := float64(n)/1024, "K"
	for _, next := range []string{"M", "G", "T"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, next
	}
	return fmt.Sprintf("%.1f%s", f, unit)
}
