package trial

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"neap/bindings/sim"
	"neap/lua/bind"
	"neap/runtime/fault"
)

// fill declares what a test may ask.
func (t *Trial) fill() {
	k := t.class
	k.Text = func(t *test) string { return t.name }
	k.Same = func(a, b *test) bool { return a == b }
	k.Fields = []bind.Field[*test]{
		bind.Plain("name", bind.String, "what is tested", func(t *test) string { return t.name }),
		bind.Plain("real", bind.Bool, "whether the runtime is a real one", func(t *test) bool { return t.ground.Sim == nil }),
		bind.Get("dir", bind.String, "a directory for it alone, gone at its end", func(ctx context.Context, t *test) (string, error) { return t.directory(ctx) }),
	}
	k.Methods = append(t.worldActs(), t.judgements()...)
}

// simulated is the world of the test; a real one skips what is left of it.
func (t *test) simulated() (*sim.World, error) {
	if t.ground.Sim == nil {
		return nil, &skip{"it needs the simulation"}
	}
	return t.ground.Sim, nil
}

// worldActs change the world of the test.
func (t *Trial) worldActs() []bind.Method[*test] {
	k := t.class
	return []bind.Method[*test]{
		bind.Act1(k, "advance", "Let time pass, with all that is due in it.", bind.Req("duration", bind.Duration, "how much"),
			func(ctx context.Context, _ *test, d time.Duration) error { return bind.ClockOf(ctx).Sleep(ctx, d) },
		).With(`local c = containers.run{ "box", "sleep", "1h" }
t:advance("2h")
assert(c.state == "exited")`),
		bind.Method3("fault", "Make something go wrong from now on.",
			bind.Req("kind", bind.OneOf(faults()...), whatFaults()), bind.Opt("of", bind.Text, "*", "the name of what it strikes, * being anything, or a port"),
			bind.Options(faultOptions()), bind.Returns(k.Kind(), "itself"),
			func(_ context.Context, t *test, kind, of string, f sim.Fault) (*test, error) {
				w, err := t.simulated()
				if err == nil {
					f.Kind, f.Of = kind, of
					err = w.Fault(f)
				}
				return t, err
			}).Change().With(`t:fault("port_taken", 8888)
t:raises("exists", function() containers.run{ "httpd", publish = "8888:80" } end)`),
		bind.Act2(k, "mend", "End the faults of this kind and name.",
			bind.Req("kind", bind.OneOf(faults()...), "what"), bind.Opt("of", bind.Text, "*", "as it was given to fault"),
			func(_ context.Context, t *test, kind, of string) error {
				w, err := t.simulated()
				if err == nil {
					w.Mend(kind, of)
				}
				return err
			}).With(`t:fault("disk_full"):mend("disk_full")
volumes.create("data")`),
		bind.Method3("answer", "Say what a program does in containers of that name or image, where * is anything. Of several that fit the last one counts.",
			bind.Req("who", bind.String, "the name or the image, or a pattern of it"),
			bind.Req("program", bind.Strings, "it and its arguments, or patterns of them; a last * is all further arguments"),
			bind.Options(answerOptions()), bind.Returns(k.Kind(), "itself"),
			func(_ context.Context, t *test, who string, argv []string, a sim.Answer) (*test, error) {
				w, err := t.simulated()
				if err == nil {
					err = w.Answer(who, argv, a)
				}
				return t, err
			}).Change().With(`t:answer("httpd*", { "cat", "/x" }, { stdout = "y" })
assert(containers.run{ "httpd:2.4" }:exec{ "cat", "/x" }.stdout == "y")`),
		bind.Act2(k, "image", "Put an image into the world.", bind.Req("name", bind.Text, "NAME[:TAG]"), bind.Options(imageOptions()),
			func(_ context.Context, t *test, name string, o imageSpec) error {
				w, err := t.simulated()
				if err == nil {
					err = w.Image(name, o.change, o.size, o.created)
				}
				return err
			}).With(`t:image("httpd:2.4", { change = { "EXPOSE 80" }, size = "148m" })
assert(containers.run{ "httpd:2.4", publish_all = true }.ports[1].container_port == 80)`),
		bind.Method1("calls", "The programs that were run in containers, the first first.", bind.Opt("who", bind.String, "*", "the name of the container, or a pattern of it"),
			bind.Returns(bind.Any, "a list of { container, argv }"),
			func(_ context.Context, t *test, who string) (any, error) {
				w, err := t.simulated()
				if err != nil {
					return nil, err
				}
				all := []any{}
				for _, c := range w.Calls(who) {
					all = append(all, map[string]any{"container": c.Container, "argv": c.Argv})
				}
				return all, nil
			}).With(`containers.run{ "box", "sleep", "60", name = "web" }
assert(t:calls("web")[1].argv[1] == "sleep")`),
		bind.Method2("run", "Run a script in the same world, with a Lua state of its own.",
			bind.Req("script", bind.Text, "its path, from the directory of the test's file or the current one"), bind.Rest("args", bind.Text, "its arguments"),
			bind.Returns(bind.ResultClass().Kind(), "its exit_code, stdout and stderr"), inWorld,
		).Change().With(`fs.write(t.dir .. "/hi.lua", 'print("hi " .. ...)')
t:equal(t:run(t.dir .. "/hi.lua", "you").stdout, "hi you\n")`),
	}
}

