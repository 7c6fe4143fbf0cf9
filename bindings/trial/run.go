package trial

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// asked is what scripts.test takes.
type asked struct {
	files []string
	run   *regexp.Regexp
	real  bool
	each  bind.Callback[any, []bind.Value]
}

// outcome is how a test ended.
type outcome struct {
	file, name, status string
	message            string // what is wrong, or why it was skipped
	explained          string // with the place
	output             string
	line               int
	took               time.Duration
}

// The statuses.
const (
	passed  = "ok"
	failed  = "failed"
	skipped = "skipped"
)

// shown is an outcome for Lua.
func (o outcome) shown() map[string]any {
	m := map[string]any{"file": o.file, "name": o.name, "status": o.status, "duration": o.took.Seconds()}
	for key, text := range map[string]string{"message": o.message, "explained": o.explained, "output": o.output} {
		if text != "" {
			m[key] = text
		}
	}
	if o.line > 0 {
		m["line"] = o.line
	}
	return m
}

// Funcs are what the module scripts has of it.
func (t *Trial) Funcs() []*bind.Func {
	options := &bind.Record[asked]{
		Name: "TestOptions", Doc: "which tests, and where",
		Array: bind.Argv("files, and directories in which all *_test.lua are run; the current one if none is named", false, func(a *asked) *[]string { return &a.files }),
		Keys: []bind.Key[asked]{
			bind.K("run", bind.As(bind.String, "string", "a regular expression", compile, nil), "only tests whose name matches", func(a *asked) **regexp.Regexp { return &a.run }),
			bind.K("real", bind.Bool, "against a real runtime in a root of its own, not against a simulation", func(a *asked) *bool { return &a.real }),
			bind.K("each", bind.Passing(bind.Returns(bind.Any, "an outcome")), "called with the outcome of each test when it ends", func(a *asked) *bind.Callback[any, []bind.Value] { return &a.each }),
		},
	}
	return []*bind.Func{
		bind.Func1("test", "Run the tests in files, each file in a Lua state of its own, each test in a new world.",
			bind.Options(options), bind.Returns(bind.Any, "a list of { file, name, status, duration, message, explained, output, line }, status being ok, failed or skipped"), t.run,
		).Change().With(`fs.write("my_test.lua", 'test("one and one", function(t) t:equal(1 + 1, 2) end)')
assert(scripts.test{ "my_test.lua" }[1].status == "ok")`),
	}
}

func compile(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fault.New(fault.Invalid, "run is no regular expression: %v", err)
	}
	return re, nil
}

// run runs files, one after the other.
func (t *Trial) run(ctx context.Context, a asked) (any, error) {
	files, err := find(a.files)
	if err != nil {
		return nil, err
	}
	ground, err := t.Open(a.real)
	if err != nil {
		return nil, err
	}
	all := []any{}
	tell := func(o outcome) error {
		all = append(all, o.shown())
		if !a.each.IsSet() {
			return nil
		}
		_, err := a.each.Call(ctx, o.shown())
		return err
	}
	for _, path := range files {
		if err = t.play(ctx, ground, &file{Trial: t, path: path, asked: a, ground: ground, tell: tell}); err != nil {
			break
		}
	}
	err = errors.Join(err, ground.Close(context.WithoutCancel(ctx)))
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "no test is called so in %s", strings.Join(files, ", "))
	}
	return all, err
}

