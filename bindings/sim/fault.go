package sim

import (
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Fault is something that goes wrong because a test wants it to.
type Fault struct {
	Kind string // one of Kinds
	Of   string // the name it strikes, * being anything: of a container, an image or a volume; or a port

	Times   int           // how often; 0 without end
	After   time.Duration // death and oom: how long after its start, or after now if it lives
	Calls   int           // death and oom: with which call on the container, from now; instead of After
	Code    int           // death: the exit code; 1 if 0
	Takes   time.Duration // slow_pull: how long
	Message string        // start_failure: why

	struck int
}

// Kinds are the sorts of faults, with what each does.
func Kinds() map[string]string {
	return map[string]string{
		"image_missing": "no registry has the image, and it is not here",
		"slow_pull":     "a pull of the image takes its time",
		"port_taken":    "a foreign process has the port of the host",
		"disk_full":     "what would be written for the object has no room",
		"start_failure": "the container does not start",
		"death":         "the program of the container ends",
		"oom":           "the program of the container is killed for want of memory",
		"unhealthy":     "the program of the container runs, and accepts at no port",
	}
}

// Fault makes something go wrong from now on.
func (w *World) Fault(f Fault) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if Kinds()[f.Kind] == "" {
		return fault.New(fault.Invalid, "%q is no sort of fault", f.Kind)
	}
	w.faults = append(w.faults, &f)
	for _, c := range w.order {
		if c.main != nil {
			c.threaten(&f)
		}
	}
	return nil
}

// Mend ends the faults of this kind and object.
func (w *World) Mend(kind, of string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = slices.DeleteFunc(w.faults, func(f *Fault) bool { return f.Kind == kind && f.Of == of })
}

// hit is the fault of that kind that strikes the object now, counted; or nil.
func (w *World) hit(kind, object string) *Fault {
	for _, f := range w.faults {
		if f.Kind == kind && like(f.Of, object) && (f.Times == 0 || f.struck < f.Times) {
			f.struck++
			return f
		}
	}
	return nil
}

// struck says whether a fault of that kind strikes the object, without counting.
func (w *World) struck(kind, object string) bool {
	f := w.hit(kind, object)
	if f != nil {
		f.struck--
	}
	return f != nil
}

// strike is the error of a fault of that kind, or nil.
func (w *World) strike(kind, object string) error {
	f := w.hit(kind, object)
	switch {
	case f == nil:
		return nil
	case kind == "disk_full":
		return fault.Wrap("", "", unix.ENOSPC)
	default:
		return fault.New(fault.Failed, "%s", orElse(f.Message, "it does not start"))
	}
}

// foreign says whether a process that is none of ours has a port.
func (w *World) foreign(number uint16) bool { return w.struck("port_taken", strconv.Itoa(int(number))) }

// space is the error of a start for which there is no room.
func (c *cell) space() error { return c.w.strike("disk_full", c.wish.Name) }

// doom lets the faults of its name take their course for a new start.
func (c *cell) doom() {
	for _, f := range c.w.faults {
		c.threaten(f)
	}
}

// threaten plans the end that a fault is for what lives.
func (c *cell) threaten(f *Fault) {
	if f.Kind != "death" && f.Kind != "oom" || f.Calls > 0 || !like(f.Of, c.wish.Name) {
		return
	}
	victim := c.main
	c.w.at(c.w.now.Add(f.After), func() { c.strike(f, victim) })
}

// strike ends a process by a fault.
func (c *cell) strike(f *Fault, victim *process) {
	if victim.over || f.Times > 0 && f.struck >= f.Times || !slices.Contains(c.w.faults, f) {
		return
	}
	f.struck++
	code := f.Code
	if code == 0 {
		code = 1
	}
	victim.finish(exit{code: code, oom: f.Kind == "oom"})
}

// called counts a call on the container, with which a fault may strike.
func (c *cell) called() {
	for _, f := range slices.Clone(c.w.faults) {
		if f.Calls > 0 && like(f.Of, c.wish.Name) {
			if f.Calls--; f.Calls == 0 && c.main != nil {
				c.strike(f, c.main)
			}
			f.Calls = max(f.Calls, 0)
		}
	}
}
