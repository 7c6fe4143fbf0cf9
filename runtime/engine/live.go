package engine

import (
	"context"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
)

// Run creates a container and starts it. One that does not start stays, in
// the state created, unless Rm is set.
func (e *Engine) Run(ctx context.Context, s Spec) (*Container, error) {
	c, err := e.Create(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		if s.Rm {
			_ = c.Remove(context.WithoutCancel(ctx), RemoveOptions{Force: true, Volumes: true})
		}
		return nil, err
	}
	return c, nil
}

// number is the number of the next start, by a user: it ends what a stop said.
func (c *Container) number(ctx context.Context) (n int, running bool, err error) {
	err = c.c.Change(ctx, "start", func(now container.State, w *container.Wish) error {
		last, err := c.c.Last()
		if err != nil {
			return err
		}
		n, running = last.Start+1, now == container.Running
		w.Stopped = false
		return c.c.SetDue(nil)
	})
	return n, running, err
}

// Start starts it. A running one is left as it is. The error of a program that
// the container lacks, or that is not executable, has keeper.Unstarted as its
// Detail.
func (c *Container) Start(ctx context.Context) error {
	n, running, err := c.number(ctx)
	if err != nil || running {
		return err
	}
	return fault.Wrap("start container", c.Name(), c.e.keeper.Start(ctx, c.c.ID, n))
}

// Attached is one stay with a container.
type Attached struct {
	In      *os.File                                // what the program reads; nil for nothing
	Started func(input *os.File)                    // it runs; input is the end to write to, or the terminal; may be nil
	Output  func(stream string, chunk []byte) error // every byte of output, in order; nil for none
}

// StartAttached starts the container and stays with it to its end, so that no
// byte of output is missed. When ctx ends it returns; the container goes on.
func (c *Container) StartAttached(ctx context.Context, a Attached) (keeper.Ending, error) {
	n, running, err := c.number(ctx)
	if err == nil && running {
		err = fault.New(fault.Conflict, "it runs already").WithHint("attach to it: neap attach %s", c.Name())
	}
	if err != nil {
		return keeper.Ending{}, fault.Wrap("start container", c.Name(), err)
	}
	name := c.Name()
	end, err := c.e.stay(ctx, c, n, a)
	if ctx.Err() == nil {
		if wrong := c.removeIfAsked(ctx); err == nil {
			err = wrong
		}
	}
	return end, fault.Wrap("start container", name, err)
}

// removeIfAsked removes an ended container that asked for it (rm): the keeper
// would do it too; this way it is done when its caller goes on.
func (c *Container) removeIfAsked(ctx context.Context) error {
	plan, err := c.c.Plan()
	if err != nil || !plan.AutoRemove {
		return nil //nolint:nilerr // it is gone
	}
	if state, err := c.State(); err != nil || (state != container.Exited && state != container.Created) {
		return err
	}
	return c.Remove(ctx, RemoveOptions{Volumes: true})
}

// stay runs the start and reads the output beside it.
func (e *Engine) stay(ctx context.Context, c *Container, number int, a Attached) (keeper.Ending, error) {
	from, err := c.end()
	if err != nil {
		return keeper.Ending{}, err
	}
	reading := make(chan error, 1)
	ended := make(chan struct{})
	var once sync.Once
	return e.keeper.Run(ctx, c.c.ID, number, keeper.Attached{
		Input: a.In,
		Started: func(input *os.File) {
			first := false
			once.Do(func() {
				first = true
				a.started(input)
				go func() { reading <- c.read(ctx, from, number, ended, a.Output) }()
			})
			if !first && input != nil {
				_ = input.Close() // a new keeper's: we have it
			}
		},
		Read: func(keeper.Ending) error {
			close(ended)
			return <-reading
		},
	})
}

func (a Attached) started(input *os.File) {
	if a.Started != nil {
		a.Started(input)
	} else if input != nil {
		_ = input.Close()
	}
}

// read hands out the output from a place on until the start is over.
func (c *Container) read(ctx context.Context, from output.Place, number int, ended <-chan struct{}, take func(string, []byte) error) error {
	if take == nil {
		return nil
	}
	r, err := c.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	r.Skip(from)
	return c.follow(ctx, r, number, ended, take)
}