// find lists the files with tests. It is fault.NotFound if there are none.
func find(paths []string) (files []string, err error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fault.Wrap("find tests in", path, err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := below(path)
		if err != nil {
			return nil, fault.Wrap("find tests in", path, err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, fault.New(fault.NotFound, "there are no tests in %s", strings.Join(paths, ", ")).
			WithHint(`tests are in files called *_test.lua: test("name", function(t) … end)`)
	}
	return files, nil
}

// below lists the files with tests in a directory and those in it.
func below(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name := e.Name()
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != dir && (strings.HasPrefix(name, ".") || name == "lua_modules"):
			return filepath.SkipDir
		case !e.IsDir() && strings.HasSuffix(name, "_test.lua"):
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

// file is a file whose tests run.
type file struct {
	*Trial
	path   string
	asked  asked
	ground *Ground
	tell   func(outcome) error
	stage  Stage
	tape   tape
	inside bool // a test runs
	count  int
	broken error // of tell
}

// play runs one file.
func (t *Trial) play(ctx context.Context, ground *Ground, f *file) (err error) {
	f.stage, err = t.Stage(Setting{Ground: ground, Class: t.class, Tests: f, Out: &f.tape, Err: &f.tape})
	if err != nil {
		return err
	}
	defer f.stage.Close()
	if err := ground.Clear(ctx); err != nil {
		return err
	}
	began := t.Now()
	err = f.stage.RunFile(bind.Apart(ctx), f.path, nil)
	switch {
	case f.broken != nil:
		return f.broken
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return f.tell(f.outcome("", began, err))
	case f.count == 0 && f.asked.run == nil:
		return f.tell(f.outcome("", began, fault.New(fault.NotFound, "there are no tests in it")))
	}
	return nil
}

// outcome is how a test, or what is outside of tests, ended.
func (f *file) outcome(name string, began time.Time, err error) outcome {
	o := outcome{file: f.path, name: name, status: passed, took: f.Now().Sub(began), output: f.tape.take()}
	if name == "" {
		o.name = "outside of tests"
	}
	var skip *skip
	var raised *bind.Raised
	switch {
	case err == nil:
		return o
	case errors.As(err, &skip):
		o.status, o.message = skipped, skip.reason
		return o
	case errors.As(err, &raised):
		o.line = raised.Place.Line
	}
	o.status, o.message, o.explained = failed, err.Error(), f.stage.Explain(err)
	return o
}

// skip is how a test ends that does not want to run here.
type skip struct{ reason string }

// Error is why.
func (s *skip) Error() string { return "skipped: " + s.reason }

// Func is test in this file.
func (f *file) Func() *bind.Func { return f.function(f) }

// function is test; nil is for a state that runs no tests.
func (t *Trial) function(f *file) *bind.Func {
	return bind.Func2("test", "A test: run by neap test, in a scope and a simulated world of its own.",
		bind.Req("name", bind.String, "what is tested"),
		bind.Req("fn", bind.Passing(bind.Returns(t.class.Kind(), "the test")), "what must end without an error"), bind.Nothing,
		func(ctx context.Context, name string, fn bind.Callback[*test, []bind.Value]) (bind.Void, error) {
			if f == nil {
				return bind.Void{}, fault.New(fault.Invalid, "no tests are run here").WithHint("neap test FILE runs those in a file")
			}
			return bind.Void{}, f.test(ctx, name, fn)
		}).With(`test("one and one", function(t) t:equal(1 + 1, 2) end)`)
}

// test runs one test and tells how it ended.
func (f *file) test(ctx context.Context, name string, fn bind.Callback[*test, []bind.Value]) error {
	if f.inside {
		return fault.New(fault.Invalid, "a test cannot have tests inside")
	}
	f.count++
	if f.asked.run != nil && !f.asked.run.MatchString(name) {
		return nil
	}
	f.inside = true
	defer func() { f.inside = false }()
	if err := f.ground.Clear(ctx); err != nil {
		return err
	}
	t := &test{Trial: f.Trial, name: name, file: f, ground: f.ground}
	began := f.Now()
	err := t.in(ctx, fn)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f.broken = f.tell(f.outcome(name, began, err))
	return f.broken
}

// in runs the test in a scope of its own.
func (t *test) in(ctx context.Context, fn bind.Callback[*test, []bind.Value]) error {
	_, err := bind.InScope(ctx, func(ctx context.Context) ([]bind.Value, error) { return fn.Call(ctx, t) })
	if late := t.end(); err == nil {
		err = late
	}
	return err
}
