package bindings

import (
	"context"
	"strconv"
	"time"

	"neap/lua/bind"
	"neap/runtime/engine"
)

// execOptions is what exec and spawn take.
type execOptions struct {
	engine.ExecSpec
	Check       bool
	Interactive bool
	Stdout      string
}

func execRecord(name string, more ...bind.Key[execOptions]) *bind.Record[execOptions] {
	return &bind.Record[execOptions]{
		Name: name, Doc: "what to run in it and how",
		New:   func() execOptions { return execOptions{Check: true, Stdout: "capture"} },
		Array: bind.Argv("the program and its arguments; no shell unless you name one", true, func(o *execOptions) *[]string { return &o.Argv }),
		Keys: append([]bind.Key[execOptions]{
			bind.K("env", bind.Pairs, "environment, besides the container's", func(o *execOptions) *[]string { return &o.Env }),
			bind.K("workdir", bind.Text, "the directory it starts in", func(o *execOptions) *string { return &o.Workdir }),
			bind.K("user", bind.Text, "as whom it runs", func(o *execOptions) *string { return &o.User }),
			bind.K("privileged", bind.Bool, "nearly no walls; do not", func(o *execOptions) *bool { return &o.Privileged }),
		}, more...),
	}
}

func execKeys() *bind.Record[execOptions] {
	return execRecord("ContainerExecOptions",
		bind.K("tty", bind.Bool, "hand over the terminal", func(o *execOptions) *bool { return &o.Tty }),
		bind.K("interactive", bind.Bool, "it reads the standard input of the script", func(o *execOptions) *bool { return &o.Interactive }),
		bind.K("stdout", bind.OneOf("capture", "inherit"), "where its output goes: into the result, or where the script's goes", func(o *execOptions) *string { return &o.Stdout }),
		bind.K("check", bind.Bool, "raise an error if it ends with another code than 0", func(o *execOptions) *bool { return &o.Check }),
		bind.K("timeout", bind.Duration, "until it is killed; 0 is none", func(o *execOptions) *time.Duration { return &o.Timeout }),
	)
}

func spawnKeys() *bind.Record[execOptions] {
	return execRecord("SpawnOptions",
		bind.K("detach", bind.Bool, "it outlives the script", func(o *execOptions) *bool { return &o.Detach }),
	)
}

// exec runs a program in a container to its end.
func (d *doors) exec(ctx context.Context, b *box, o execOptions) (*bind.Finished, error) {
	r, err := d.execute(ctx, b, o)
	if placeholder, is, wrong := planned(err, o.Check); is {
		return placeholder, wrong
	}
	if err != nil {
		return nil, b.said(ctx, err)
	}
	return checked(r, o.Check, "exec in container", b.name())
}

func (d *doors) execute(ctx context.Context, b *box, o execOptions) (engine.Result, error) {
	if o.Tty {
		return d.execTerminal(ctx, b, o)
	}
	in, done, err := d.input(ctx, o.Interactive)
	if err != nil {
		return engine.Result{}, err
	}
	defer done()
	return b.Exec(ctx, o.ExecSpec, in, d.take(o.Stdout))
}

// spawn starts a program in a container. It ends with the scope, unless it is
// detached.
func spawn(ctx context.Context, b *box, o execOptions) (Exec, error) {
	x, err := b.Spawn(ctx, o.ExecSpec)
	if err != nil {
		return nil, b.said(ctx, err)
	}
	bind.ScopeOf(ctx).Add(func(context.Context) error { return x.Close() })
	return x, nil
}

// readOptions is what read takes.
type readOptions struct{ Timeout time.Duration }

func readKeys(name, doc string) *bind.Record[readOptions] {
	return &bind.Record[readOptions]{
		Name: name, Doc: "how long to wait",
		Keys: []bind.Key[readOptions]{
			bind.K("timeout", bind.Duration, doc, func(o *readOptions) *time.Duration { return &o.Timeout }),
		},
	}
}

// spoken walks the lines of a spawned program.
type spoken struct{ x Exec }

// Next gives a line.
func (s spoken) Next(ctx context.Context) (string, bool, error) { return s.x.Read(ctx, 0) }

// Close leaves the program as it is.
func (s spoken) Close() error { return nil }

func (d *doors) fillExec() {
	k := d.spawned
	k.Text = func(x Exec) string { return "process " + strconv.Itoa(x.Pid()) }
	k.Same = func(a, b Exec) bool { return a == b }
	k.Fields = []bind.Field[Exec]{
		bind.Get("pid", bind.Int, "its process id on the host", func(ctx context.Context, x Exec) (int, error) {
			return x.Pid(), foresee(ctx, x, "pid")
		}),
	}
	k.Methods = []bind.Method[Exec]{
		bind.Method1("read", "A line of its output, without its end; nil at the end of the output.",
			bind.Options(readKeys("ReadOptions", "until it is an error; 0 waits for ever")), bind.Returns(bind.Ptr(bind.String), "the line"),
			func(ctx context.Context, x Exec, o readOptions) (*string, error) {
				line, ok, err := x.Read(ctx, o.Timeout)
				if err != nil || !ok {
					return nil, err
				}
				return &line, nil
			}).With(spawned + `assert(cat:write("hello\n"):read{ timeout = "10s" } == "hello")`),
		bind.Method0("lines", "Its output, line by line.", bind.Iterates(bind.String, "a line"),
			func(_ context.Context, x Exec) (bind.Iterator[string], error) { return spoken{x}, nil },
		).With(spawned + `cat:write("one\ntwo\n"):close()
for line in cat:lines() do print(line) end`),
		bind.Act1(k, "write", "Give it something to read.", bind.Req("text", bind.Text, "what it reads"),
			func(_ context.Context, x Exec, text string) error { return x.Write(text) },
		).With(spawned + `cat:write("hello\n")`),
		bind.Act0(k, "close", "End what it reads.", func(_ context.Context, x Exec) error { return x.CloseInput() }).
			With(spawned + `assert(cat:close():wait().exit_code == 0)`),
		bind.Act1(k, "kill", "Send it a signal.", bind.Opt("signal", bind.Text, "KILL", "by name or number"),
			func(ctx context.Context, x Exec, signal string) error { return x.Kill(ctx, signal) },
		).With(spawned + `assert(cat:kill():wait().signal == "SIGKILL")`),
		bind.Method1("wait", "Wait for its end.", bind.Options(readKeys("ExecWaitOptions", "until it is killed; 0 waits for ever")),
			bind.Returns(bind.ResultClass().Kind(), "how it ended, and the output that nobody read"),
			func(ctx context.Context, x Exec, o readOptions) (*bind.Finished, error) {
				r, err := x.Wait(ctx, o.Timeout)
				if placeholder, is, wrong := planned(err, false); is {
					return placeholder, wrong
				}
				return finished(r), err
			}).With(spawned + `cat:write("hello"):close()
assert(cat:wait().stdout == "hello")`),
	}
}

// spawned begins the examples of this class.
const spawned = `local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
`
