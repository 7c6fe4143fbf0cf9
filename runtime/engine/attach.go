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
		return keeper.Ending{}, c.wrap("start container", err)
	}
	return c.startAttached(ctx, n, a)
}

// startAttached is StartAttached for the n-th start.
func (c *Container) startAttached(ctx context.Context, n int, a Attached) (keeper.Ending, error) {
	name := c.Name()
	end, err := c.e.stay(ctx, c, n, a)
	if ctx.Err() == nil {
		if wrong := c.removeIfAsked(ctx); err == nil {
			err = wrong
		}
	}
	return end, fault.Wrap("start container", name, err)
}

// removeIfAsked removes an ended container that asked for it (rm), if the
// keeper was killed before it could.
func (c *Container) removeIfAsked(ctx context.Context) error {
	if !c.c.Exists() {
		return nil
	}
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
	ended, grown := make(chan struct{}), make(chan struct{}, 1)
	var once sync.Once
	return e.keeper.Run(ctx, c.c.ID, number, keeper.Attached{
		Input: a.In,
		Started: func(input *os.File) {
			first := false
			once.Do(func() {
				first = true
				a.started(input)
				go func() { reading <- c.read(ctx, from, signals(grown, ended), a.Output) }()
			})
			if !first && input != nil {
				_ = input.Close() // a new keeper's: we have it
			}
		},
		Output: func() {
			select {
			case grown <- struct{}{}:
			default:
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

// A growth waits for more output, and is false when there will be none.
type growth func(ctx context.Context, r *output.Reader) (bool, error)

// signals is the growth that a connection tells of.
func signals(grown, ended <-chan struct{}) growth {
	return func(ctx context.Context, _ *output.Reader) (bool, error) {
		select {
		case <-grown:
			return true, nil
		case <-ended:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// asks is the growth that the keeper is asked for each time.
func (c *Container) asks(number int) growth {
	return func(ctx context.Context, r *output.Reader) (bool, error) {
		at := r.Offsets()
		return c.e.keeper.Growth(ctx, c.c.ID, number, at[output.Out], at[output.Err])
	}
}

// read hands out the output from a place on until the start is over.
func (c *Container) read(ctx context.Context, from output.Place, more growth, take func(string, []byte) error) error {
	if take == nil {
		return nil
	}
	r, err := c.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	r.Skip(from)
	return follow(ctx, r, more, take)
}

// follow hands out chunks until the start is over and all is read.
func follow(ctx context.Context, r *output.Reader, more growth, take func(string, []byte) error) error {
	for going := true; ; {
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
		case !going:
			return nil
		default:
			if going, err = more(ctx, r); err != nil {
				return err
			}
		}
	}
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
	return end, c.wrap("attach to container", err)
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
	if err := c.read(ctx, from, c.asks(facts.Start), a.Output); err != nil {
		return keeper.Ending{}, err
	}
	return c.e.keeper.Await(ctx, c.c.ID, facts.Start)
}
