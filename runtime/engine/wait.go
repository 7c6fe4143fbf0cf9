package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/process"
)

// WaitOptions is what WaitFor waits for: all that is asked, or with Any one
// of it. What has its zero value is not asked.
type WaitOptions struct {
	State   container.State `json:"state,omitzero"`
	Port    string          `json:"port,omitzero"` // of the container, "80" or "80/tcp": somebody accepts there
	Log     *regexp.Regexp  `json:"log,omitzero"`  // matches a line that came since the last start
	File    string          `json:"file,omitzero"` // an absolute path that exists inside
	Removed bool            `json:"removed,omitzero"`
	Any     bool            `json:"any,omitzero"`
	Timeout time.Duration   `json:"timeout,omitzero"` // 0 is none
}

// WaitFor waits until the conditions hold. It is fault.Conflict if the
// container ends before, so that they cannot, and fault.Timeout, naming what
// is missing, when time is up.
func (c *Container) WaitFor(ctx context.Context, o WaitOptions) error {
	name := c.Name()
	w := &watch{c: c, want: o.Log}
	defer w.close()
	conditions, err := o.Conditions(Probes{Port: accepts, File: hasFile, Log: w.seen})
	if err != nil {
		return fault.Wrap("wait for container", name, err)
	}
	limited, cancel := limitedIf(ctx, o.Timeout)
	defer cancel()
	err = c.waitFor(limited, conditions)
	if limited.Err() != nil && ctx.Err() == nil && err != nil {
		err = o.Late(conditions)
	}
	return fault.Wrap("wait for container", name, err)
}

// Late is the fault.Timeout of conditions that did not hold in time.
func (o WaitOptions) Late(c *Conditions) error {
	return fault.New(fault.Timeout, "after %s there is still missing: %s", o.Timeout, c.Lacking())
}

// waitFor looks again and again, more slowly the longer it takes.
func (c *Container) waitFor(ctx context.Context, conditions *Conditions) error {
	for pause := time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		v, err := c.lookOrGone()
		if err != nil {
			return err
		}
		if enough, err := conditions.Hold(ctx, v); err != nil || enough {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (c *Container) lookOrGone() (*View, error) {
	v, err := c.Look()
	if fault.Is(err, fault.NotFound) && !c.c.Exists() {
		return &View{ID: c.c.ID, State: container.Removed}, nil
	}
	return v, err
}

// accepts says whether somebody accepts connections at a port of the
// container's own address, or of the host's where it has the host's network.
func accepts(ctx context.Context, v *View, number uint16) (bool, error) {
	address, err := v.Address()
	if err != nil || address == "" {
		return false, err
	}
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(int(number))))
	if err != nil {
		return false, nil //nolint:nilerr // nobody accepts yet
	}
	return true, conn.Close()
}

// hasFile looks for a path inside, where links cannot lead out.
func hasFile(v *View, path string) (bool, error) {
	if v.Facts == nil {
		return false, nil
	}
	root, err := os.OpenFile(fmt.Sprintf("/proc/%d/root", v.Facts.Pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil || !process.Alive(v.Facts.Pid, v.Facts.Ticks) {
		return false, closed(root)
	}
	defer root.Close()
	fd, err := unix.Openat2(int(root.Fd()), path, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, fault.Wrap("look for file", path, err)
	}
	return true, unix.Close(fd)
}

func closed(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// watch looks for a line in the output of a start. A new start begins anew.
type watch struct {
	c     *Container
	want  *regexp.Regexp
	start int
	lines *Lines
	found bool
}

func (w *watch) seen(ctx context.Context, v *View) (bool, error) {
	if w.found || v.State == container.Removed || v.Last.Start == 0 {
		return w.found, nil
	}
	if w.lines == nil || w.start != v.Last.Start {
		w.close()
		var err error
		w.start = v.Last.Start
		if w.lines, err = w.c.Lines(ctx, LogOptions{Tail: -1, Since: v.Last.Started, Stdout: true, Stderr: true}); err != nil {
			return false, err
		}
	}
	for {
		if n, err := w.lines.take(); err != nil || n == 0 {
			return false, err
		}
		for _, line := range w.lines.ready {
			w.found = w.found || w.want.Match(line.Text)
		}
		w.lines.ready = nil
		if w.found {
			return true, nil
		}
	}
}

func (w *watch) close() {
	if w.lines != nil {
		_ = w.lines.Close()
		w.lines = nil
	}
}
