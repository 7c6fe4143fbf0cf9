package engine

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
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
	if err := c.finishStop(ctx); err != nil {
		return c.wrap("start container", err)
	}
	n, running, err := c.number(ctx)
	if err != nil || running {
		return err
	}
	return c.wrap("start container", c.e.keeper.Start(ctx, c.c.ID, n))
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
			// After an error, or a keeper's death, the keeper has not done it.
			_ = c.Remove(context.WithoutCancel(ctx), RemoveOptions{Force: true, Volumes: true})
		}()
	}
	return c.once(ctx, in, out)
}

// once stays with the first start of a container that this caller just made.
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
		a.Output = r.Keep
	}
	end, err := c.startAttached(ctx, 1, a)
	if err != nil && !fault.Is(err, fault.NotFound) {
		c.killOnCancel(ctx)
	}
	r.ExitCode, r.Signal, r.OOMKilled, r.Unknown = end.Code, end.Signal, end.OOM, end.Unknown
	r.Duration = max(0, end.Time.Sub(began)) // we may hear of the start after the end
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
	Signal  string         `json:"signal,omitzero"`
	Timeout *time.Duration `json:"timeout,omitzero"` // until it is killed; below 0 waits for ever
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
	return c.wrap("stop container", c.stop(ctx, o))
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
	plan, err := c.c.Plan()
	if err != nil {
		return err
	}
	sig, timeout, err := o.Of(plan)
	if err != nil {
		return err
	}
	if err := c.c.Signal(sig); err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	began := time.Now()
	if err = c.thaw(ctx); err == nil {
		err = c.awaitEnd(ctx, facts.Start, timeout)
	}
	if ctx.Err() != nil {
		c.e.broken.Store(c.c.ID, brokenStop{facts.Start, began.Add(max(timeout, 0))})
	}
	return err
}

// awaitEnd waits until a start has ended, and kills it when time is up.
func (c *Container) awaitEnd(ctx context.Context, start int, timeout time.Duration) error {
	wait, cancel := limited(ctx, timeout)
	defer cancel()
	if _, err := c.e.keeper.Await(wait, c.c.ID, start); err == nil || ctx.Err() != nil {
		return err
	}
	return c.kill(ctx, start)
}

// brokenStop is a stop whose caller gave up waiting once the program was told to
// end.
type brokenStop struct {
	start int
	limit time.Time
}

// finishStop ends what this process began to stop and gave up on: the program
// is about to end, so a start that took it for running would start nothing. It
// gets the rest of its time, but no more than half of what ctx has.
func (c *Container) finishStop(ctx context.Context) error {
	known, ok := c.e.broken.LoadAndDelete(c.c.ID)
	if !ok {
		return nil
	}
	stop, _ := known.(brokenStop)
	facts, err := c.c.Facts()
	if err != nil || facts == nil || facts.Start != stop.start {
		return err
	}
	left := max(time.Until(stop.limit), 0)
	if end, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(end)/2)
	}
	return c.awaitEnd(ctx, stop.start, left)
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

// Of is the signal and the time until it is killed, for a container of this
// plan.
func (o StopOptions) Of(plan *container.Plan) (unix.Signal, time.Duration, error) {
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
		case v.Facts != nil || v.ending || v.starting:
			end, err := c.e.keeper.Await(ctx, c.c.ID, v.number)
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
