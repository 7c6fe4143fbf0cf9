package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A finder is what find was asked: tests that an entry must pass and what is done with it.
type finder struct {
	tests    []func(path string, d fs.DirEntry) bool
	depth    int
	act      func(path string) error
	deleting bool
}

func find(c *call) error {
	roots, args := []string{}, c.args
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		roots, args = append(roots, args[0]), args[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	w := &finder{depth: 1 << 30, act: func(path string) error { fmt.Fprintln(c.out, path); return nil }}
	for len(args) > 0 {
		used, err := w.word(c, args)
		if err != nil {
			return err
		}
		args = args[used:]
	}
	return c.each(roots, w.walk)
}

// word takes one test or action and says how many arguments it was.
func (w *finder) word(c *call, args []string) (int, error) {
	switch args[0] {
	case "-print":
		return 1, nil
	case "-print0":
		w.act = func(path string) error { fmt.Fprint(c.out, path, "\x00"); return nil }
		return 1, nil
	case "-delete":
		w.act, w.deleting = os.Remove, true
		return 1, nil
	}
	if len(args) < 2 {
		return 0, fmt.Errorf("%s needs a value or is unknown", args[0])
	}
	v := args[1]
	switch args[0] {
	case "-maxdepth":
		n, err := strconv.Atoi(v)
		w.depth = n
		return 2, err
	case "-name":
		w.tests = append(w.tests, func(_ string, d fs.DirEntry) bool { ok, _ := filepath.Match(v, d.Name()); return ok })
	case "-path":
		w.tests = append(w.tests, func(path string, _ fs.DirEntry) bool { ok, _ := filepath.Match(v, path); return ok })
	case "-type":
		w.tests = append(w.tests, func(_ string, d fs.DirEntry) bool { return modeText(d.Type())[0] == strings.Replace(v, "f", "-", 1)[0] })
	default:
		return 0, fmt.Errorf("find has no %s; it has -name -path -type -maxdepth -print -print0 -delete", args[0])
	}
	return 2, nil
}

func (w *finder) walk(root string) error {
	var hits []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if w.passes(path, d) {
			hits = append(hits, path)
		}
		if d.IsDir() && w.deep(root, path) >= w.depth {
			return fs.SkipDir
		}
		return nil
	})
	for i := range hits {
		path := hits[i]
		if w.deleting { // contents before their directory
			path = hits[len(hits)-1-i]
		}
		if err := w.act(path); err != nil {
			return err
		}
	}
	return err
}

func (w *finder) passes(path string, d fs.DirEntry) bool {
	for _, ok := range w.tests {
		if !ok(path, d) {
			return false
		}
	}
	return true
}

func (w *finder) deep(root, path string) int {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return 0
	}
	return strings.Count(rel, "/") + 1
}
