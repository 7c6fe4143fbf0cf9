package plan

import (
	"context"
	"os"
	"time"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/keeper"
)

// box is a handle of a container: of a real one, or of one that is planned.
type box struct {
	p     *Planner
	id    string             // of a planned one, what stands for it
	inner bindings.Container // nil of a planned one
}

// real is the handle below. A planned one has one once it was made.
func (c *box) real(ctx context.Context) bindings.Container {
	if c.inner != nil {
		return c.inner
	}
	return c.p.real.Containers.With(ctx, c.p.resolved(c.id))
}

// in is what a recording shows of it, if it shows something else than is.
func (c *box) in(ctx context.Context) (*recording, *shadow) {
	return shown(ctx, func(r *recording) *shadow { return r.known(c.id) })
}

func (c *box) ID() string { return c.p.resolved(c.id) }

// Foresee is fault.Unsupported for a fact that only the applying would tell.
func (c *box) Foresee(ctx context.Context, fact string) error {
	if _, s := c.in(ctx); s != nil {
		return s.foresee(fact)
	}
	return nil
}

func (c *box) Look(ctx context.Context) (*engine.View, error) {
	if _, s := c.in(ctx); s != nil {
		return s.look()
	}
	return c.real(ctx).Look(ctx)
}

func (c *box) State(ctx context.Context) (container.State, error) {
	switch _, s := c.in(ctx); {
	case s == nil:
		return c.real(ctx).State(ctx)
	case s.gone:
		return container.Removed, nil
	default:
		return s.view.State, nil
	}
}

func (c *box) Cgroup(ctx context.Context) (string, error) {
	if _, s := c.in(ctx); s != nil && s.moved {
		return "", s.foresee("cgroup")
	}
	return c.real(ctx).Cgroup(ctx)
}

func (c *box) UsedBy(ctx context.Context) ([]string, error) {
	r, s := c.in(ctx)
	if r == nil {
		return c.real(ctx).UsedBy(ctx)
	}
	var base []string
	if s == nil || !s.made {
		var err error
		if base, err = c.UsedBy(r.under(ctx)); err != nil {
			return nil, err
		}
	}
	return r.users(base, func(v *engine.View) bool { return leans(v, c.id) }), nil
}

// leans says whether a container takes volumes or namespaces from another.
func leans(v *engine.View, id string) bool {
	for _, m := range v.Plan.Mounts {
		if m.From == id {
			return true
		}
	}
	other := "container:" + id
	return v.Plan.Network == other || v.Plan.PidMode == other || v.Plan.IpcMode == other
}

func (c *box) Rename(ctx context.Context, name string) error {
	if r := recordingOf(ctx); r != nil {
		return r.rename(ctx, c, name)
	}
	return c.real(ctx).Rename(ctx, name)
}

func (c *box) Update(ctx context.Context, change engine.Change) error {
	if r := recordingOf(ctx); r != nil {
		return r.update(ctx, c, change)
	}
	return c.real(ctx).Update(ctx, change)
}

func (c *box) Protect(ctx context.Context, on bool) error {
	if r := recordingOf(ctx); r != nil {
		return r.protect(ctx, c, on)
	}
	return c.real(ctx).Protect(ctx, on)
}

func (c *box) Remove(ctx context.Context, o engine.RemoveOptions) error {
	if r := recordingOf(ctx); r != nil {
		return r.remove(ctx, c, o)
	}
	return c.real(ctx).Remove(ctx, o)
}

func (c *box) Start(ctx context.Context) error {
	if r := recordingOf(ctx); r != nil {
		return r.start(ctx, c, nil)
	}
	return c.real(ctx).Start(ctx)
}

func (c *box) Stop(ctx context.Context, o engine.StopOptions) error {
	if r := recordingOf(ctx); r != nil {
		return r.stop(ctx, c, o)
	}
	return c.real(ctx).Stop(ctx, o)
}

func (c *box) Kill(ctx context.Context, signal string) error {
	if r := recordingOf(ctx); r != nil {
		return r.kill(ctx, c, signal)
	}
	return c.real(ctx).Kill(ctx, signal)
}

func (c *box) Restart(ctx context.Context, o engine.StopOptions) error {
	if r := recordingOf(ctx); r != nil {
		return r.restart(ctx, c, o)
	}
	return c.real(ctx).Restart(ctx, o)
}

func (c *box) Pause(ctx context.Context, lease time.Duration) error {
	if r := recordingOf(ctx); r != nil {
		return r.pause(ctx, c, lease)
	}
	return c.real(ctx).Pause(ctx, lease)
}

