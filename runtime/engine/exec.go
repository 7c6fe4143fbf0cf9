package engine

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
	"neap/runtime/process"
)

// ExecSpec is a further program in a running container. Empty fields are the
// container's own.
type ExecSpec struct {
	Argv       []string      `json:"argv,omitzero"`
	Env        []string      `json:"env,omitzero"` // besides the container's
	Workdir    string        `json:"workdir,omitzero"`
	User       string        `json:"user,omitzero"`
	Tty        bool          `json:"tty,omitzero"`
	Privileged bool          `json:"privileged,omitzero"`
	Detach     bool          `json:"detach,omitzero"` // it outlives this process
	Rows       uint16        `json:"rows,omitzero"`
	Cols       uint16        `json:"cols,omitzero"`
	Timeout    time.Duration `json:"timeout,omitzero"` // until it is killed; 0 is none
}

func (s ExecSpec) program(id string) keeper.Program {
	return keeper.Program{
		ID: id, Argv: s.Argv, Env: s.Env, Workdir: s.Workdir, User: s.User, Tty: s.Tty,
		Rows: s.Rows, Cols: s.Cols, Privileged: s.Privileged, Detach: s.Detach,
	}
}

// Exec runs a program to its end. in, if not nil, is what it reads. Output
// goes to out as it comes, or into the Result where out is nil. When ctx ends
// or time is up the program is killed.
func (c *Container) Exec(ctx context.Context, s ExecSpec, in *os.File, out func(stream string, chunk []byte) error) (Result, error) {
	x, err := c.Spawn(ctx, s)
	if err != nil {
		return Result{}, err
	}
	defer x.Close()
	if in != nil {
		go func() { _, _ = io.Copy(x.in, in); _ = x.in.Close() }()
	} else if err := x.CloseInput(); err != nil {
		return Result{}, err
	}
	return x.drain(ctx, s.Timeout, out)
}

// ExecTerminal runs a program in a terminal of its own. with gets the master
// side once the program runs, in a goroutine of its own, and closes it.
func (c *Container) ExecTerminal(ctx context.Context, s ExecSpec, with func(tty *os.File)) (Result, error) {
	s.Tty = true
	ctx, cancel := limitedIf(ctx, s.Timeout)
	defer cancel()
	began := c.e.opt.Clock()
	end, err := c.e.keeper.Exec(ctx, c.c.ID, s.program(c.e.opt.ID()), nil, func(_ int, tty *os.File) { go with(tty) })
	return resultOf(end, began), c.wrap("exec in container", err)
}

func limitedIf(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

func resultOf(end keeper.Ending, began time.Time) Result {
	r := Result{ExitCode: end.Code, Signal: end.Signal, Unknown: end.Unknown}
	if !end.Time.IsZero() {
		r.Duration = max(0, end.Time.Sub(began)) // we may hear of the start after the end
	}
	return r
}

// Exec is a program that runs beside its caller. Close it.
type Exec struct {
	c      *Container
	pid    int
	cancel context.CancelFunc
	began  time.Time

	in       *os.File
	out, err *os.File
	lines    *bufio.Reader
	ended    chan struct{}
	end      keeper.Ending
	failure  error
	once     sync.Once
}

// Spawn starts a program and returns once it runs. It dies with this process,
// or at Close, unless it is detached.
func (c *Container) Spawn(ctx context.Context, s ExecSpec) (*Exec, error) {
	x, err := c.spawn(ctx, s)
	return x, c.wrap("exec in container", err)
}

func (c *Container) spawn(ctx context.Context, s ExecSpec) (*Exec, error) {
	far, x, err := newExec(c)
	if err != nil {
		return nil, err
	}
	defer closeAll(far)
	ctx, x.cancel = context.WithCancel(context.WithoutCancel(ctx))
	started := make(chan struct{})
	go func() {
		defer close(x.ended)
		x.end, x.failure = c.e.keeper.Exec(ctx, c.c.ID, s.program(c.e.opt.ID()), far, func(pid int, _ *os.File) {
			if x.pid == 0 { // told again by a new keeper
				x.pid = pid
				close(started)
			}
		})
	}()
	select {
	case <-started:
		return x, nil
	case <-x.ended:
	}
	if x.failure == nil {
		return x, nil
	}
	_ = x.Close()
	return nil, x.failure
}

func newExec(c *Container) (far []*os.File, x *Exec, err error) {
	x = &Exec{c: c, began: c.e.opt.Clock(), ended: make(chan struct{}), cancel: func() {}}
	far = make([]*os.File, 3)
	if far[0], x.in, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if x.out, far[1], err = os.Pipe(); err == nil {
		x.err, far[2], err = os.Pipe()
	}
	for _, f := range far {
		if err == nil {
			err = unix.SetNonblock(int(f.Fd()), false) // programs do not expect EAGAIN
		}
	}
	if err != nil {
		closeAll(append(far, x.in, x.out, x.err))
		return nil, nil, err
	}
	x.lines = bufio.NewReader(x.out)
	return far, x, nil
}

// Pid is its process id on the host.
func (x *Exec) Pid() int { return x.pid }

// Read waits for a line of its output, without its end; ok is false at the end
// of the output. timeout 0 is none; when it passes the error is
// fault.Timeout.
func (x *Exec) Read(ctx context.Context, timeout time.Duration) (line string, ok bool, err error) {
	if timeout > 0 {
		if err := x.out.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return "", false, err
		}
		defer func() { _ = x.out.SetReadDeadline(time.Time{}) }()
	}
	defer context.AfterFunc(ctx, func() { _ = x.out.SetReadDeadline(time.Now()) })()
	line, err = x.lines.ReadString('\n')
	switch {
	case err == nil:
		return line[:len(line)-1], true, nil
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", false, fault.New(fault.Timeout, "no line came within %s", timeout)
	case errors.Is(err, io.EOF):
		return line, line != "", nil
	default:
		return "", false, err
	}
}