// follow hands out chunks until the start is over and all is read.
func (c *Container) follow(ctx context.Context, r *output.Reader, number int, ended <-chan struct{}, take func(string, []byte) error) error {
	for last := false; ; {
		chunks, err := r.Next()
		if err != nil {
			return err
		}
		for _, chunk := range chunks {
			if err := take(chunk.Stream, chunk.Bytes); err != nil {
				return err
			}
		}
		switch {
		case len(chunks) > 0:
		case last:
			return nil
		default:
			if last, err = c.over(ctx, r, number, ended); err != nil {
				return err
			}
		}
	}
}

// over waits for more output, and is true when the start has ended instead.
func (c *Container) over(ctx context.Context, r *output.Reader, number int, ended <-chan struct{}) (bool, error) {
	select {
	case <-ended:
		return true, nil
	default:
	}
	at := r.Offsets()
	more, err := c.e.keeper.Growth(ctx, c.c.ID, number, at[output.Out], at[output.Err])
	return !more, err
}

// reader opens the output. The caller closes it.
func (c *Container) reader() (*output.Reader, error) {
	logs, err := c.c.Logs()
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	return output.OpenReader(logs, output.Out, output.Err)
}

// end is the place where the output ends now.
func (c *Container) end() (output.Place, error) {
	logs, err := c.c.Logs()
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	return output.End(logs, output.Out, output.Err)
}

// Attach stays with a running container until it ends: see Attached. Output
// is what comes from now on.
func (c *Container) Attach(ctx context.Context, a Attached) (keeper.Ending, error) {
	end, err := c.attach(ctx, a)
	return end, fault.Wrap("attach to container", c.Name(), err)
}

func (c *Container) attach(ctx context.Context, a Attached) (keeper.Ending, error) {
	now, err := c.State()
	if err == nil {
		err = container.Check("attach", now)
	}
	if err != nil {
		return keeper.Ending{}, err
	}
	facts, err := c.c.Facts()
	if err != nil || facts == nil {
		return keeper.Ending{}, fault.New(fault.Conflict, "it ended just now")
	}
	from, err := c.end()
	if err != nil {
		return keeper.Ending{}, err
	}
	input, err := c.e.keeper.Input(ctx, c.c.ID)
	if err != nil {
		return keeper.Ending{}, err
	}
	a.started(input)
	if err := c.read(ctx, from, facts.Start, nil, a.Output); err != nil {
		return keeper.Ending{}, err
	}
	return c.e.keeper.Await(ctx, c.c.ID, facts.Start)
}

// Once runs a container to its end and gives what came of it. It is removed
// then, with its anonymous volumes, unless keep is set. out, if not nil, gets
// the output as it comes instead of the Result.
func (e *Engine) Once(ctx context.Context, s Spec, keep bool, in *os.File, out func(stream string, chunk []byte) error) (Result, error) {
	s.Rm = !keep
	c, err := e.Create(ctx, s)
	if err != nil {
		return Result{}, err
	}
	if !keep {
		defer func() {
			// The keeper would do it too; this way it is done when we return.
			_ = c.Remove(context.WithoutCancel(ctx), RemoveOptions{Force: true, Volumes: true})
		}()
	}
	return c.once(ctx, in, out)
}

func (c *Container) once(ctx context.Context, in *os.File, out func(string, []byte) error) (Result, error) {
	var r Result
	began := c.e.opt.Clock()
	a := Attached{In: in, Output: out, Started: func(input *os.File) {
		began = c.e.opt.Clock()
		if input != nil {
			_ = input.Close() // nobody writes to it
		}
	}}
	if out == nil {
		a.Output = func(stream string, chunk []byte) error {
			if stream == output.Err {
				r.Stderr = append(r.Stderr, chunk...)
			} else {
				r.Stdout = append(r.Stdout, chunk...)
			}
			return nil
		}
	}
	end, err := c.StartAttached(ctx, a)
	if err != nil && !fault.Is(err, fault.NotFound) {
		c.killOnCancel(ctx)
	}
	r.ExitCode, r.Signal, r.OOMKilled, r.Unknown = end.Code, end.Signal, end.OOM, end.Unknown
	r.Duration = end.Time.Sub(began)
	return r, err
}