func (c *box) Unpause(ctx context.Context) error {
	if r := recordingOf(ctx); r != nil {
		return r.unpause(ctx, c)
	}
	return c.real(ctx).Unpause(ctx)
}

func (c *box) WhilePaused(ctx context.Context, do func(context.Context) error) error {
	if r := recordingOf(ctx); r != nil {
		return r.whilePaused(ctx, c, do)
	}
	return c.real(ctx).WhilePaused(ctx, do)
}

func (c *box) Wait(ctx context.Context) (keeper.Ending, error) {
	if r, s := c.in(ctx); s != nil {
		return keeper.Ending{}, r.waitForEnd(ctx, c)
	}
	return c.real(ctx).Wait(ctx)
}

func (c *box) WaitFor(ctx context.Context, o engine.WaitOptions) error {
	if r, s := c.in(ctx); s != nil {
		return r.waitFor(ctx, c, o)
	}
	return c.real(ctx).WaitFor(ctx, o)
}

func (c *box) StartAttached(ctx context.Context, a engine.Attached) (keeper.Ending, error) {
	if r := recordingOf(ctx); r != nil {
		return keeper.Ending{}, r.start(ctx, c, &startOptions{Attach: true})
	}
	return c.real(ctx).StartAttached(ctx, a)
}

func (c *box) Attach(ctx context.Context, a engine.Attached) (keeper.Ending, error) {
	if r := recordingOf(ctx); r != nil {
		return keeper.Ending{}, r.attach(ctx, c)
	}
	return c.real(ctx).Attach(ctx, a)
}

func (c *box) Exec(ctx context.Context, s engine.ExecSpec, in *os.File, out bindings.Take) (engine.Result, error) {
	if r := recordingOf(ctx); r != nil {
		return engine.Result{}, r.exec(ctx, c, s, out != nil)
	}
	return c.real(ctx).Exec(ctx, s, in, out)
}

func (c *box) ExecTerminal(ctx context.Context, s engine.ExecSpec, with func(tty *os.File)) (engine.Result, error) {
	if r := recordingOf(ctx); r != nil {
		return engine.Result{}, r.exec(ctx, c, s, true)
	}
	return c.real(ctx).ExecTerminal(ctx, s, with)
}

func (c *box) Spawn(ctx context.Context, s engine.ExecSpec) (bindings.Exec, error) {
	if r := recordingOf(ctx); r != nil {
		return r.spawn(ctx, c, s)
	}
	return c.real(ctx).Spawn(ctx, s)
}

// told is what there is to read about one that is planned, or that the plan
// moves: nothing, as it is not so.
func (c *box) told(ctx context.Context, what string) error {
	if _, s := c.in(ctx); s != nil && (s.made || s.moved || s.gone) {
		return bind.NotYet(what, s.label())
	}
	return nil
}

// written is like told, but what a real one wrote stays.
func (c *box) written(ctx context.Context, what string) error {
	if _, s := c.in(ctx); s != nil && (s.made || s.gone) {
		return bind.NotYet(what, s.label())
	}
	return nil
}

func (c *box) Logs(ctx context.Context, o engine.LogOptions) (string, error) {
	if err := c.written(ctx, "output"); err != nil {
		return "", err
	}
	return c.real(ctx).Logs(ctx, o)
}

func (c *box) Lines(ctx context.Context, o engine.LogOptions) (bindings.Lines, error) {
	if err := c.written(ctx, "output"); err != nil {
		return nil, err
	}
	if _, s := c.in(ctx); s != nil {
		o.Follow = false // its end would never come
	}
	return c.real(ctx).Lines(ctx, o)
}

func (c *box) Inspect(ctx context.Context) (*engine.Inspect, error) {
	if err := c.told(ctx, "inspect()"); err != nil {
		return nil, err
	}
	return c.real(ctx).Inspect(ctx)
}

func (c *box) Format(ctx context.Context, template string) (string, error) {
	if err := c.told(ctx, "inspect()"); err != nil {
		return "", err
	}
	return c.real(ctx).Format(ctx, template)
}

func (c *box) Top(ctx context.Context) ([]engine.Task, error) {
	if err := c.told(ctx, "top()"); err != nil {
		return nil, err
	}
	return c.real(ctx).Top(ctx)
}

func (c *box) Freezer(ctx context.Context) (cgroup.Freezer, error) {
	if err := c.told(ctx, "freezer()"); err != nil {
		return cgroup.Freezer{}, err
	}
	return c.real(ctx).Freezer(ctx)
}
