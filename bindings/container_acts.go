package bindings

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// web begins the examples that need a running container.
const web = `local web = containers.run{ "box", "sleep", "60", name = "web" }
`

// act0 and act1 are acts on a container; of one that is gone they say so.
func (d *doors) act0(name, doc string, do func(context.Context, *box) error) bind.Method[*box] {
	return bind.Act0(d.container, name, doc, func(ctx context.Context, b *box) error { return b.said(ctx, do(ctx, b)) })
}

func act1[A any](d *doors, name, doc string, p bind.Param[A], do func(context.Context, *box, A) error) bind.Method[*box] {
	return bind.Act1(d.container, name, doc, p, func(ctx context.Context, b *box, a A) error { return b.said(ctx, do(ctx, b, a)) })
}

// asked0 and asked1 are methods that answer.
func asked0[R any](name, doc string, r bind.Result[R], do func(context.Context, *box) (R, error)) bind.Method[*box] {
	return bind.Method0(name, doc, r, func(ctx context.Context, b *box) (R, error) {
		v, err := do(ctx, b)
		return v, b.said(ctx, err)
	})
}

func asked1[A, R any](name, doc string, p bind.Param[A], r bind.Result[R], do func(context.Context, *box, A) (R, error)) bind.Method[*box] {
	return bind.Method1(name, doc, p, r, func(ctx context.Context, b *box, a A) (R, error) {
		v, err := do(ctx, b, a)
		return v, b.said(ctx, err)
	})
}

// lifeActs are what moves a container from state to state.
func (d *doors) lifeActs() []bind.Method[*box] {
	return []bind.Method[*box]{
		act1(d, "start", "Start it; one that runs is left as it is.", bind.Options(startOptions()), d.start).
			With(`local c = containers.create{ "box", "echo", "hi" }
assert(c:start():wait().exit_code == 0)`),
		act1(d, "stop", "Ask it to end, and kill it when time is up; one that does not run is left as it is.", bind.Options(stopOptions()),
			func(ctx context.Context, b *box, o engine.StopOptions) error { return b.Stop(ctx, o) },
		).With(web + `web:stop{ timeout = "1s" }
assert(web.state == "exited")`),
		act1(d, "kill", "Send it a signal.", bind.Opt("signal", bind.Text, "KILL", "by name or number"),
			func(ctx context.Context, b *box, signal string) error { return b.Kill(ctx, signal) },
		).With(web + `assert(web:kill():wait().exit_code == 137)`),
		act1(d, "restart", "Stop it and start it again.", bind.Options(stopOptions()),
			func(ctx context.Context, b *box, o engine.StopOptions) error { return b.Restart(ctx, o) },
		).With(web + `local before = web.pid
assert(web:restart{ timeout = 0 }.pid ~= before)`),
		act1(d, "pause", "Stop every process where it is, until unpause; the pause outlives the script.", bind.Options(pauseOptions()),
			func(ctx context.Context, b *box, lease time.Duration) error { return b.Pause(ctx, lease) },
		).With(web + `assert(web:pause{ lease = "30s" }.state == "paused")
web:unpause()`),
		d.act0("unpause", "Let it go on.", func(ctx context.Context, b *box) error { return b.Unpause(ctx) }).
			With(web + `assert(web:pause():unpause().state == "running")`),
		d.whilePaused(),
		act1(d, "wait", "Wait for its end, or until conditions hold. If it ends before, that is an error of kind conflict.",
			bind.Options(waitRecord()), wait,
		).With(web + `web:wait{ state = "running", timeout = "10s" }
assert(web:kill():wait().exit_code == 137)`),
		act1(d, "rename", "Give it another name.", bind.Req("name", bind.Text, "the new name"),
			func(ctx context.Context, b *box, name string) error { return b.Rename(ctx, name) },
		).With(web + `assert(web:rename("shop").name == "shop")`),
		act1(d, "update", "Change its limits or its restart policy, at once if it lives.", bind.Options(updateOptions()),
			func(ctx context.Context, b *box, c change) error {
				return b.Update(ctx, engine.Change{Limits: c.limits, Restart: c.restart})
			}).With(web + `assert(web:update{ pids_limit = 100 }.limits.pids_limit == 100)`),
		act1(d, "remove", "Remove it with all that it wrote; one that is gone is no error.", bind.Options(removeOptions()),
			func(ctx context.Context, b *box, o engine.RemoveOptions) error { return b.Remove(ctx, o) },
		).With(web + `web:remove{ force = true }
assert(web.state == "removed" and web.name == "web")`),
		d.act0("protect", "Refuse to remove it, until unprotect.", func(ctx context.Context, b *box) error { return b.Protect(ctx, true) }).
			With(web + `assert(web:protect().protected)
web:unprotect()`),
		d.act0("unprotect", "Let it be removed again.", func(ctx context.Context, b *box) error { return b.Protect(ctx, false) }).
			With(web + `assert(not web:protect():unprotect().protected)`),
	}
}