// Write gives it something to read.
func (x *Exec) Write(text string) error {
	_, err := x.in.WriteString(text)
	return fault.Wrap("write to the program in container", x.c.Name(), err)
}

// CloseInput ends what it reads.
func (x *Exec) CloseInput() error {
	if err := x.in.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Kill sends it a signal (see Signal; "" is KILL).
func (x *Exec) Kill(_ context.Context, signal string) error {
	sig, err := Signal(first(signal, "KILL"))
	if err != nil {
		return err
	}
	select {
	case <-x.ended:
		return fault.New(fault.Conflict, "the program has ended")
	default:
	}
	stat, err := process.ReadStat(x.pid)
	if err != nil {
		return fault.New(fault.Conflict, "the program has ended")
	}
	f, err := process.Open(x.pid, stat.Ticks)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.PidfdSendSignal(int(f.Fd()), sig, nil, 0)
}

// Wait waits for its end; timeout 0 is none. The Result has what it printed
// and nobody read.
func (x *Exec) Wait(ctx context.Context, timeout time.Duration) (Result, error) {
	return x.drain(ctx, timeout, nil)
}

// drain reads both streams to their ends and waits for the program.
func (x *Exec) drain(ctx context.Context, timeout time.Duration, out func(string, []byte) error) (Result, error) {
	ctx, cancel := limitedIf(ctx, timeout)
	defer cancel()
	var r Result
	if out == nil {
		out = r.Keep
	}
	stop := context.AfterFunc(ctx, func() {
		_ = x.out.SetReadDeadline(time.Now())
		_ = x.err.SetReadDeadline(time.Now())
		x.cancel()
	})
	defer stop()
	err := copyBoth(x.lines, x.err, out)
	<-x.ended
	if ctx.Err() != nil {
		return r, fault.Wrap("exec in container", x.c.Name(), ctx.Err())
	}
	done := resultOf(x.end, x.began)
	done.Stdout, done.Stderr = r.Stdout, r.Stderr
	return done, errors.Join(err, fault.Wrap("exec in container", x.c.Name(), x.failure))
}

// copyBoth hands out what comes from two readers, one chunk at a time.
func copyBoth(outs, errs io.Reader, take func(string, []byte) error) error {
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	for stream, from := range map[string]io.Reader{output.Out: outs, output.Err: errs} {
		all.Go(func() {
			chunk := make([]byte, 32<<10)
			for {
				n, err := from.Read(chunk)
				if n > 0 {
					mu.Lock()
					if failed == nil {
						failed = take(stream, chunk[:n])
					}
					mu.Unlock()
				}
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return failed
}

// Close ends it, unless it has ended or is detached, and closes its streams.
func (x *Exec) Close() error {
	x.once.Do(func() {
		x.cancel()
		<-x.ended
		closeAll([]*os.File{x.in, x.out, x.err})
	})
	return nil
}
