package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A search is one grep: its pattern, its options and whether anything was found.
type search struct {
	c     *call
	f     flags
	re    *regexp.Regexp
	named bool
	found bool
}

func grep(c *call) error {
	f, rest, err := c.options("ivncqlroEFwxhHse:")
	if err != nil {
		return err
	}
	pattern, given := f['e']
	if !given {
		if len(rest) == 0 {
			return c.usage("[-ivncqlroEFwxhHs] PATTERN [FILE...]")
		}
		pattern, rest = rest[0], rest[1:]
	}
	s := &search{c: c, f: f}
	if s.re, err = compile(f, pattern); err != nil {
		return err
	}
	if f.has('r') {
		rest = s.under(rest)
	}
	s.named = (len(rest) > 1 || f.has('r') || f.has('H')) && !f.has('h')
	if err := c.inputs(rest, s.file); err != nil {
		return err
	}
	switch {
	case c.code != 0:
		return status(2)
	case !s.found:
		return status(1)
	}
	return nil
}

func compile(f flags, pattern string) (*regexp.Regexp, error) {
	switch {
	case f.has('F'):
		pattern = regexp.QuoteMeta(pattern)
	case !f.has('E'):
		pattern = basic(pattern)
	}
	if f.has('w') {
		pattern = `\b(?:` + pattern + `)\b`
	}
	if f.has('x') {
		pattern = `^(?:` + pattern + `)$`
	}
	if f.has('i') {
		pattern = `(?i)` + pattern
	}
	return regexp.Compile(pattern)
}

// basic turns a POSIX basic expression into an extended one: \( and ( change places, and so do \{ \| \+ \?.
func basic(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		special := func(c byte) bool { return strings.IndexByte("(){}|+?", c) >= 0 }
		switch {
		case p[i] == '\\' && i+1 < len(p):
			i++
			if !special(p[i]) {
				b.WriteByte('\\')
			}
		case special(p[i]):
			b.WriteByte('\\')
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

func (s *search) under(roots []string) []string {
	if len(roots) == 0 {
		roots = []string{"."}
	}
	files := []string{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			s.c.fail(err)
		}
	}
	return files
}

func (s *search) file(name string, file *os.File) error {
	if name == "-" {
		name = "(standard input)"
	}
	at, hits := 0, 0
	enough := errors.New("enough")
	err := eachLine(file, func(line string) error {
		at++
		if s.re.MatchString(line) == s.f.has('v') {
			return nil
		}
		s.found = true
		hits++
		if s.f.has('q') || s.f.has('l') {
			return enough
		}
		if !s.f.has('c') {
			s.show(name, at, line)
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	switch {
	case s.f.has('q'):
	case s.f.has('l') && hits > 0:
		fmt.Fprintln(s.c.out, name)
	case s.f.has('c'):
		fmt.Fprintln(s.c.out, s.prefix(name, 0)+strconv.Itoa(hits))
	}
	return err
}

func (s *search) show(name string, at int, line string) {
	if !s.f.has('o') {
		fmt.Fprintln(s.c.out, s.prefix(name, at)+line)
		return
	}
	for _, part := range s.re.FindAllString(line, -1) {
		fmt.Fprintln(s.c.out, s.prefix(name, at)+part)
	}
}

func (s *search) prefix(name string, at int) string {
	text := ""
	if s.named {
		text = name + ":"
	}
	if s.f.has('n') && at > 0 {
		text += strconv.Itoa(at) + ":"
	}
	return text
}
