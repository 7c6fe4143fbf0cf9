package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// benchstat tells whether two sets of measurements differ.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// compare measures one version of neap beside another: both have their turn in
// every round of every row. The files are in the form of Go benchmarks.
func compare(ctx context.Context, opt options, old, latest string, out io.Writer) (err error) {
	rows, y, err := opt.begin()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.close()) }()
	for _, v := range []struct{ name, revision string }{{"old", old}, {"new", latest}} {
		program, err := y.build(v.name, v.revision)
		if err != nil {
			return err
		}
		if err := y.addNeap(v.name, program); err != nil {
			return err
		}
	}
	return y.compareAll(ctx, rows, out)
}

// build builds a revision, or what lies here if none is named.
func (y *yard) build(name, revision string) (string, error) {
	program, source := y.path(name), y.source
	if revision != "" {
		source = y.path(name + "-source")
		if err := y.checkout(revision, source); err != nil {
			return "", err
		}
	}
	_, err := y.tool("go", "build", "-C", source, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "./cmd/neap")
	return program, err
}

// checkout writes the files of a revision into a new directory.
func (y *yard) checkout(revision, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if _, err := y.tool("git", "archive", "-o", dir+".tar", revision); err != nil {
		return err
	}
	_, err := y.tool("tar", "-xf", dir+".tar", "-C", dir)
	return err
}

func (y *yard) compareAll(ctx context.Context, rows []row, out io.Writer) error {
	var errs []error
	files := map[string]*strings.Builder{"old": {}, "new": {}}
	for i := range rows {
		fmt.Fprintln(out, rows[i].label)
		o := y.face(ctx, &rows[i])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, s := range o.series {
			s.write(files[s.who], o.row)
		}
		if o.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.row.key, o.err))
		}
	}
	return errors.Join(append(errs, y.judge(ctx, files, out))...)
}

// face plays a row with neap's own lanes only, once for each version.
func (y *yard) face(ctx context.Context, r *row) *outcome {
	o := &outcome{row: r, absent: map[string]string{}}
	s := &scope{yard: y}
	var contests []contest
	for _, l := range r.lanes {
		if l.who != "neap" {
			continue
		}
		for _, v := range y.neaps {
			s.neap = v.neap
			c, err := s.enter(r, l)
			if err != nil {
				o.err = errors.Join(o.err, fmt.Errorf("%s: %w", v.name, err))
				continue
			}
			c.who = v.name
			contests = append(contests, c)
		}
	}
	o.err = errors.Join(o.err, rounds(ctx, o, contests, y.rounds(r)), s.close())
	return o
}

// write adds a series in the form that benchstat reads.
func (s *series) write(file *strings.Builder, r *row) {
	name := "Benchmark" + strings.ToUpper(r.key[:1]) + r.key[1:]
	if s.part != "" {
		name += "/" + strings.ReplaceAll(s.part, " ", "_")
	}
	for _, v := range s.values {
		switch r.unit {
		case "ms":
			fmt.Fprintf(file, "%s 1 %.0f ns/op\n", name, v*1e6)
		default:
			fmt.Fprintf(file, "%s 1 %g %s\n", name, v, strings.ReplaceAll(r.unit, " ", "-"))
		}
	}
}

// judge writes the files and shows what benchstat says of them.
func (y *yard) judge(ctx context.Context, files map[string]*strings.Builder, out io.Writer) error {
	if err := os.MkdirAll(y.out, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(y.out, name+".txt"), []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	c := exec.CommandContext(ctx, "go", "run", benchstat, "old.txt", "new.txt")
	c.Dir, c.Stdout = y.out, out
	var said strings.Builder
	c.Stderr = &said
	if err := c.Run(); err != nil {
		return fmt.Errorf("benchstat: %w: %s", err, said.String())
	}
	return nil
}