func (d *doors) start(ctx context.Context, b *box, o attachOptions) error {
	if o.Attach {
		return d.stay(ctx, b, o, false)
	}
	return b.Start(ctx)
}

func (d *doors) whilePaused() bind.Method[*box] {
	return asked1("while_paused", "Pause it, call a function with it, and let it go on, whatever happens to the script. What the function returns comes back.",
		bind.Req("fn", bind.Passing(bind.Returns(d.container.Kind(), "")), "what to do meanwhile"), bind.ReturnsAll("what fn returned"),
		func(ctx context.Context, b *box, fn bind.Callback[*box, []bind.Value]) (got []bind.Value, err error) {
			err = b.WhilePaused(ctx, func(ctx context.Context) (err error) {
				got, err = fn.Call(ctx, b)
				return err
			})
			return got, err
		}).Change().With(web + `assert(web:while_paused(function(c) return c.state end) == "paused")`)
}

// insideActs are what is done in a running container.
func (d *doors) insideActs() []bind.Method[*box] {
	return []bind.Method[*box]{
		bind.Method1("exec", "Run a program in it and wait for its end. Another exit code than 0 is an error of kind failed, unless check = false.",
			bind.Options(execKeys()), bind.Returns(bind.ResultClass().Kind(), "what came of it"), d.exec,
		).Change().With(web + `assert(web:exec{ "echo", "hi" }.stdout == "hi\n")
assert(web:exec{ "false", check = false }.exit_code == 1)`),
		bind.Method1("spawn", "Start a program in it and go on. It ends with the script, unless detach = true.",
			bind.Options(spawnKeys()), bind.Returns(d.spawned.Kind(), "the program"), spawn,
		).Change().With(spawned + `assert(cat:write("hi\n"):read() == "hi")`),
		act1(d, "attach", "Hand over the terminal to its program until that ends, or until ctrl-p ctrl-q is typed.", bind.Options(attachRecord("AttachOptions")),
			func(ctx context.Context, b *box, o attachOptions) error { return d.stay(ctx, b, o, true) },
		).With(`containers.run{ "box", "sh", "-c", "sleep 1; echo bye" }:attach()`),
	}
}

// readActs are what asks without changing anything.
func readActs() []bind.Method[*box] {
	return []bind.Method[*box]{
		asked1("logs", "Its output as one text.", bind.Options(logRecord("LogOptions")), bind.Returns(bind.String, "the text"),
			func(ctx context.Context, b *box, o engine.LogOptions) (string, error) { return b.Logs(ctx, o) },
		).With(`local c = containers.run{ "box", "echo", "hi" }:wait()
assert(c:logs() == "hi\n")`),
		asked1("lines", "Its output, line by line.", bind.Options(lineRecord()), bind.Iterates(bind.String, "a line"), lines).
			With(`local c = containers.run{ "box", "sh", "-c", "echo one; echo two" }
for line in c:lines{ follow = true } do print(line) end`),
		asked0("top", "Its processes, as ps -ef shows them.", bind.Returns(bind.Any, "a list of { uid, pid, ppid, c, stime, tty, time, cmd }"), top).
			With(web + `assert(web:top()[1].cmd == "sleep 60")`),
		asked0("inspect", "All about it, in Docker's form.", bind.Returns(bind.JSON, "the document"), document(inspection)).
			With(web + `assert(web:inspect().State.Running)`),
		asked1("format", "A Go template filled with what inspect gives.", bind.Req("template", bind.String, "as docker inspect -f takes it"),
			bind.Returns(bind.String, "the text"),
			func(ctx context.Context, b *box, template string) (string, error) { return b.Format(ctx, template) },
		).With(web + `assert(web:format("{{ .State.Status }}") == "running")`),
		asked1("port", "Where a port of it is published; nil if it is not.", bind.Req("port", bind.Text, `of the container, such as "80/tcp"`),
			bind.Returns(bind.Ptr(bind.String), `as "0.0.0.0:8888"`), publishedAt,
		).With(web + `assert(web:port("80/tcp") == nil)`),
		asked0("freezer", "What the kernel says of its freezer.", bind.Returns(bind.Any, "{ version, path, file, wanted, state, tasks }"), freezer).
			With(web + `assert(#web:freezer().tasks == 1)`),
	}
}

