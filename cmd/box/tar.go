package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// tarCommand is tar: -c, -x or -t, with -f FILE, -z, -v and -C DIR, also written without the dash.
func tarCommand(c *call) error {
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		c.args[0] = "-" + c.args[0]
	}
	f, names, err := c.options("cxtf:zvpC:")
	if err != nil {
		return err
	}
	archive := f.or('f', "-")
	if archive != "-" {
		if archive, err = filepath.Abs(archive); err != nil {
			return err
		}
	}
	if f.has('C') {
		if err := os.Chdir(f['C']); err != nil {
			return err
		}
	}
	switch {
	case f.has('c'):
		return c.pack(f, archive, names)
	case f.has('x') || f.has('t'):
		return c.unpack(f, archive, names)
	}
	return c.usage("-c|-x|-t [-zvp] [-f FILE] [-C DIR] [NAME...]")
}

func (c *call) pack(f flags, archive string, names []string) (err error) {
	if len(names) == 0 {
		return errors.New("an empty archive makes no sense: name what goes in")
	}
	out := os.Stdout
	if archive != "-" {
		if out, err = os.Create(archive); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	var sink io.Writer = out
	if f.has('z') {
		z := gzip.NewWriter(out)
		defer func() { err = errors.Join(err, z.Close()) }()
		sink = z
	}
	w := tar.NewWriter(sink)
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if f.has('v') {
				fmt.Fprintln(c.err, path)
			}
			return packOne(w, path, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func packOne(w *tar.Writer, path string, d fs.DirEntry) error {
	st, err := d.Info()
	if err != nil || st.Mode()&fs.ModeSocket != 0 {
		return err
	}
	target := ""
	if st.Mode()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(st, target)
	if err != nil {
		return err
	}
	h.Name = strings.TrimLeft(path, "/")
	if st.IsDir() {
		h.Name += "/"
	}
	if err := w.WriteHeader(h); err != nil || !st.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

func (c *call) unpack(f flags, archive string, names []string) error {
	in := c.in
	if archive != "-" {
		file, err := os.Open(archive)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	var source io.Reader = in
	if f.has('z') {
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		source = z
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer root.Close()
	return c.entries(tar.NewReader(source), f, names, root)
}

func (c *call) entries(r *tar.Reader, f flags, names []string, root *os.Root) error {
	for {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !wanted(h.Name, names) {
			continue
		}
		if f.has('t') || f.has('v') {
			fmt.Fprintln(c.out, h.Name)
		}
		if f.has('t') {
			continue
		}
		if err := unpackOne(r, h, root); err != nil {
			c.fail(err)
		}
	}
}

func wanted(name string, names []string) bool {
	for _, n := range names {
		n = strings.TrimSuffix(n, "/")
		if name == n || strings.HasPrefix(name, n+"/") {
			return true
		}
	}
	return len(names) == 0
}

// unpackOne makes one entry below root, which no name or link can leave.
func unpackOne(r io.Reader, h *tar.Header, root *os.Root) error {
	name := filepath.Clean("./" + strings.TrimLeft(h.Name, "/"))
	mode := h.FileInfo().Mode()
	if name == "." {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeDir {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, mode.Perm()); err != nil {
			return err
		}
	case tar.TypeSymlink:
		return errors.Join(root.Symlink(h.Linkname, name), owner(root, name, h))
	case tar.TypeLink:
		return root.Link(strings.TrimLeft(h.Linkname, "/"), name)
	case tar.TypeReg:
		if err := unpackFile(r, root, name); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: this tar unpacks files, directories and links only", h.Name)
	}
	return errors.Join(owner(root, name, h), root.Chmod(name, mode), root.Chtimes(name, h.ModTime, h.ModTime))
}

func unpackFile(r io.Reader, root *os.Root, name string) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}

func owner(root *os.Root, name string, h *tar.Header) error {
	if unix.Geteuid() != 0 {
		return nil
	}
	return root.Lchown(name, h.Uid, h.Gid)
}
