package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/output"
)

// LogOptions says which lines of a container's output.
type LogOptions struct {
	Tail       int       // the last so many; below 0 all
	Since      time.Time // zero is no bound; likewise Before
	Before     time.Time
	Timestamps bool
	Stdout     bool
	Stderr     bool
	Follow     bool // wait for more until the container ends
}

// Lines is a walk through a container's output. Close it. It is for one
// goroutine.
type Lines struct {
	c      *Container
	opt    LogOptions
	reader *output.Reader
	joined output.Lines
	ready  []output.Line
	ended  bool
	tailed bool
}

// Lines begins a walk.
func (c *Container) Lines(_ context.Context, o LogOptions) (*Lines, error) {
	r, err := c.reader()
	if err == nil && !c.c.Exists() {
		err = errors.Join(fault.New(fault.NotFound, "it was removed"), r.Close())
	}
	if err != nil {
		return nil, c.wrap("read the output of container", err)
	}
	return &Lines{c: c, opt: o, reader: r}, nil
}

// Close ends the walk.
func (l *Lines) Close() error { return l.reader.Close() }

// Next gives the next line; false at the end. A line whose end has not come
// yet is given when the walk ends.
func (l *Lines) Next(ctx context.Context) (output.Line, bool, error) {
	if !l.tailed {
		if err := l.tail(); err != nil {
			return output.Line{}, false, err
		}
	}
	for len(l.ready) == 0 {
		if l.ended {
			return output.Line{}, false, nil
		}
		if err := l.more(ctx); err != nil {
			return output.Line{}, false, err
		}
	}
	line := l.ready[0]
	l.ready = l.ready[1:]
	return line, true, nil
}

// tail reads what is there and keeps the last lines of it.
func (l *Lines) tail() error {
	l.tailed = true
	for {
		n, err := l.take()
		if err != nil {
			return err
		}
		if l.opt.Tail >= 0 && len(l.ready) > l.opt.Tail {
			l.ready = append([]output.Line{}, l.ready[len(l.ready)-l.opt.Tail:]...)
		}
		if n == 0 || l.opt.Tail < 0 {
			return nil
		}
	}
}

func (l *Lines) take() (int, error) {
	chunks, err := l.reader.Next()
	for _, c := range chunks {
		l.keep(l.joined.Add(c))
	}
	return len(chunks), err
}

func (l *Lines) keep(lines []output.Line) {
	for _, line := range lines {
		if l.opt.Wants(line) {
			l.ready = append(l.ready, line)
		}
	}
}

// Wants says whether a line is one of those that are asked for, Tail aside.
func (o LogOptions) Wants(line output.Line) bool {
	unwanted := (line.Stream == output.Out && !o.Stdout) || (line.Stream == output.Err && !o.Stderr)
	late := !o.Before.IsZero() && !line.Time.Before(o.Before)
	return !unwanted && !late && !line.Time.Before(o.Since)
}

// more gets lines, waiting for them if it follows a living container.
func (l *Lines) more(ctx context.Context) error {
	n, err := l.take()
	if err != nil || n > 0 {
		return err
	}
	if l.opt.Follow {
		going, err := l.wait(ctx)
		if err != nil || going {
			return err
		}
		if n, err := l.take(); err != nil || n > 0 {
			return err
		}
	}
	l.keep(l.joined.Rest())
	l.ended = true
	return nil
}

func (l *Lines) wait(ctx context.Context) (bool, error) {
	facts, err := l.c.c.Facts()
	if err != nil || facts == nil {
		return false, err
	}
	at := l.reader.Offsets()
	return l.c.e.keeper.Growth(ctx, l.c.c.ID, facts.Start, at[output.Out], at[output.Err])
}

// Logs is the output as one text, every line as it came. With Timestamps each
// line begins with its time.
func (c *Container) Logs(ctx context.Context, o LogOptions) (string, error) {
	o.Follow = false
	l, err := c.Lines(ctx, o)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return Whole(ctx, l)
}

// Whole is the lines that are left of a walk as one text.
func Whole(ctx context.Context, l interface {
	Next(ctx context.Context) (output.Line, bool, error)
	Format(line output.Line) string
},
) (string, error) {
	var b strings.Builder
	for {
		line, ok, err := l.Next(ctx)
		if err != nil || !ok {
			return b.String(), err
		}
		b.WriteString(l.Format(line))
	}
}

// Format is the line as Logs has it, with its end if it had one.
func (l *Lines) Format(line output.Line) string { return l.opt.Format(line) }

// Format is a line as Logs has it, with its end if it had one.
func (o LogOptions) Format(line output.Line) string {
	text := string(line.Text)
	if !line.Partial {
		text += "\n"
	}
	if o.Timestamps {
		return line.Time.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + text
	}
	return text
}
