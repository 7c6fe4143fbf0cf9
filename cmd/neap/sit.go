package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/bindings"
	"neap/lua/bind"
	"neap/lua/cells"
	"neap/lua/host"
	"neap/repl"
	"neap/runtime/container"
)

// sit talks at the prompt until the user leaves, and gives the exit code.
func (s *session) sit() int {
	reader, err := repl.Open(s.outlet)
	if err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
		return 1
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s.outlet.broken(func() { cancel(&host.Exit{Code: 128 + int(unix.SIGPIPE)}) })
	hearPipes()
	interrupts, ends := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(interrupts, unix.SIGINT)
	signal.Notify(ends, unix.SIGTERM, unix.SIGHUP)
	over := make(chan struct{})
	defer close(over)
	go s.obey(ctx, cancel, ends, over)
	fmt.Fprintf(s.outlet, "neap %s; :help explains, :quit leaves\n", version)
	err = repl.Run(ctx, repl.Options{
		Host: s.host, Reader: reader, Out: s.outlet,
		Size: s.terminal.screen, State: s.up(), Names: s.names, Files: files,
		Edit: editor(), Rehearse: s.begin, Foreign: s.foreign,
		History: historyFile(), Interrupts: interrupts, Hard: func() { s.hard(130) },
	})
	var exit *host.Exit
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
	}
	return host.ExitCode(err)
}

// moment is how long the prompt waits for what it tells.
const moment = 50 * time.Millisecond

// up tells the root, if it is not the usual one, and how many containers are
// up: at once, or what was so before if there are too many to count in a moment.
func (s *session) up() func() string {
	root, last, counts := "", "", make(chan string, 1)
	if s.root != "" {
		root = cells.Cut(filepath.Base(s.root), 10)
	}
	counting := false
	return func() string {
		if !counting {
			counting = true
			go func() { counts <- s.count() }()
		}
		select {
		case last = <-counts:
			counting = false
		case <-time.After(moment):
		}
		return strings.TrimSpace(root + " " + last)
	}
}

// count is "3 up".
func (s *session) count() string {
	switch n, err := s.running(); {
	case err != nil:
		return "?"
	case n > 0:
		return fmt.Sprintf("%d up", n)
	}
	return ""
}

func (s *session) running() (n int, err error) {
	e, err := s.opened()
	if err != nil {
		return 0, err
	}
	all, err := e.List(context.Background())
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if state, err := c.State(); err == nil && (state == container.Running || state == container.Paused) {
			n++
		}
	}
	return n, nil
}

// rehearsal is a plan that is written at the prompt.
type rehearsal struct {
	bindings.Plan
	by      *session
	records bind.Recorder
}

func (s *session) begin() repl.Rehearsal {
	ctx, made := s.record(context.Background())
	return &rehearsal{made, s, bind.RecorderOf(ctx)}
}

// Record is ctx in which changes become part of the plan.
func (r *rehearsal) Record(ctx context.Context) context.Context {
	return bind.WithRecorder(ctx, r.records)
}

// Changes are a line each.
func (r *rehearsal) Changes() (lines []string) {
	for _, c := range r.Plan.Changes() {
		lines = append(lines, c.String())
	}
	return lines
}

// Table is what print(plan) says.
func (r *rehearsal) Table() string { return r.by.surface.PlanText(r.Plan) }

// editor changes a file in what the user edits with.
func editor() func(context.Context, string) error {
	command := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"))
	if command == "" {
		if _, err := exec.LookPath("vi"); err != nil {
			return nil
		}
		command = "vi"
	}
	return func(ctx context.Context, file string) error {
		c := exec.CommandContext(ctx, "/bin/sh", "-c", command+` "$0"`, file) // EDITOR may have arguments
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		return c.Run()
	}
}

// names lists live objects for completion; what cannot be listed has none.
func (s *session) names(noun string) []string {
	list := s.surface.Names[noun]
	if list == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	names, _ := list(ctx)
	return slices.DeleteFunc(names, func(n string) bool { return strings.ContainsAny(n, "\"'\\\n") })
}

// files lists the paths that begin with prefix, directories with a slash.
func files(prefix string) (paths []string) {
	dir, base := filepath.Split(prefix)
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || base == "" && e.Name()[0] == '.' || cells.Escape(e.Name(), "") != e.Name() {
			continue
		}
		path := dir + e.Name()
		if e.IsDir() {
			path += "/"
		}
		paths = append(paths, path)
	}
	return paths
}

// historyFile is where the user's history is kept; nowhere if root would write
// where others can.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		dir = atHome(".local/state")
	}
	if dir == "" || trusted(nearest(filepath.Join(dir, "neap"))) != nil {
		return ""
	}
	return filepath.Join(dir, "neap", "history")
}

// nearest is the part of a path that is there.
func nearest(path string) string {
	for path != "/" {
		if _, err := os.Lstat(path); err == nil {
			return path
		}
		path = filepath.Dir(path)
	}
	return path
}
