package engine

import (
	"context"
	"os"
	"sync"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
)

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
	return output.OpenReader(c.c.Logs(), output.Out, output.Err)
}

// end is the place where the output ends now.
func (c *Container) end() (output.Place, error) {
	return output.End(c.c.Logs(), output.Out, output.Err)
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
