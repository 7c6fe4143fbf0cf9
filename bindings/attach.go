package bindings

import (
	"context"
	"errors"
	"os"
	"time"

	"neap/bindings/terminal"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// inherit says that output goes where that of the script goes.
const inherit = "inherit"

// linger is how long output is waited for that others hold back after the end
// of the program.
const linger = 200 * time.Millisecond

// take is where output goes; nil for the result.
func (d *doors) take(stdout string) Take {
	if stdout == inherit {
		return d.Terminal.Write
	}
	return nil
}

// input is what a program reads: what the script would, or nothing. done gives
// the rest of it back.
func (d *doors) input(ctx context.Context, wanted bool) (in *os.File, done func(), err error) {
	if !wanted || d.Terminal.Stdin() == nil {
		return nil, func() {}, nil
	}
	in, to, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer to.Close()
		_ = terminal.Feed(ctx, d.Terminal.Stdin(), to) // what cannot be read has ended
	}()
	return in, func() { cancel(); _ = in.Close() }, nil
}

// attachOptions is how a script joins a container.
type attachOptions struct {
	Attach      bool
	Interactive *bool
	DetachKeys  string
}

func attachRecord(name string, more ...bind.Key[attachOptions]) *bind.Record[attachOptions] {
	return &bind.Record[attachOptions]{
		Name: name, Doc: "how to join it",
		New: func() attachOptions { return attachOptions{DetachKeys: terminal.Detach} },
		Keys: append(more,
			bind.K("interactive", bind.Ptr(bind.Bool), "false: it reads nothing of what is typed", func(o *attachOptions) **bool { return &o.Interactive }),
			bind.K("detach_keys", bind.Text, "what leaves it running and returns", func(o *attachOptions) *string { return &o.DetachKeys }),
		),
	}
}

func startOptions() *bind.Record[attachOptions] {
	return attachRecord("StartOptions",
		bind.K("attach", bind.Bool, "hand over the terminal until it ends; no output is lost", func(o *attachOptions) *bool { return &o.Attach }))
}

// stay starts a container, or joins a running one, and hands the terminal over
// until it ends or is detached from.
func (d *doors) stay(ctx context.Context, b *box, o attachOptions, running bool) error {
	v, err := b.look(ctx)
	if err != nil {
		return err
	}
	input := v.Plan.Interactive
	if o.Interactive != nil {
		input = input && *o.Interactive
	}
	s, err := terminal.Open(ctx, d.Terminal, terminal.Options{Tty: v.Plan.Tty, Input: input, Pipe: !running, Detach: o.DetachKeys})
	if err != nil {
		return err
	}
	join := b.StartAttached
	if running {
		join = b.Attach
	}
	end, err := join(s.Context(), engine.Attached{In: s.In(), Started: s.Started, Output: s.Output})
	wrong := s.Close()
	if s.Detached() {
		return wrong
	}
	return errors.Join(b.ended(ctx, end, err), wrong)
}

// execTerminal runs a program in a terminal that is this one. It cannot be
// detached from: it would end.
func (d *doors) execTerminal(ctx context.Context, b *box, o execOptions) (engine.Result, error) {
	here := d.Terminal.IsTerminal()
	if o.Interactive && !here {
		return engine.Result{}, fault.New(fault.Invalid, "standard input is no terminal").WithHint("leave out tty = true")
	}
	s, err := terminal.Open(ctx, d.Terminal, terminal.Options{Tty: true, Input: here})
	if err != nil {
		return engine.Result{}, err
	}
	o.Rows, o.Cols = d.Terminal.Size()
	ended, shown := make(chan struct{}), make(chan error, 1)
	r, err := b.ExecTerminal(s.Context(), o.ExecSpec, func(tty *os.File) { shown <- s.Show(tty, ended, linger) })
	close(ended)
	select {
	case wrong := <-shown:
		err = errors.Join(err, wrong)
	case <-time.After(2 * linger): // it never began
	}
	return r, errors.Join(err, s.Close())
}
