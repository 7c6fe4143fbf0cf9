package sim

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
)

// StartAttached starts it and stays with it to its end.
func (c *cell) StartAttached(ctx context.Context, a engine.Attached) (keeper.Ending, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	begun, err := c.startByUser()
	if err == nil && !begun {
		err = fault.Wrap("start container", c.wish.Name,
			fault.New(fault.Conflict, "it runs already").WithHint("attach to it: neap attach %s", c.wish.Name))
	}
	if err != nil {
		return keeper.Ending{}, err
	}
	return c.stay(ctx, a, c.last.Start, c.begins[c.last.Start])
}

// Attach stays with it to its end.
func (c *cell) Attach(ctx context.Context, a engine.Attached) (keeper.Ending, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if err := c.do("attach", func(container.State) error { return nil }); err != nil {
		return keeper.Ending{}, fault.Wrap("attach to container", c.wish.Name, err)
	}
	return c.stay(ctx, a, c.facts.Start, len(c.chunks))
}

// stay hands output on from a chunk on until the start is over.
func (c *cell) stay(ctx context.Context, a engine.Attached, start, from int) (keeper.Ending, error) {
	if a.Started != nil {
		c.outside(func() { a.Started(nil) })
	}
	if c.main != nil && c.last.Start == start {
		c.pour(c.main, a.In)
	}
	for {
		for ; from < len(c.chunks) && a.Output != nil; from++ {
			chunk := c.chunks[from]
			var err error
			if c.outside(func() { err = a.Output(chunk.Stream, chunk.Bytes) }); err != nil {
				return keeper.Ending{}, err
			}
		}
		if c.over(start) {
			return c.ending(start), nil
		}
		seen := len(c.chunks)
		switch c.w.wait(ctx, time.Time{}, func() bool { return len(c.chunks) > seen || c.over(start) }) {
		case ended:
			return keeper.Ending{}, fault.Wrap("attach to container", c.wish.Name, context.Cause(ctx))
		case stuck:
			return keeper.Ending{}, fault.Wrap("attach to container", c.wish.Name, stuckError())
		default:
		}
	}
}

// outside calls what may ask the world something.
func (c *cell) outside(do func()) {
	c.w.mu.Unlock()
	defer c.w.mu.Lock()
	do()
}

// pour gives a program all that there is to read; nil is nothing.
func (c *cell) pour(p *process, in *os.File) {
	if in == nil {
		return
	}
	var text []byte
	c.outside(func() { text, _ = io.ReadAll(in) })
	p.feed(string(text))
	p.shut()
}

// Exec runs a program to its end.
func (c *cell) Exec(ctx context.Context, s engine.ExecSpec, in *os.File, out bindings.Take) (engine.Result, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	x, err := c.spawn(s, in != nil)
	if err != nil {
		return engine.Result{}, err
	}
	c.pour(x.p, in)
	r, err := x.wait(ctx, s.Timeout)
	if err != nil || out == nil {
		return r, err
	}
	for stream, text := range map[string][]byte{output.Out: r.Stdout, output.Err: r.Stderr} {
		if len(text) > 0 && err == nil {
			c.outside(func() { err = out(stream, text) })
		}
	}
	r.Stdout, r.Stderr = nil, nil
	return r, err
}

// ExecTerminal would run a program in a terminal.
func (c *cell) ExecTerminal(context.Context, engine.ExecSpec, func(*os.File)) (engine.Result, error) {
	return engine.Result{}, fault.Wrap("exec in container", c.wish.Name, noTerminal())
}

func noTerminal() error {
	return fault.New(fault.Unsupported, "there are no terminals in a simulation").WithHint("run this against the real runtime: neap test --real")
}

// execution is a program that was started in a running container.
type execution struct {
	c       *cell
	p       *process
	began   time.Time
	out     strings.Builder // what nobody read yet
	errs    strings.Builder
	end     exit
	endedAt time.Time
	keep    bool
}

