package sim

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/bindings"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/output"
)

// cell is one container. Its exported methods take the world's lock; all others
// want it held.
type cell struct {
	w    *World
	plan container.Plan
	wish container.Wish
	last container.Last
	due  *container.Due
	gone bool

	facts   *container.Facts // while it lives
	frozen  bool
	main    *process
	others  []*process // what exec and spawn started
	pending []unix.Signal
	ends    []keeper.Ending // of all starts that ran
	restart *event
	lease   *event

	chunks []output.Chunk
	begins map[int]int // where the output of a start begins
	files  map[string]string
}

var _ bindings.Container = (*cell)(nil)

// ID is the full id.
func (c *cell) ID() string { return c.plan.ID }

func (c *cell) state() container.State {
	if c.gone {
		return container.Removed
	}
	return container.Sight{
		Complete: true, Started: c.last.Start > 0, Alive: c.facts != nil, Frozen: c.frozen, Due: c.due != nil,
	}.State()
}

// State is what it is doing now.
func (c *cell) State(context.Context) (container.State, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.state(), nil
}

// Look sees what it is and does now.
func (c *cell) Look(context.Context) (*engine.View, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.gone {
		return nil, fault.Wrap("look at container", container.Short(c.ID()), container.Gone(c.ID()))
	}
	return c.look(), nil
}

func (c *cell) look() *engine.View {
	if c.gone {
		return &engine.View{ID: c.ID(), State: container.Removed}
	}
	v := &engine.View{ID: c.ID(), Name: c.wish.Name, State: c.state(), Plan: c.plan, Wish: c.wish, Last: c.last, Error: c.last.Error}
	if c.facts != nil {
		facts := *c.facts
		v.Facts = &facts
	}
	if c.due != nil {
		due := *c.due
		v.Due = &due
	}
	return v
}

// do is the one door through which a container changes, as the real one's.
func (c *cell) do(verb string, step func(container.State) error) error {
	c.w.tick()
	c.called()
	err := error(nil)
	if c.gone {
		err = container.Gone(c.ID())
	} else if err = container.Check(verb, c.state()); err == nil {
		err = step(c.state())
	}
	return fault.Wrap(verb+" container", c.wish.Name, err)
}

// act is do, with the lock.
func (c *cell) act(verb string, step func(container.State) error) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.do(verb, step)
}

// Rename gives it another name.
func (c *cell) Rename(_ context.Context, name string) error {
	if err := container.ValidName(name); err != nil {
		return fault.Wrap("rename container", c.wish.Name, err)
	}
	return c.act("rename", func(container.State) error {
		if holder := c.w.named(name); holder != nil && holder != c {
			return container.Taken(name, holder.ID())
		}
		c.wish.Name = name
		return nil
	})
}

// Update changes limits and the restart policy.
func (c *cell) Update(_ context.Context, ch engine.Change) error {
	return c.act("update", func(container.State) error {
		wish := c.wish
		err := ch.Apply(&wish)
		if err == nil {
			c.wish = wish
		}
		return err
	})
}

// Protect guards it against removal, or ends that.
func (c *cell) Protect(_ context.Context, on bool) error {
	return c.act("update", func(container.State) error {
		c.wish.Protect = on
		return nil
	})
}

// Cgroup is where its cgroup would be.
func (c *cell) Cgroup(context.Context) (string, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.group(), nil
}

func (c *cell) group() string {
	if c.facts == nil {
		return ""
	}
	return "/sys/fs/cgroup/neap/" + c.ID()
}

// UsedBy is the names of the containers that took from it.
func (c *cell) UsedBy(context.Context) ([]string, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	var users []string
	for _, other := range c.w.order {
		if other != c && engine.TakesFrom(&other.plan, c.ID()) {
			users = append(users, other.wish.Name)
		}
	}
	slices.Sort(users)
	return users, nil
}

// Remove removes it with all it has.
func (c *cell) Remove(_ context.Context, o engine.RemoveOptions) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.gone {
		return nil
	}
	return fault.Wrap("remove container", c.wish.Name, c.remove(o))
}

func (c *cell) remove(o engine.RemoveOptions) error {
	if err := engine.Unprotected(&c.wish); err != nil {
		return err
	}
	verb := "remove"
	if o.Force {
		verb = "remove by force"
		c.stopped()
		c.kill()
		if c.gone {
			return nil
		}
	}
	return c.do(verb, func(container.State) error {
		c.vanish(o.Volumes)
		return nil
	})
}

// vanish takes it out of the world.
func (c *cell) vanish(anonymous bool) {
	c.cancelRestart()
	c.gone = true
	delete(c.w.containers, c.ID())
	c.w.order = slices.DeleteFunc(c.w.order, func(o *cell) bool { return o == c })
	for _, m := range c.plan.Mounts {
		if v := c.w.volumes[m.Name]; m.Kind == "volume" && v != nil {
			if v.LastUsed = c.w.now; anonymous && v.Anonymous && len(v.users()) == 0 {
				v.vanish()
			}
		}
	}
}