func stopOptions() *bind.Record[engine.StopOptions] {
	return &bind.Record[engine.StopOptions]{
		Name: "StopOptions", Doc: "how to stop it",
		Keys: []bind.Key[engine.StopOptions]{
			bind.K("timeout", patience, "how long to wait before KILL; -1 for ever", func(o *engine.StopOptions) **time.Duration { return &o.Timeout }),
			bind.K("signal", bind.Text, "what to send, instead of its stop signal", func(o *engine.StopOptions) *string { return &o.Signal }),
		},
		Hints: map[string]string{"t": "timeout", "time": "timeout", "s": "signal"},
	}
}

func pauseOptions() *bind.Record[time.Duration] {
	return &bind.Record[time.Duration]{
		Name: "PauseOptions", Doc: "for how long",
		Keys: []bind.Key[time.Duration]{
			bind.K("lease", bind.Duration, "after which it goes on by itself, whoever lives; 0 for never", func(d *time.Duration) *time.Duration { return d }),
		},
	}
}

func removeOptions() *bind.Record[engine.RemoveOptions] {
	return &bind.Record[engine.RemoveOptions]{
		Name: "RemoveContainerOptions", Doc: "how to remove it",
		Keys: []bind.Key[engine.RemoveOptions]{
			bind.K("force", bind.Bool, "kill it first", func(o *engine.RemoveOptions) *bool { return &o.Force }),
			bind.K("volumes", bind.Bool, "its anonymous volumes too, unless others use them", func(o *engine.RemoveOptions) *bool { return &o.Volumes }),
		},
		Hints: map[string]string{"f": "force", "volume": "volumes"},
	}
}

// waitOptions is what wait takes.
type waitOptions = engine.WaitOptions

func waitRecord() *bind.Record[waitOptions] {
	return &bind.Record[waitOptions]{
		Name: "WaitOptions", Doc: "what to wait for; its end if nothing is said",
		Keys: []bind.Key[waitOptions]{
			bind.K("state", states(), "a state it is in", func(o *waitOptions) *string { return (*string)(&o.State) }),
			bind.K("port", bind.Text, `a port of it that accepts connections, such as "80/tcp"`, func(o *waitOptions) *string { return &o.Port }),
			bind.K("log", logKind, "a text or re in a line of its output since it started", func(o *waitOptions) **regexp.Regexp { return &o.Log }),
			bind.K("file", bind.Text, "a path in it that exists", func(o *waitOptions) *string { return &o.File }),
			bind.K("removed", bind.Bool, "that it is gone", func(o *waitOptions) *bool { return &o.Removed }),
			bind.K("any", bind.Bool, "one of them is enough", func(o *waitOptions) *bool { return &o.Any }),
			bind.K("timeout", bind.Duration, "until it is an error; 0 waits for ever", func(o *waitOptions) *time.Duration { return &o.Timeout }),
		},
	}
}

func wait(ctx context.Context, b *box, o waitOptions) error {
	if o == (waitOptions{Timeout: o.Timeout, Any: o.Any}) {
		return waitForEnd(ctx, b, o.Timeout)
	}
	return b.WaitFor(ctx, o)
}

