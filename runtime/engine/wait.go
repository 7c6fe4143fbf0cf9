package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/process"
)

// WaitOptions is what WaitFor waits for: all that is asked, or with Any one
// of it. What has its zero value is not asked.
type WaitOptions struct {
	State   container.State
	Port    string         // of the container, "80" or "80/tcp": somebody accepts there
	Log     *regexp.Regexp // matches a line that came since the last start
	File    string         // an absolute path that exists inside
	Removed bool
	Any     bool
	Timeout time.Duration // 0 is none
}

// A condition is one thing that WaitFor waits for.
type condition struct {
	name string
	met  func(context.Context, *View) (bool, error)
	done bool
	late bool // it can come true when the container lives no more
}

// WaitFor waits until the conditions hold. It is fault.Conflict if the
// container ends before, so that they cannot, and fault.Timeout, naming what
// is missing, when time is up.
func (c *Container) WaitFor(ctx context.Context, o WaitOptions) error {
	name := c.Name()
	conditions, stop, err := c.conditions(o)
	if err != nil {
		return fault.Wrap("wait for container", name, err)
	}
	defer stop()
	limited, cancel := limitedIf(ctx, o.Timeout)
	defer cancel()
	err = c.waitFor(limited, conditions, o.Any)
	if limited.Err() != nil && ctx.Err() == nil && err != nil {
		err = fault.New(fault.Timeout, "after %s there is still missing: %s", o.Timeout, lacking(conditions))
	}
	return fault.Wrap("wait for container", name, err)
}

func lacking(conditions []*condition) string {
	var names []string
	for _, cond := range conditions {
		if !cond.done {
			names = append(names, cond.name)
		}
	}
	return strings.Join(names, ", ")
}

func (c *Container) conditions(o WaitOptions) (all []*condition, stop func(), err error) {
	stop = func() {}
	if o.State != "" {
		all = append(all, &condition{name: "state " + string(o.State), met: func(_ context.Context, v *View) (bool, error) {
			return v.State == o.State, nil
		}, late: o.State != container.Running && o.State != container.Paused})
	}
	if o.Port != "" {
		number, err := probed(o.Port)
		if err != nil {
			return nil, stop, err
		}
		all = append(all, &condition{name: "port " + o.Port, met: func(ctx context.Context, v *View) (bool, error) {
			return accepts(ctx, v, number)
		}})
	}
	if o.File != "" {
		all = append(all, &condition{name: "file " + o.File, met: func(_ context.Context, v *View) (bool, error) {
			return hasFile(v, o.File)
		}})
	}
	if o.Removed {
		all = append(all, &condition{name: "removed", late: true, met: func(_ context.Context, v *View) (bool, error) {
			return v.State == container.Removed, nil
		}})
	}
	if o.Log != nil {
		w := &watch{c: c, want: o.Log}
		stop = w.close
		all = append(all, &condition{name: "log " + o.Log.String(), met: w.seen})
	}
	if len(all) == 0 {
		return nil, stop, fault.New(fault.Invalid, "there is nothing to wait for")
	}
	return all, stop, nil
}

// probed reads "80" or "80/tcp".
func probed(text string) (uint16, error) {
	number, protocol, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return 0, fault.New(fault.Invalid, "%q is no port such as 80 or 80/tcp", text)
	}
	if protocol != "" && protocol != "tcp" {
		return 0, fault.New(fault.Unsupported, "only tcp ports can be waited for, not %s", text)
	}
	return uint16(n), nil
}

// waitFor looks again and again, more slowly the longer it takes.
func (c *Container) waitFor(ctx context.Context, conditions []*condition, one bool) error {
	for pause := time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		v, err := c.lookOrGone()
		if err != nil {
			return err
		}
		enough, err := holds(ctx, conditions, v, one)
		if err != nil || enough {
			return err
		}
		if err := hopeless(conditions, v, one); err != nil {
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

func holds(ctx context.Context, conditions []*condition, v *View, one bool) (bool, error) {
	all := true
	for _, cond := range conditions {
		if met, err := cond.met(ctx, v); err != nil {
			return false, err
		} else if cond.done = met; met && one {
			return true, nil
		}
		all = all && cond.done
	}
	return all, nil
}

// hopeless is the error of conditions that a container which has ended can no
// longer meet.
func hopeless(conditions []*condition, v *View, one bool) error {
	removed, ended := v.State == container.Removed, v.State == container.Exited || v.State == container.Dead
	if !removed && !ended {
		return nil
	}
	for _, cond := range conditions {
		lost := !cond.done && (!cond.late || removed)
		if lost && !one {
			return endedBefore(v, cond)
		}
		if !lost && one {
			return nil
		}
	}
	if one {
		return endedBefore(v, conditions[0])
	}
	return nil
}

func endedBefore(v *View, cond *condition) error {
	if v.State == container.Removed {
		return fault.New(fault.Conflict, "it was removed before: %s", cond.name)
	}
	return fault.New(fault.Conflict, "it ended with code %d before: %s", v.Last.Code, cond.name).WithHint("see why: c:logs()")
}

// accepts says whether somebody accepts connections at a port of the
// container's own address, or of the host's where it has the host's network.
func accepts(ctx context.Context, v *View, number uint16) (bool, error) {
	if v.Facts == nil {
		return false, nil
	}
	address := ""
	switch {
	case len(v.Facts.Network) > 0:
		address = v.Facts.Network[0].IP
	case v.Plan.Network == "host":
		address = "127.0.0.1"
	default:
		return false, fault.New(fault.Unsupported, "a container with network %q has no address to try", v.Plan.Network)
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
	if !strings.HasPrefix(path, "/") {
		return false, fault.New(fault.Invalid, "%q is no absolute path", path)
	}
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