// stopped notes that a user stopped it.
func (c *cell) stopped() {
	c.wish.Stopped = c.wish.Restart.Name != "" && c.wish.Restart.Name != container.No
}

func (c *cell) cancelRestart() {
	if c.restart != nil {
		c.w.cancel(c.restart)
	}
	c.restart, c.due = nil, nil
}

// place is where a path in the container lies: among the files of the volume that
// is mounted deepest, or among its own.
func (c *cell) place(file string) (files map[string]string, at string) {
	file = c.absolute(file)
	files, at = c.files, file
	deepest := 0
	for _, m := range c.plan.Mounts {
		vol := c.w.volumes[m.Name]
		rest, below := strings.CutPrefix(file+"/", m.Target+"/")
		if below && len(m.Target) > deepest && m.Kind == "volume" && vol != nil {
			deepest, files, at = len(m.Target), vol.files, "/"+strings.TrimSuffix(rest, "/")
		}
	}
	return files, at
}

func (c *cell) write(file, text string, more bool) {
	files, at := c.place(file)
	if more {
		text = files[at] + text
	}
	files[at] = text
}

func (c *cell) read(file string) (string, bool) {
	files, at := c.place(file)
	text, there := files[at]
	return text, there
}

func (c *cell) absolute(file string) string {
	if path.IsAbs(file) {
		return path.Clean(file)
	}
	return path.Join("/", c.plan.Workdir, file)
}

// print keeps output.
func (c *cell) print(stream, text string) {
	if text == "" {
		return
	}
	c.w.now = c.w.now.Add(1) // no two chunks come at once
	c.chunks = append(c.chunks, output.Chunk{Stream: stream, Time: c.w.now, Bytes: []byte(text)})
}

// Freezer is what a kernel with cgroup v2 would say.
func (c *cell) Freezer(context.Context) (cgroup.Freezer, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.facts == nil {
		return cgroup.Freezer{}, fault.Wrap("look at the freezer of container", c.wish.Name, fault.New(fault.NotFound, "it has no cgroup"))
	}
	f := cgroup.Freezer{Version: "v2", Path: c.group(), File: "cgroup.freeze", Wanted: "0", State: "frozen 0", Frozen: c.frozen}
	state, where := "S", "0"
	if c.frozen {
		f.Wanted, f.State, where = "1", "frozen 1", "do_freezer_trap"
	}
	for _, p := range c.processes() {
		f.Tasks = append(f.Tasks, cgroup.Task{Pid: p.pid, Command: path.Base(p.argv[0]), State: state, Wchan: where})
	}
	return f, nil
}

// processes are those that live.
func (c *cell) processes() []*process {
	if c.main == nil {
		return nil
	}
	return append([]*process{c.main}, c.others...)
}

// Top is its processes, as ps would show them.
func (c *cell) Top(context.Context) ([]engine.Task, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	state := c.state()
	if state != container.Running && state != container.Paused {
		err := fault.New(fault.Conflict, "it is %s, and must be running or paused", state)
		if c.gone {
			err = fault.New(fault.NotFound, "it was removed")
		}
		return nil, fault.Wrap("look at the processes of container", c.wish.Name, err)
	}
	var all []engine.Task
	for _, p := range c.processes() {
		all = append(all, engine.Task{
			UID: orElse(c.plan.User, "root"), PID: p.pid, PPID: 1, TTY: "?", STIME: c.facts.Started.Format("15:04"), TIME: "00:00:00",
			CMD: strings.Join(p.argv, " "),
		})
	}
	return all, nil
}

// Inspect is all about it, in Docker's form.
func (c *cell) Inspect(context.Context) (*engine.Inspect, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.gone {
		return nil, fault.Wrap("look at container", container.Short(c.ID()), container.Gone(c.ID()))
	}
	below := func(tree string) func(name ...string) string {
		return func(name ...string) string {
			return path.Join(append([]string{tree, "containers", c.ID()}, name...)...)
		}
	}
	return engine.Describe(c.look(), engine.Paths{Lib: below(lib), Run: below(run), Volume: func(name string) string {
		if v := c.w.volumes[name]; v != nil {
			return v.Path
		}
		return ""
	}}), nil
}

// The trees where a real root has its files.
const (
	lib = "/var/lib/neap"
	run = "/run/neap"
)

// Format fills a template with what Inspect gives.
func (c *cell) Format(ctx context.Context, text string) (string, error) {
	i, err := c.Inspect(ctx)
	if err != nil {
		return "", err
	}
	return engine.Format(text, i)
}

// orElse is the text, or another if it is empty.
func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// elapsed is how long ago a time was.
func (w *World) elapsed(t time.Time) time.Duration { return w.now.Sub(t) }
