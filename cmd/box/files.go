package main

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func cat(c *call) error {
	_, names, err := c.options("u")
	if err != nil {
		return err
	}
	return c.inputs(names, func(_ string, f *os.File) error {
		_, err := io.Copy(os.Stdout, f)
		return err
	})
}

func tee(c *call) error {
	f, names, err := c.options("ai")
	if err != nil {
		return err
	}
	mode := os.O_TRUNC
	if f.has('a') {
		mode = os.O_APPEND
	}
	outs := []io.Writer{os.Stdout}
	for _, name := range names {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|mode, 0o666)
		if err != nil {
			c.fail(err)
			continue
		}
		defer file.Close()
		outs = append(outs, file)
	}
	_, err = io.Copy(io.MultiWriter(outs...), c.in)
	return err
}

// each does the same to every operand, going on after a failure.
func (c *call) each(names []string, do func(string) error) error {
	for _, name := range names {
		if err := do(name); err != nil {
			c.fail(err)
		}
	}
	return nil
}

func ln(c *call) error {
	f, names, err := c.options("sfn")
	if err != nil || len(names) == 0 {
		return errors.Join(err, c.usage("[-sf] TARGET [NAME]"))
	}
	at := filepath.Base(names[0])
	if len(names) > 1 {
		at = names[1]
	}
	if st, err := os.Stat(at); err == nil && st.IsDir() && !f.has('n') {
		at = filepath.Join(at, filepath.Base(names[0]))
	}
	if f.has('f') {
		if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if f.has('s') {
		return os.Symlink(names[0], at)
	}
	return os.Link(names[0], at)
}

func rmdir(c *call) error {
	f, names, err := c.options("p")
	if err != nil {
		return err
	}
	return c.each(names, func(name string) error {
		err := unix.Rmdir(name)
		for p := filepath.Dir(name); err == nil && f.has('p') && p != "." && p != "/"; p = filepath.Dir(p) {
			err = unix.Rmdir(p)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

func mkfifo(c *call) error {
	return c.each(c.args, func(name string) error { return unix.Mkfifo(name, 0o666) })
}

func readlink(c *call) error {
	f, names, err := c.options("fn")
	if err != nil {
		return err
	}
	return c.each(names, func(name string) error {
		read := os.Readlink
		if f.has('f') {
			read = resolve
		}
		to, err := read(name)
		if err == nil {
			fmt.Fprintln(c.out, to)
		}
		return err
	})
}

func realpath(c *call) error {
	return c.each(c.args, func(name string) error {
		to, err := resolve(name)
		if err == nil {
			fmt.Fprintln(c.out, to)
		}
		return err
	})
}

func resolve(name string) (string, error) {
	to, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(to)
}

func basename(c *call) error {
	if len(c.args) == 0 {
		return c.usage("PATH [SUFFIX]")
	}
	name := filepath.Base(c.args[0])
	if len(c.args) > 1 && name != c.args[1] {
		name = strings.TrimSuffix(name, c.args[1])
	}
	fmt.Fprintln(c.out, name)
	return nil
}

func dirname(c *call) error {
	for _, name := range c.args {
		fmt.Fprintln(c.out, filepath.Dir(name))
	}
	return nil
}

func truncate(c *call) error {
	f, names, err := c.options("s:")
	if err != nil {
		return err
	}
	n, err := bytesOf(f['s'])
	if err != nil {
		return err
	}
	return c.each(names, func(name string) error {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		defer file.Close()
		return file.Truncate(n)
	})
}

// bytesOf reads a size such as 512, 64k, 10M or 1G.
func bytesOf(s string) (int64, error) {
	digits := strings.TrimRight(s, "kKmMgGB")
	unit := int64(1)
	switch strings.ToLower(strings.TrimSuffix(s[len(digits):], "B")) {
	case "":
	case "k":
		unit = 1 << 10
	case "m":
		unit = 1 << 20
	case "g":
		unit = 1 << 30
	default:
		return 0, fmt.Errorf("%q is no size; write 512, 64k, 10M or 1G", s)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size; write 512, 64k, 10M or 1G", s)
	}
	return n * unit, nil
}

func chown(c *call) error {
	f, names, err := c.options("Rh")
	if err != nil || len(names) < 2 {
		return errors.Join(err, c.usage("[-Rh] USER[:GROUP] PATH..."))
	}
	user, group, _ := strings.Cut(names[0], ":")
	uid, err := number("/etc/passwd", user)
	if err != nil {
		return err
	}
	gid, err := number("/etc/group", group)
	if err != nil {
		return err
	}
	change := os.Chown
	if f.has('h') || f.has('R') {
		change = os.Lchown
	}
	return c.each(names[1:], func(name string) error {
		if !f.has('R') {
			return change(name, uid, gid)
		}
		return filepath.WalkDir(name, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, change(path, uid, gid))
		})
	})
}

// sum is md5sum and sha256sum.
func sum(c *call) error {
	f, names, err := c.options("cbs")
	if err != nil {
		return err
	}
	if f.has('c') {
		return c.lines(names, c.checkSum)
	}
	return c.inputs(names, func(name string, file *os.File) error {
		digest, err := c.digest(file)
		if err == nil {
			fmt.Fprintf(c.out, "%s  %s\n", digest, name)
		}
		return err
	})
}

func (c *call) digest(r io.Reader) (string, error) {
	var h hash.Hash = sha256.New()
	if c.name == "md5sum" {
		h = md5.New()
	}
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (c *call) checkSum(line string) error {
	want, name, ok := strings.Cut(line, "  ")
	if !ok {
		return fmt.Errorf("not a line of %s: %q", c.name, line)
	}
	return c.input(name, func(_ string, f *os.File) error {
		got, err := c.digest(f)
		verdict := "OK"
		if err != nil || got != want {
			verdict, c.code = "FAILED", 1
		}
		fmt.Fprintf(c.out, "%s: %s\n", name, verdict)
		return err
	})
}
