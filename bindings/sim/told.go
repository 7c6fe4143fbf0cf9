package sim

import (
	"context"
	"slices"
	"time"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
)

// Wait waits until it does not run, and gives how it ended.
func (c *cell) Wait(ctx context.Context) (keeper.Ending, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.gone {
		return keeper.Ending{}, fault.Wrap("look at container", container.Short(c.ID()), container.Gone(c.ID()))
	}
	start := c.last.Start
	if c.facts == nil && start == 0 {
		start = 1
	}
	switch c.w.wait(ctx, time.Time{}, func() bool { return c.last.Start >= start && c.over(start) }) {
	case ended:
		return keeper.Ending{}, fault.Wrap("wait for container", c.wish.Name, context.Cause(ctx))
	case stuck:
		return keeper.Ending{}, fault.Wrap("wait for container", c.wish.Name, stuckError())
	default:
		return c.ending(start), nil
	}
}

// ending is how a start ended.
func (c *cell) ending(start int) keeper.Ending {
	if i := slices.IndexFunc(c.ends, func(e keeper.Ending) bool { return e.Start == start }); i >= 0 {
		return c.ends[i]
	}
	return keeper.Ending{Start: start, Code: c.last.Code, Time: c.last.Ended}
}

// WaitFor waits until the conditions hold.
func (c *cell) WaitFor(ctx context.Context, o engine.WaitOptions) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return fault.Wrap("wait for container", c.wish.Name, c.waitFor(ctx, o))
}

func (c *cell) waitFor(ctx context.Context, o engine.WaitOptions) error {
	conditions, err := o.Conditions(engine.Probes{
		Port: func(_ context.Context, v *engine.View, number uint16) (bool, error) { return c.accepts(v, number) },
		File: func(v *engine.View, file string) (bool, error) {
			_, there := c.read(file)
			return there && v.Facts != nil, nil
		},
		Log: func(_ context.Context, v *engine.View) (bool, error) {
			return slices.ContainsFunc(c.lines(c.begins[v.Last.Start]), func(l output.Line) bool { return o.Log.Match(l.Text) }), nil
		},
	})
	if err != nil {
		return err
	}
	deadline := time.Time{}
	if o.Timeout > 0 {
		deadline = c.w.now.Add(o.Timeout)
	}
	var failed error
	switch c.w.wait(ctx, deadline, func() bool {
		var enough bool
		enough, failed = conditions.Hold(ctx, c.look())
		return enough || failed != nil
	}) {
	case late:
		return o.Late(conditions)
	case stuck:
		return stuckError()
	case ended:
		return context.Cause(ctx)
	default:
		return failed
	}
}

// accepts says whether its program accepts at a port.
func (c *cell) accepts(v *engine.View, number uint16) (bool, error) {
	if address, err := v.Address(); err != nil || address == "" {
		return false, err
	}
	return slices.Contains(c.main.ports, number) && !c.w.struck("unhealthy", c.wish.Name), nil
}

// lines is its output from a chunk on, what is not complete yet too.
func (c *cell) lines(from int) []output.Line {
	var joined output.Lines
	var all []output.Line
	for _, chunk := range c.chunks[from:] {
		all = append(all, joined.Add(chunk)...)
	}
	return append(all, joined.Rest()...)
}

// Logs is its output as one text.
func (c *cell) Logs(ctx context.Context, o engine.LogOptions) (string, error) {
	o.Follow = false
	l, err := c.Lines(ctx, o)
	if err != nil {
		return "", err
	}
	return engine.Whole(ctx, l)
}

// walk goes through output.
type walk struct {
	c      *cell
	o      engine.LogOptions
	at     int // chunks seen
	joined output.Lines
	ready  []output.Line
	tailed bool
	ended  bool
}

// Lines begins a walk.
func (c *cell) Lines(_ context.Context, o engine.LogOptions) (bindings.Lines, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.gone {
		return nil, fault.Wrap("read the output of container", c.wish.Name, fault.New(fault.NotFound, "it was removed"))
	}
	return &walk{c: c, o: o}, nil
}

// Next gives the next line; false at the end.
func (l *walk) Next(ctx context.Context) (output.Line, bool, error) {
	l.c.w.mu.Lock()
	defer l.c.w.mu.Unlock()
	for {
		l.take()
		if len(l.ready) > 0 {
			line := l.ready[0]
			l.ready = l.ready[1:]
			return line, true, nil
		}
		if l.ended {
			return output.Line{}, false, nil
		}
		if l.o.Follow && l.c.facts != nil {
			start, seen := l.c.facts.Start, len(l.c.chunks)
			switch l.c.w.wait(ctx, time.Time{}, func() bool { return len(l.c.chunks) > seen || l.c.over(start) }) {
			case ended:
				return output.Line{}, false, context.Cause(ctx)
			case stuck:
				return output.Line{}, false, stuckError()
			default:
				continue
			}
		}
		l.keep(l.joined.Rest())
		l.ended = true
	}
}

// take reads what came.
func (l *walk) take() {
	for ; l.at < len(l.c.chunks); l.at++ {
		l.keep(l.joined.Add(l.c.chunks[l.at]))
	}
	if !l.tailed && l.o.Tail >= 0 {
		l.ready = l.ready[max(0, len(l.ready)-l.o.Tail):]
	}
	l.tailed = true
}

func (l *walk) keep(lines []output.Line) {
	for _, line := range lines {
		if l.o.Wants(line) {
			l.ready = append(l.ready, line)
		}
	}
}

// Format is the line as Logs has it.
func (l *walk) Format(line output.Line) string { return l.o.Format(line) }

// Close ends the walk.
func (l *walk) Close() error { return nil }