func waitForEnd(ctx context.Context, b *box, timeout time.Duration) error {
	limited, cancel := ctx, func() {}
	if timeout > 0 {
		limited, cancel = bind.Within(ctx, timeout)
	}
	defer cancel()
	end, err := b.Wait(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return fault.Wrap("wait for container", b.name(), fault.New(fault.Timeout, "it has not ended after %s", timeout))
	}
	return b.ended(ctx, end, err)
}

func logRecord(name string, more ...bind.Key[engine.LogOptions]) *bind.Record[engine.LogOptions] {
	return &bind.Record[engine.LogOptions]{
		Name: name, Doc: "which lines",
		New: func() engine.LogOptions { return engine.LogOptions{Tail: -1, Stdout: true, Stderr: true} },
		Keys: append([]bind.Key[engine.LogOptions]{
			bind.K("tail", bind.Int, "the last so many; -1 for all", func(o *engine.LogOptions) *int { return &o.Tail }),
			bind.K("since", bind.Time, "not before", func(o *engine.LogOptions) *time.Time { return &o.Since }),
			bind.K("before", bind.Time, "not after", func(o *engine.LogOptions) *time.Time { return &o.Before }),
			bind.K("timestamps", bind.Bool, "each with its time", func(o *engine.LogOptions) *bool { return &o.Timestamps }),
			bind.K("stdout", bind.Bool, "those of standard output", func(o *engine.LogOptions) *bool { return &o.Stdout }),
			bind.K("stderr", bind.Bool, "those of standard error", func(o *engine.LogOptions) *bool { return &o.Stderr }),
		}, more...),
		Hints: map[string]string{"until": "before", "n": "tail"},
	}
}

func lineRecord() *bind.Record[engine.LogOptions] {
	return logRecord("LineOptions", bind.K("follow", bind.Bool, "wait for more until it ends", func(o *engine.LogOptions) *bool { return &o.Follow }))
}

// told walks the lines of a container's output.
type told struct{ Lines }

// Next gives a line, without its end.
func (t told) Next(ctx context.Context) (string, bool, error) {
	line, ok, err := t.Lines.Next(ctx)
	if err != nil || !ok {
		return "", false, err
	}
	return strings.TrimSuffix(t.Format(line), "\n"), true, nil
}

func lines(ctx context.Context, b *box, o engine.LogOptions) (bind.Iterator[string], error) {
	l, err := b.Lines(ctx, o)
	if err != nil {
		return nil, err
	}
	return told{l}, nil
}

func top(ctx context.Context, b *box) (any, error) {
	tasks, err := b.Top(ctx)
	all := make([]any, len(tasks))
	for i, t := range tasks {
		all[i] = map[string]any{
			"uid": t.UID, "pid": t.PID, "ppid": t.PPID, "c": t.C, "stime": t.STIME, "tty": t.TTY, "time": t.TIME, "cmd": t.CMD,
		}
	}
	return all, err
}

func freezer(ctx context.Context, b *box) (any, error) {
	f, err := b.Freezer(ctx)
	tasks := make([]any, len(f.Tasks))
	for i, t := range f.Tasks {
		tasks[i] = map[string]any{"pid": t.Pid, "command": t.Command, "state": t.State, "wchan": t.Wchan}
	}
	return map[string]any{
		"version": f.Version, "path": f.Path, "file": f.File, "wanted": f.Wanted, "state": f.State, "frozen": f.Frozen, "tasks": tasks,
	}, err
}

func publishedAt(ctx context.Context, b *box, text string) (*string, error) {
	v, err := b.look(ctx)
	if err != nil {
		return nil, err
	}
	number, protocol, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is no port such as 80 or 80/tcp", text)
	}
	for _, p := range livePorts(v) {
		if uint64(p.ContainerPort) == n && p.Protocol == orElse(protocol, "tcp") {
			at := p.HostIP + ":" + strconv.Itoa(int(p.HostPort))
			return &at, nil
		}
	}
	return nil, nil
}

func livePorts(v *engine.View) []container.Port {
	if v.Facts == nil {
		return nil
	}
	return v.Facts.Ports
}