// killOnCancel ends a program whose only purpose was its result.
func (c *Container) killOnCancel(ctx context.Context) {
	if ctx.Err() != nil {
		_ = c.c.Kill(context.WithoutCancel(ctx), unix.SIGKILL)
	}
}

// StopOptions says how to stop. Zero values are the container's own.
type StopOptions struct {
	Signal  string
	Timeout *time.Duration // until it is killed; below 0 waits for ever
}

// thaw lets what is frozen go on to its end. One that has ended meanwhile has
// no cgroup any more.
func (c *Container) thaw(ctx context.Context) error {
	err := c.c.Group().Thaw(ctx)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// stopTimeout is Docker's.
const stopTimeout = 10 * time.Second

// Stop asks the first process to end, and kills it when time is up. One that
// does not run is left as it is; a restart that waits is cancelled.
func (c *Container) Stop(ctx context.Context, o StopOptions) error {
	return fault.Wrap("stop container", c.Name(), c.stop(ctx, o))
}

func (c *Container) stop(ctx context.Context, o StopOptions) error {
	if err := c.stopByUser(ctx, "stop"); err != nil {
		return err
	}
	facts, err := c.c.Facts()
	if err != nil {
		return err
	}
	if due, err := c.c.Due(); err == nil && due != nil {
		if err := c.e.keeper.CancelRestart(ctx, c.c.ID); err != nil {
			return err
		}
	}
	if now, err := c.State(); err != nil || (now != container.Running && now != container.Paused) || facts == nil {
		return err
	}
	sig, timeout, err := c.stopping(o)
	if err != nil {
		return err
	}
	if err := c.c.Signal(sig); err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	if err := c.thaw(ctx); err != nil {
		return err
	}
	wait, cancel := limited(ctx, timeout)
	defer cancel()
	if _, err = c.e.keeper.Await(wait, c.c.ID, facts.Start); err == nil || ctx.Err() != nil {
		return err
	}
	return c.kill(ctx, facts.Start)
}

func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// kill ends the first process at once and waits for the end.
func (c *Container) kill(ctx context.Context, start int) error {
	if err := c.c.Signal(unix.SIGKILL); err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	if err := c.thaw(ctx); err != nil {
		return err
	}
	_, err := c.e.keeper.Await(ctx, c.c.ID, start)
	return err
}

func (c *Container) stopping(o StopOptions) (unix.Signal, time.Duration, error) {
	plan, err := c.c.Plan()
	if err != nil {
		return 0, 0, err
	}
	timeout := stopTimeout
	if plan.StopTimeout != nil {
		timeout = time.Duration(*plan.StopTimeout * float64(time.Second))
	}
	if o.Timeout != nil {
		timeout = *o.Timeout
	}
	sig, err := Signal(first(o.Signal, plan.StopSignal, "TERM"))
	return sig, timeout, err
}

// Restart stops it and starts it again.
func (c *Container) Restart(ctx context.Context, o StopOptions) error {
	if err := c.Stop(ctx, o); err != nil {
		return err
	}
	return c.Start(ctx)
}

// Wait waits until it does not run and gives how it ended; at once if it does
// not run now. One that never ran is waited for until its first end.
func (c *Container) Wait(ctx context.Context) (keeper.Ending, error) {
	for {
		v, err := c.Look()
		if err != nil {
			return keeper.Ending{}, err
		}
		switch {
		case v.Facts != nil || v.ending:
			end, err := c.e.keeper.Await(ctx, c.c.ID, v.Last.Start)
			return end, fault.Wrap("wait for container", v.Name, err)
		case v.State == container.Created:
			select {
			case <-ctx.Done():
				return keeper.Ending{}, fault.Wrap("wait for container", v.Name, ctx.Err())
			case <-time.After(10 * time.Millisecond):
			}
		default:
			l := v.Last
			return keeper.Ending{Start: l.Start, Code: l.Code, Signal: l.Signal, Unknown: l.Unknown, OOM: l.OOM, Time: l.Ended}, nil
		}
	}
}
