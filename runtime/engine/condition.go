package engine

import (
	"context"
	"strconv"
	"strings"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// Probes are how conditions ask what a look at a container does not show.
type Probes struct {
	Port func(ctx context.Context, v *View, number uint16) (bool, error) // somebody accepts there
	File func(v *View, path string) (bool, error)                        // an absolute path that exists
	Log  func(ctx context.Context, v *View) (bool, error)                // a line that is waited for came
}

// Conditions are what WaitFor waits for.
type Conditions struct {
	all []*condition
	one bool // of them is enough
}

// A condition is one thing that WaitFor waits for.
type condition struct {
	name string
	met  func(context.Context, *View) (bool, error)
	done bool
	late bool // it can come true when the container lives no more
}

// Conditions are what is asked. It is fault.Invalid if that is nothing.
func (o WaitOptions) Conditions(p Probes) (*Conditions, error) {
	var all []*condition
	if o.State != "" {
		all = append(all, &condition{name: "state " + string(o.State), met: func(_ context.Context, v *View) (bool, error) {
			return v.State == o.State, nil
		}, late: o.State != container.Running && o.State != container.Paused})
	}
	if o.Port != "" {
		number, err := probed(o.Port)
		if err != nil {
			return nil, err
		}
		all = append(all, &condition{name: "port " + o.Port, met: func(ctx context.Context, v *View) (bool, error) {
			return p.Port(ctx, v, number)
		}})
	}
	if o.File != "" {
		if !strings.HasPrefix(o.File, "/") {
			return nil, fault.New(fault.Invalid, "%q is no absolute path", o.File)
		}
		all = append(all, &condition{name: "file " + o.File, met: func(_ context.Context, v *View) (bool, error) {
			return p.File(v, o.File)
		}})
	}
	if o.Removed {
		all = append(all, &condition{name: "removed", late: true, met: func(_ context.Context, v *View) (bool, error) {
			return v.State == container.Removed, nil
		}})
	}
	if o.Log != nil {
		all = append(all, &condition{name: "log " + o.Log.String(), met: p.Log})
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "there is nothing to wait for")
	}
	return &Conditions{all, o.Any}, nil
}

// Hold says whether enough of them hold. It is fault.Conflict if they never
// will, as the container has ended.
func (c *Conditions) Hold(ctx context.Context, v *View) (bool, error) {
	enough, err := c.hold(ctx, v)
	if err != nil || enough {
		return enough, err
	}
	return false, c.hopeless(v)
}

// Lacking names those that do not hold.
func (c *Conditions) Lacking() string {
	var names []string
	for _, cond := range c.all {
		if !cond.done {
			names = append(names, cond.name)
		}
	}
	return strings.Join(names, ", ")
}

func (c *Conditions) hold(ctx context.Context, v *View) (bool, error) {
	all := true
	for _, cond := range c.all {
		if met, err := cond.met(ctx, v); err != nil {
			return false, err
		} else if cond.done = met; met && c.one {
			return true, nil
		}
		all = all && cond.done
	}
	return all, nil
}

// hopeless is the error of conditions that a container which has ended can no
// longer meet.
func (c *Conditions) hopeless(v *View) error {
	removed, ended := v.State == container.Removed, v.State == container.Exited || v.State == container.Dead
	if !removed && !ended {
		return nil
	}
	for _, cond := range c.all {
		lost := !cond.done && (!cond.late || removed)
		if lost && !c.one {
			return endedBefore(v, cond)
		}
		if !lost && c.one {
			return nil
		}
	}
	if c.one {
		return endedBefore(v, c.all[0])
	}
	return nil
}

func endedBefore(v *View, cond *condition) error {
	if v.State == container.Removed {
		return fault.New(fault.Conflict, "it was removed before: %s", cond.name)
	}
	return fault.New(fault.Conflict, "it ended with code %d before: %s", v.Last.Code, cond.name).WithHint("see why: c:logs()")
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

// Address is where the ports of a living container are tried. It is
// fault.Unsupported if it has no such place, and empty while it does not live.
func (v *View) Address() (string, error) {
	switch {
	case v.Facts == nil:
		return "", nil
	case len(v.Facts.Network) > 0:
		return v.Facts.Network[0].IP, nil
	case v.Plan.Network == "host":
		return "127.0.0.1", nil
	default:
		return "", fault.New(fault.Unsupported, "a container with network %q has no address to try", v.Plan.Network)
	}
}
