package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// chmod takes modes as numbers (0644, 1777) or in words (u+x,go-w). u-root's knows no sticky and set-id bits.
func chmod(c *call) error {
	args, deep := c.args, false
	if len(args) > 0 && args[0] == "-R" {
		args, deep = args[1:], true
	}
	if len(args) < 2 {
		return c.usage("[-R] MODE PATH...")
	}
	change, err := modeChange(args[0])
	if err != nil {
		return err
	}
	return c.each(args[1:], func(name string) error {
		if !deep {
			return changeMode(name, change)
		}
		return filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type() == fs.ModeSymlink {
				return err
			}
			return changeMode(path, change)
		})
	})
}

func changeMode(path string, change func(uint32) uint32) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	old := st.Sys().(*syscall.Stat_t).Mode
	if err := unix.Chmod(path, change(old)&0o7777); err != nil {
		return &fs.PathError{Op: "chmod", Path: path, Err: err}
	}
	return nil
}

// modeChange reads a mode and gives what it makes of an old one.
func modeChange(text string) (func(uint32) uint32, error) {
	if n, err := strconv.ParseUint(text, 8, 12); err == nil {
		return func(uint32) uint32 { return uint32(n) }, nil
	}
	var steps []func(uint32) uint32
	for clause := range strings.SplitSeq(text, ",") {
		step, err := modeClause(clause)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return func(m uint32) uint32 {
		for _, step := range steps {
			m = step(m)
		}
		return m
	}, nil
}

// modeClause reads one clause such as u+x.
func modeClause(clause string) (func(uint32) uint32, error) {
	bad := errors.New("a mode is a number such as 0755 or words such as u+x,go-w")
	at := strings.IndexAny(clause, "+-=")
	if at < 0 || strings.Trim(clause[:at], "ugoa") != "" || strings.Trim(clause[at+1:], "rwxXst") != "" {
		return nil, fmt.Errorf("%q: %w", clause, bad)
	}
	who, what := clause[:at], clause[at+1:]
	if who == "" || strings.Contains(who, "a") {
		who = "ugo"
	}
	return func(m uint32) uint32 {
		bits, reach := modeBits(m, who, what)
		switch clause[at] {
		case '+':
			return m | bits
		case '-':
			return m &^ bits
		}
		return m&^reach | bits
	}, nil
}

// modeBits gives the bits that the letters mean for these users, and all that could be meant.
func modeBits(m uint32, who, what string) (bits, reach uint32) {
	for i, w := range "ogu" {
		if !strings.ContainsRune(who, w) {
			continue
		}
		reach |= 7 << (3 * i)
		for j, letter := range "xwr" {
			runnable := letter == 'x' && strings.Contains(what, "X") && (m&unix.S_IFDIR != 0 || m&0o111 != 0)
			if strings.ContainsRune(what, letter) || runnable {
				bits |= 1 << (3*i + j)
			}
		}
		if i > 0 && strings.Contains(what, "s") {
			bits |= 0o1000 << i
		}
	}
	if strings.Contains(what, "t") {
		bits |= 0o1000
	}
	return bits, reach
}
