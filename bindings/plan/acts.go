package plan

import (
	"context"
	"errors"
	"os"
	"slices"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// act is how a change is done. made is what it makes, in the order of Makes.
type act struct {
	kind, verb string
	do         func(ctx context.Context, w *work, c bindings.Change) (made []string, err error)
}

// actOf is the act of a change, or nil.
func actOf(c bindings.Change) *act {
	all := acts()
	i := slices.IndexFunc(all, func(a act) bool { return a.kind == c.Kind && a.verb == c.Verb })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// acts are all changes there are.
func acts() []act {
	return slices.Concat(births(), lives(), insides(), imageActs(), volumeActs(), networkActs(), hostActs())
}

// with is an act with options of type O.
func with[O any](kind, verb string, do func(ctx context.Context, w *work, c bindings.Change, o O) ([]string, error)) act {
	return act{kind, verb, func(ctx context.Context, w *work, c bindings.Change) ([]string, error) {
		var o O
		if err := bind.Strict(c.Options, &o); err != nil {
			return nil, fault.Wrap(verb+" "+kind, c.Object, damaged("its options: %v", err))
		}
		return do(ctx, w, c, o)
	}}
}

// plain is an act on a container that makes nothing.
func plain[O any](verb string, do func(ctx context.Context, c bindings.Container, o O) error) act {
	return with("container", verb, func(ctx context.Context, w *work, c bindings.Change, o O) ([]string, error) {
		return nil, do(ctx, w.container(ctx, c), o)
	})
}

func births() []act {
	made := func(c bindings.Container, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return []string{c.ID()}, nil
	}
	return []act{
		with("container", "create", func(ctx context.Context, w *work, _ bindings.Change, s engine.Spec) ([]string, error) {
			return made(w.p.nouns.Containers.Create(ctx, s))
		}),
		with("container", "run", func(ctx context.Context, w *work, _ bindings.Change, s engine.Spec) ([]string, error) {
			return made(w.run(ctx, s))
		}),
		with("container", "once", func(ctx context.Context, w *work, c bindings.Change, o onceOptions) ([]string, error) {
			r, err := w.p.nouns.Containers.Once(ctx, o.Spec, o.Keep, nil, w.take(o.Show))
			return nil, judged(r, err, o.Loose, c.Object)
		}),
	}
}

// run is Run, but leaves nothing of one that does not start: the plan can be
// applied again.
func (w *work) run(ctx context.Context, s engine.Spec) (bindings.Container, error) {
	if recordingOf(ctx) != nil {
		return w.p.nouns.Containers.Run(ctx, s)
	}
	c, err := w.p.nouns.Containers.Create(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, errors.Join(err, c.Remove(context.WithoutCancel(ctx), engine.RemoveOptions{Force: true, Volumes: true}))
	}
	return c, nil
}

type none struct{}

func lives() []act {
	return []act{
		with("container", "start", start),
		with("container", "attach", func(ctx context.Context, w *work, c bindings.Change, _ none) ([]string, error) {
			_, err := w.container(ctx, c).Attach(ctx, engine.Attached{Output: w.take(true)})
			return nil, recorded(err)
		}),
		plain("stop", func(ctx context.Context, c bindings.Container, o engine.StopOptions) error { return c.Stop(ctx, o) }),
		plain("kill", func(ctx context.Context, c bindings.Container, o killOptions) error { return c.Kill(ctx, o.Signal) }),
		plain("restart", func(ctx context.Context, c bindings.Container, o engine.StopOptions) error { return c.Restart(ctx, o) }),
		plain("pause", func(ctx context.Context, c bindings.Container, o pauseOptions) error { return c.Pause(ctx, o.Lease) }),
		plain("unpause", func(ctx context.Context, c bindings.Container, _ none) error { return c.Unpause(ctx) }),
		plain("while_paused", func(ctx context.Context, c bindings.Container, _ none) error {
			return c.WhilePaused(ctx, func(context.Context) error { return nil })
		}),
		plain("wait", wait),
		plain("rename", func(ctx context.Context, c bindings.Container, o renameOptions) error { return c.Rename(ctx, o.Name) }),
		plain("update", func(ctx context.Context, c bindings.Container, o engine.Change) error { return c.Update(ctx, o) }),
		plain("protect", func(ctx context.Context, c bindings.Container, _ none) error { return c.Protect(ctx, true) }),
		plain("unprotect", func(ctx context.Context, c bindings.Container, _ none) error { return c.Protect(ctx, false) }),
		plain("remove", func(ctx context.Context, c bindings.Container, o engine.RemoveOptions) error { return c.Remove(ctx, o) }),
	}
}

// recorded is err, unless it says that the apply itself is recorded.
func recorded(err error) error {
	var planned *bindings.Planned
	if errors.As(err, &planned) {
		return nil
	}
	return err
}

func start(ctx context.Context, w *work, c bindings.Change, o startOptions) ([]string, error) {
	if !o.Attach {
		return nil, w.container(ctx, c).Start(ctx)
	}
	out := w.take(true)
	if out == nil {
		out = func(string, []byte) error { return nil }
	}
	_, err := w.container(ctx, c).StartAttached(ctx, engine.Attached{Started: closeInput, Output: out})
	return nil, recorded(err)
}

// closeInput ends what an attached program reads: an apply has nobody who types.
func closeInput(in *os.File) {
	if in != nil {
		_ = in.Close()
	}
}

func wait(ctx context.Context, c bindings.Container, o engine.WaitOptions) error {
	if o != (engine.WaitOptions{}) {
		return c.WaitFor(ctx, o)
	}
	_, err := c.Wait(ctx)
	return recorded(err)
}

func insides() []act {
	program := func(verb string, do func(ctx context.Context, x bindings.Exec, c bindings.Change) error) act {
		return act{"program", verb, func(ctx context.Context, w *work, c bindings.Change) ([]string, error) {
			x := w.programs[c.ID]
			if x == nil {
				return nil, fault.Wrap(verb, c.Object, fault.New(fault.Conflict, "it ended with the apply that started it"))
			}
			return nil, do(ctx, x, c)
		}}
	}
	return []act{
		with("container", "exec", func(ctx context.Context, w *work, c bindings.Change, o execOptions) ([]string, error) {
			o.Spec.Tty = false // an apply hands over no terminal
			r, err := w.container(ctx, c).Exec(ctx, o.Spec, nil, w.take(o.Show))
			return nil, judged(r, err, o.Loose, c.Object)
		}),
		with("container", "spawn", spawn),
		program("write", func(_ context.Context, x bindings.Exec, c bindings.Change) error {
			var o writeOptions
			if err := bind.Strict(c.Options, &o); err != nil {
				return err
			}
			return x.Write(o.Text)
		}),
		program("close", func(_ context.Context, x bindings.Exec, _ bindings.Change) error { return x.CloseInput() }),
		program("kill", func(ctx context.Context, x bindings.Exec, c bindings.Change) error {
			var o killOptions
			if err := bind.Strict(c.Options, &o); err != nil {
				return err
			}
			return x.Kill(ctx, o.Signal)
		}),
		program("wait", func(ctx context.Context, x bindings.Exec, c bindings.Change) error {
			var o waitOptions
			if err := bind.Strict(c.Options, &o); err != nil {
				return err
			}
			_, err := x.Wait(ctx, o.Timeout)
			return recorded(err)
		}),
	}
}

// spawn keeps the program for the changes that speak to it.
func spawn(ctx context.Context, w *work, c bindings.Change, s engine.ExecSpec) ([]string, error) {
	x, err := w.container(ctx, c).Spawn(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, ref := range c.Makes {
		w.programs[ref] = x
	}
	return nil, nil
}

func imageActs() []act {
	one := func(i bindings.Image, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return []string{i.ID()}, nil
	}
	return []act{
		with("image", "pull", func(ctx context.Context, w *work, _ bindings.Change, o pullOptions) ([]string, error) {
			o.Options.Progress = w.p.opt.Progress
			return one(w.p.nouns.Images.Pull(ctx, o.Ref, o.Options))
		}),
		with("image", "load", func(ctx context.Context, w *work, _ bindings.Change, o loadOptions) ([]string, error) {
			all, err := w.p.nouns.Images.Load(ctx, w.archive(o.Path))
			if err != nil || len(all) == 0 {
				return nil, err
			}
			return one(all[0], nil)
		}),
		with("image", "import", func(ctx context.Context, w *work, _ bindings.Change, o importOptions) ([]string, error) {
			return one(w.p.nouns.Images.Import(ctx, w.archive(o.Path), o.Options))
		}),
		with("image", "save", func(ctx context.Context, w *work, _ bindings.Change, o saveOptions) ([]string, error) {
			return nil, w.p.nouns.Images.Save(ctx, o.Refs, o.Path)
		}),
		with("image", "push", func(ctx context.Context, w *work, _ bindings.Change, o pushOptions) ([]string, error) {
			digest, err := w.p.nouns.Images.Push(ctx, o.Ref, o.Options)
			return []string{digest}, err
		}),
		with("image", "tag", func(ctx context.Context, w *work, c bindings.Change, o nameOptions) ([]string, error) {
			i, err := w.p.nouns.Images.Get(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			return nil, i.Tag(ctx, o.Name)
		}),
		with("image", "untag", func(ctx context.Context, w *work, c bindings.Change, o untagOptions) ([]string, error) {
			i, err := w.p.nouns.Images.Get(ctx, c.ID)
			for _, name := range o.Names {
				if err == nil {
					err = i.Untag(ctx, name)
				}
			}
			return nil, err
		}),
		with("image", "remove", func(ctx context.Context, w *work, _ bindings.Change, o removeOptions) ([]string, error) {
			_, err := w.p.nouns.Images.Remove(ctx, o.Ref, o.Force)
			return nil, err
		}),
	}
}

// archive is a file, or what the apply reads.
func (w *work) archive(path string) bindings.Archive {
	a := bindings.Archive{Path: path}
	if w.p.opt.Terminal != nil {
		if in := w.p.opt.Terminal.Stdin(); in != nil {
			a.Stdin = in
		}
	}
	return a
}

// volume is the name that the volume of a change has by then: its identity is
// the name that it had before the plan.
func (w *work) volume(c bindings.Change) string {
	name := c.ID
	for _, before := range w.plan.Changes()[:c.Number-1] {
		var o nameOptions
		if before.Kind == "volume" && before.Verb == "rename" && before.ID == c.ID && bind.Strict(before.Options, &o) == nil {
			name = o.Name
		}
	}
	return name
}

func volumeActs() []act {
	on := func(verb string, do func(ctx context.Context, v bindings.Volume, o nameOptions) error) act {
		return with("volume", verb, func(ctx context.Context, w *work, c bindings.Change, o nameOptions) ([]string, error) {
			v, err := w.p.nouns.Volumes.Get(ctx, w.volume(c))
			if err != nil {
				return nil, err
			}
			return nil, do(ctx, v, o)
		})
	}
	return []act{
		with("volume", "create", func(ctx context.Context, w *work, _ bindings.Change, o createVolume) ([]string, error) {
			v, err := w.p.nouns.Volumes.Create(ctx, o.Name, o.Options)
			if err != nil {
				return nil, err
			}
			return []string{v.Name()}, nil
		}),
		on("rename", func(ctx context.Context, v bindings.Volume, o nameOptions) error { return v.Rename(ctx, o.Name) }),
		on("protect", func(ctx context.Context, v bindings.Volume, _ nameOptions) error { return v.Protect(ctx, true) }),
		on("unprotect", func(ctx context.Context, v bindings.Volume, _ nameOptions) error { return v.Protect(ctx, false) }),
		on("remove", func(ctx context.Context, v bindings.Volume, _ nameOptions) error { return v.Remove(ctx) }),
	}
}

func networkActs() []act {
	return []act{
		with("network", "create", func(ctx context.Context, w *work, _ bindings.Change, o createNetwork) ([]string, error) {
			n, err := w.p.nouns.Networks.Create(ctx, o.Name, o.Options)
			if err != nil {
				return nil, err
			}
			return []string{n.ID()}, nil
		}),
		with("network", "remove", func(ctx context.Context, w *work, c bindings.Change, _ none) ([]string, error) {
			n, err := w.p.nouns.Networks.Get(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			return nil, n.Remove(ctx)
		}),
	}
}

// hostActs are those of the helpers, which know how they are done.
func hostActs() (all []act) {
	for kind, verbs := range map[string][]string{"program": {"run"}, "file": {"write", "append", "mkdir", "remove", "copy", "move", "link", "chmod", "tempdir", "tempfile"}, "page": {"request"}} {
		for _, verb := range verbs {
			all = append(all, act{kind, verb, func(ctx context.Context, w *work, c bindings.Change) ([]string, error) {
				if w.p.opt.Host == nil {
					return nil, fault.New(fault.Unsupported, "this runtime changes nothing of the host")
				}
				made, err := w.p.opt.Host(ctx, deed(c))
				if err != nil || made == "" {
					return nil, err
				}
				return []string{made}, nil
			}})
		}
	}
	return all
}