// judgements say what is wrong.
func (t *Trial) judgements() []bind.Method[*test] {
	return []bind.Method[*test]{
		bind.Differences[*test]("equal", "Fail if two values differ, saying where. Tables are compared with all that is in them.").
			With(`t:equal({ 1, { a = "b" } }, { 1, { a = "b" } })`),
		bind.Method2("raises", "Fail unless a function raises an error of that kind.",
			bind.Req("kind", bind.OneOf(kinds()...), "the kind"), bind.Req("fn", bind.Passing(bind.Nothing), "what must fail"),
			bind.Returns(bind.ErrorClass().Kind(), "the error"), raises,
		).With(`assert(t:raises("not_found", function() containers.get("nobody") end).object == "nobody")`),
		bind.Method1("skip", "End the test here: it is neither well nor wrong.", bind.Req("reason", bind.String, "why"), bind.Nothing,
			func(_ context.Context, _ *test, reason string) (bind.Void, error) { return bind.Void{}, &skip{reason} },
		).With(`if t.real then t:skip("there is no registry") end`),
	}
}

func faults() []string { return slices.Sorted(maps.Keys(sim.Kinds())) }

// whatFaults says what each sort of fault does.
func whatFaults() string {
	all := sim.Kinds()
	lines := make([]string, 0, len(all))
	for _, kind := range faults() {
		lines = append(lines, kind+": "+all[kind])
	}
	return strings.Join(lines, "; ")
}

func kinds() []string {
	var all []string
	for _, k := range fault.Kinds() {
		all = append(all, string(k))
	}
	return all
}

func faultOptions() *bind.Record[sim.Fault] {
	return &bind.Record[sim.Fault]{
		Name: "FaultOptions", Doc: "when and how",
		Keys: []bind.Key[sim.Fault]{
			bind.K("times", bind.Int, "how often; 0 is without end", func(f *sim.Fault) *int { return &f.Times }),
			bind.K("after", bind.Duration, "death and oom: how long after its start, or from now if it lives", func(f *sim.Fault) *time.Duration { return &f.After }),
			bind.K("calls", bind.Int, "death and oom: with which act on the container from now, instead of after", func(f *sim.Fault) *int { return &f.Calls }),
			bind.K("exit_code", bind.Int, "death: what it ends with; 1 if left out", func(f *sim.Fault) *int { return &f.Code }),
			bind.K("takes", bind.Duration, "slow_pull: how long", func(f *sim.Fault) *time.Duration { return &f.Takes }),
			bind.K("message", bind.String, "start_failure: why", func(f *sim.Fault) *string { return &f.Message }),
		},
	}
}

