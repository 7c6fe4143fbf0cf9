package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	boximage "neap/cmd/box/image"

	"neap/bindings"
	"neap/bindings/plan"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/cage"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/scripts"
)

// session is a caller's house: a root's engine, a Lua state, a terminal.
type session struct {
	leash    *cage.Leash // of a caller under limits
	root     string
	opened   func() (*engine.Engine, error) // opens the root at the first need
	engine   atomic.Pointer[engine.Engine]  // nil until then
	surface  *bindings.Surface
	planner  *plan.Planner
	host     *host.Host
	outlet   *outlet
	terminal *console
	progress *progress
}

// open joins the rooms for a caller.
func open(root string, leash *cage.Leash) (s *session, err error) {
	return openTo(nil, root, leash)
}

// openTo joins the rooms for a caller whose scripts print to out, nil for
// standard output.
func openTo(out io.Writer, root string, leash *cage.Leash) (s *session, err error) {
	s = &session{leash: leash, root: root, outlet: &outlet{f: os.Stdout}}
	if out == nil {
		out = s.outlet
	}
	s.terminal = newConsole(s.outlet)
	s.progress = &progress{to: os.Stderr, width: errorColumns, now: time.Now}
	s.opened = sync.OnceValues(s.openRoot)
	s.host, err = s.newHost(out)
	return s, err
}

// openRoot opens the root. Most callers end before they have made much to
// collect, so they are given more room before they begin.
func (s *session) openRoot() (*engine.Engine, error) {
	debug.SetGCPercent(400)
	e, err := engine.Open(engineOptions(s.root))
	var denied *fault.Error
	switch {
	case err == nil:
		s.engine.Store(e)
	case errors.As(err, &denied) && denied.Kind == fault.Denied && os.Geteuid() != 0:
		err = denied.WithHint("neap makes containers as root; try sudo")
	}
	return e, err
}

func (s *session) nouns() (bindings.Nouns, error) {
	e, err := s.opened()
	if err != nil {
		return bindings.Nouns{}, err
	}
	return s.planner.Over(bindings.Native(e)), nil
}

func (s *session) close() {
	s.host.Close()
	e := s.engine.Load()
	if e == nil {
		return
	}
	if err := e.Close(); err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
	}
}

func engineOptions(root string) engine.Options {
	return engine.Options{Root: root, Version: version, Builtin: builtin(), Docker: dockerConfig()}
}

// keeperOptions are those of the engine inside a keeper.
func keeperOptions(root string) engine.Options {
	o := engineOptions(root)
	o.Logf = report
	return o
}

// builtin is the image that needs no registry, if this architecture has it.
func builtin() *image.Builtin {
	if len(boximage.Tar()) == 0 {
		return nil
	}
	c := boximage.Settings()
	return &image.Builtin{Name: "box:latest", Tar: boximage.Tar(), Config: image.Config{
		Cmd: c.Cmd, Env: c.Env, ExposedPorts: c.ExposedPorts, Workdir: c.WorkingDir, Labels: c.Labels,
	}}
}

// dockerConfig is the file in which people keep their registries' passwords.
func dockerConfig() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir + "/config.json"
	}
	return atHome(".docker/config.json")
}

func (s *session) newHost(out io.Writer) (*host.Host, error) {
	library, err := fs.Sub(scripts.FS, "lib")
	if err != nil {
		return nil, err
	}
	commands, err := fs.Sub(scripts.FS, "commands")
	if err != nil {
		return nil, err
	}
	compiled, err := fs.Sub(scripts.Compiled, "compiled")
	if err != nil {
		return nil, err
	}
	effects := std.Effects{
		Now: time.Now, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: func() bool { return term.IsTerminal(int(os.Stderr.Fd())) },
		Colour:   func() bool { return os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(os.Stdout.Fd())) },
		Columns:  errorColumns, Proxy: http.ProxyFromEnvironment,
	}
	s.planner = plan.New(plan.Options{
		Root: s.root, Version: version, Now: time.Now, Terminal: s.terminal, Progress: s.progress.show, Host: effects.Do,
	})
	s.surface = bindings.All(bindings.Runtime{
		Open: s.nouns, Terminal: s.terminal, Planner: s.planner, Progress: s.progress.show, Now: time.Now,
	})
	helpers := std.Modules(effects)
	tests := newTrial()
	return host.New(host.Options{
		Modules: append(slices.Clone(s.surface.Modules), helpers...), Classes: append(s.surface.Classes, tests.Class()),
		Tests: tests,
		Stdin: os.Stdin, Stdout: out, Stderr: os.Stderr,
		Getenv: os.LookupEnv, Scripts: library, Commands: commands, Compiled: compiled, Arguments: s.surface.Arguments,
		Panic: panicked, Now: time.Now, Grace: grace,
	})
}

// panicked leaves the trace of a bug where it can be reported from.
func panicked(what string, value any, stack []byte) {
	fmt.Fprintf(os.Stderr, "neap: bug in %s: %v\n%s", what, value, stack)
}