// Spawn starts a program.
func (c *cell) Spawn(_ context.Context, s engine.ExecSpec) (bindings.Exec, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	x, err := c.spawn(s, true)
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (c *cell) spawn(s engine.ExecSpec, input bool) (x *execution, err error) {
	if c.gone {
		return nil, fault.Wrap("exec in container", c.wish.Name, container.Gone(c.ID()))
	}
	c.w.tick()
	if err = container.Check("exec", c.state()); err == nil && len(s.Argv) == 0 {
		err = fault.New(fault.Invalid, "a program is missing")
	}
	if err == nil {
		err = c.w.has(c, s.Argv[0])
	}
	if err == nil {
		err = c.w.answered(c, s.Argv)
	}
	if err != nil {
		return nil, fault.Wrap("exec in container", c.wish.Name, err)
	}
	x = &execution{c: c, began: c.w.now, keep: s.Detach, p: c.w.program(c, s.Argv)}
	x.p.pid, x.p.input, x.p.print, x.p.ended = c.w.pid(), input, x.print, x.finished
	c.others = append(c.others, x.p)
	x.p.run()
	return x, nil
}

func (x *execution) print(stream, text string) {
	if stream == output.Err {
		x.errs.WriteString(text)
	} else {
		x.out.WriteString(text)
	}
}

func (x *execution) finished(e exit) {
	x.end, x.endedAt = e, x.c.w.now
	x.c.others = slices.DeleteFunc(x.c.others, func(p *process) bool { return p == x.p })
}

// Pid is its process id.
func (x *execution) Pid() int { return x.p.pid }

// Read waits for a line of its output.
func (x *execution) Read(ctx context.Context, timeout time.Duration) (line string, ok bool, err error) {
	w := x.c.w
	w.mu.Lock()
	defer w.mu.Unlock()
	deadline := time.Time{}
	if timeout > 0 {
		deadline = w.now.Add(timeout)
	}
	switch w.wait(ctx, deadline, func() bool { return strings.Contains(x.out.String(), "\n") || x.p.over }) {
	case late:
		return "", false, fault.New(fault.Timeout, "no line came within %s", timeout)
	case stuck:
		return "", false, stuckError()
	case ended:
		return "", false, context.Cause(ctx)
	default:
	}
	line, rest, whole := strings.Cut(x.out.String(), "\n")
	x.out.Reset()
	x.out.WriteString(rest)
	return line, whole || line != "", nil
}

// Write gives it something to read.
func (x *execution) Write(text string) error {
	x.c.w.mu.Lock()
	defer x.c.w.mu.Unlock()
	if !x.p.input || x.p.over {
		return fault.Wrap("write to the program in container", x.c.wish.Name, unix.EPIPE)
	}
	x.p.feed(text)
	return nil
}

// CloseInput ends what it reads.
func (x *execution) CloseInput() error {
	x.c.w.mu.Lock()
	defer x.c.w.mu.Unlock()
	x.p.shut()
	return nil
}

// Kill sends it a signal.
func (x *execution) Kill(_ context.Context, signal string) error {
	sig, err := engine.Signal(orElse(signal, "KILL"))
	if err != nil {
		return err
	}
	x.c.w.mu.Lock()
	defer x.c.w.mu.Unlock()
	if x.p.over {
		return fault.New(fault.Conflict, "the program has ended")
	}
	x.p.signal(sig)
	return nil
}

// Wait waits for its end.
func (x *execution) Wait(ctx context.Context, timeout time.Duration) (engine.Result, error) {
	x.c.w.mu.Lock()
	defer x.c.w.mu.Unlock()
	return x.wait(ctx, timeout)
}

func (x *execution) wait(ctx context.Context, timeout time.Duration) (engine.Result, error) {
	w, deadline := x.c.w, time.Time{}
	if timeout > 0 {
		deadline = w.now.Add(timeout)
	}
	var failed error
	switch w.wait(ctx, deadline, func() bool { return x.p.over }) {
	case late:
		failed = context.DeadlineExceeded
	case ended:
		failed = context.Cause(ctx)
	case stuck:
		return engine.Result{}, fault.Wrap("exec in container", x.c.wish.Name, stuckError())
	default:
	}
	if failed != nil {
		x.p.finish(exit{signal: unix.SIGKILL})
		return engine.Result{}, fault.Wrap("exec in container", x.c.wish.Name, failed)
	}
	r := engine.Result{
		ExitCode: x.end.code, Signal: int(x.end.signal), OOMKilled: x.end.oom, Duration: x.endedAt.Sub(x.began),
		Stdout: []byte(x.out.String()), Stderr: []byte(x.errs.String()),
	}
	x.out.Reset()
	x.errs.Reset()
	return r, nil
}

// Close ends it, unless it is detached.
func (x *execution) Close() error {
	x.c.w.mu.Lock()
	defer x.c.w.mu.Unlock()
	if !x.keep {
		x.p.finish(exit{signal: unix.SIGKILL})
	}
	return nil
}