func answerOptions() *bind.Record[sim.Answer] {
	return &bind.Record[sim.Answer]{
		Name: "AnswerOptions", Doc: "what it does; it ends at once with code 0 if nothing is said",
		Keys: []bind.Key[sim.Answer]{
			bind.K("stdout", bind.String, "what it prints", func(a *sim.Answer) *string { return &a.Stdout }),
			bind.K("stderr", bind.String, "what it prints to its error stream", func(a *sim.Answer) *string { return &a.Stderr }),
			bind.K("exit_code", bind.Int, "what it ends with", func(a *sim.Answer) *int { return &a.Code }),
			bind.K("signal", bind.Text, "the signal that it dies of instead", func(a *sim.Answer) *string { return &a.Signal }),
			bind.K("oom_killed", bind.Bool, "it is killed for want of memory instead", func(a *sim.Answer) *bool { return &a.OOM }),
			bind.K("takes", bind.Duration, "how long it runs", func(a *sim.Answer) *time.Duration { return &a.Takes }),
			bind.K("stays", bind.Bool, "it runs until it is stopped", func(a *sim.Answer) *bool { return &a.Stays }),
			bind.K("ignore", bind.Strings, "signals that do not end it", func(a *sim.Answer) *[]string { return &a.Ignores }),
			bind.K("file", bind.Strings, "files that it makes in the container", func(a *sim.Answer) *[]string { return &a.Writes }),
			bind.K("port", bind.ListOf(portKind), "ports at which it accepts", func(a *sim.Answer) *[]uint16 { return &a.Ports }),
		},
	}
}

var portKind = bind.As(bind.Int, "integer", "a port from 1 to 65535", func(n int) (uint16, error) {
	if n < 1 || n > 65535 {
		return 0, fault.New(fault.Invalid, "%d is no port from 1 to 65535", n)
	}
	return uint16(n), nil
}, nil)

// imageSpec is what an image is like that a test describes.
type imageSpec struct {
	change  []string
	size    int64
	created time.Time
}

func imageOptions() *bind.Record[imageSpec] {
	return &bind.Record[imageSpec]{
		Name: "TestImageOptions", Doc: "what it is like",
		Keys: []bind.Key[imageSpec]{
			bind.K("change", bind.Strings, "instructions of a Dockerfile: CMD, ENV, EXPOSE, VOLUME, …", func(o *imageSpec) *[]string { return &o.change }),
			bind.K("size", bind.Size, "of its files", func(o *imageSpec) *int64 { return &o.size }),
			bind.K("created", bind.Time, "when it was built", func(o *imageSpec) *time.Time { return &o.created }),
		},
	}
}

// inWorld runs a script in the world of the test.
func inWorld(ctx context.Context, t *test, script string, args []string) (*bind.Finished, error) {
	var out, errs tape
	s, err := t.Stage(Setting{Ground: t.ground, Class: t.class, Tests: t.Trial, Out: &out, Err: &errs})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if beside := filepath.Join(filepath.Dir(t.file.path), script); !filepath.IsAbs(script) {
		if _, err := os.Stat(beside); err == nil {
			script = beside
		}
	}
	began := bind.ClockOf(ctx).Now()
	err = s.RunFile(bind.Apart(ctx), script, args)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f := &bind.Finished{ExitCode: t.Code(err), Stdout: out.take(), Duration: bind.ClockOf(ctx).Now().Sub(began)}
	if f.Stderr = errs.take(); err != nil {
		f.Stderr += s.Explain(err)
	}
	return f, nil
}

// raises is fault.Failed unless the function fails as it should.
func raises(ctx context.Context, _ *test, kind string, fn bind.Callback[bind.Void, []bind.Value]) (*bind.Raised, error) {
	_, err := fn.Call(ctx, bind.Void{})
	var raised *bind.Raised
	switch {
	case err == nil:
		return nil, fault.New(fault.Script, "it raised no error, and should one of kind %s", kind)
	case !errors.As(err, &raised) || ctx.Err() != nil:
		return nil, err
	case string(raised.Fault.Kind) != kind:
		return nil, fault.New(fault.Script, "it raised an error of kind %s, and should one of kind %s: %s", raised.Fault.Kind, kind, raised)
	}
	return raised, nil
}
