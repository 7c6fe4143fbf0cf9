package bindings

import (
	"context"
	"errors"

	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

func (d *doors) containersFuncs() []*bind.Func {
	return []*bind.Func{
		bind.Later("create", d.createFunc), bind.Later("run", d.runFunc), bind.Later("once", d.onceFunc),
		bind.Later("get", d.getFunc), bind.Later("find", d.findFunc), bind.Later("list", d.listFunc),
		bind.Later("table", d.tableFunc), bind.Later("prune", d.pruneFunc),
	}
}

func (d *doors) createFunc() *bind.Func {
	return bind.Func1("create", "Make a container without starting it. An image that is not here is pulled.",
		bind.Options(d.runOptions()), bind.Returns(d.container.Kind(), "the container"),
		func(ctx context.Context, s engine.Spec) (*box, error) {
			c, err := d.Containers.Create(ctx, s)
			return hold(ctx, c, err)
		},
	).Change().With(`assert(containers.create{ "box", "echo", "hi", name = "hi" }.state == "created")`)
}

func (d *doors) runFunc() *bind.Func {
	return bind.Func1("run", "Make a container and start it.",
		bind.Options(d.runOptions()), bind.Returns(d.container.Kind(), "the running container"),
		func(ctx context.Context, s engine.Spec) (*box, error) {
			c, err := d.Containers.Run(ctx, s)
			return hold(ctx, c, err)
		},
	).Change().With(`local web = containers.run{ "box", "httpd", name = "web", publish = "80" }
assert(web.state == "running")`)
}

func (d *doors) onceFunc() *bind.Func {
	return bind.Func1("once", "Run a container to its end, remove it, and return what came of it. Another exit code than 0 is an error of kind failed, unless check = false.",
		bind.Options(d.onceOptions()), bind.Returns(bind.ResultClass().Kind(), "what came of it"), d.once,
	).Change().With(`assert(containers.once{ "box", "echo", "hi" }.stdout == "hi\n")`)
}

func (d *doors) getFunc() *bind.Func {
	return bind.Func1("get", "The container of that name or id; an error of kind not_found if there is none.",
		d.ref(), bind.Returns(d.container.Kind(), "it"),
		d.getContainer,
	).With(web + `assert(containers.get("web") == web)`)
}

func (d *doors) findFunc() *bind.Func {
	return bind.Func1("find", "The container of that name or id, or nil.",
		d.ref(), bind.Returns(d.container.OrNil(func(b *box) bool { return b == nil }), "it, or nil"),
		d.findContainer,
	).With(`assert(containers.find("nobody") == nil)`)
}

func (d *doors) listFunc() *bind.Func {
	return bind.Func1("list", "All containers in every state, or those that a filter keeps; the newest first.",
		bind.Opt("filter", d.container.Filter().Kind(), bind.Select[*box]{}, "which ones"), bind.Returns(d.container.List(), "them"), d.list,
	).With(web + `assert(containers.list{ state = "running" }[1] == web)`)
}

func (d *doors) tableFunc() *bind.Func {
	return bind.Func1("table", "The containers as docker ps prints them, or those of them that a filter keeps; the newest first.",
		bind.Opt("options", bind.With(tableRecord(), d.container.Filter()), bind.Both[tableOptions, *box]{Options: tableRecord().New()}, "what to show, and of which"),
		bind.Returns(bind.String, "the text"), d.table,
	).With(web + `assert(containers.table{ state = "running", columns = { "name", "status" } }:match("web +Up"))`)
}

func (d *doors) pruneFunc() *bind.Func {
	return bind.Func1("prune", "Remove the containers that do not run, or those of them that a filter keeps, with their anonymous volumes if volumes = true.",
		bind.Opt("options", bind.With(pruneContainers(), d.container.Filter()), bind.Both[pruneOptions, *box]{}, "which ones"),
		bind.Returns(bind.Strings, "the ids of those that are gone"), d.prune,
	).Change().With(`local c = containers.create{ "box", "true" }
assert(containers.prune{ state = "created" }[1] == c.id)`)
}

// ref is a parameter that is a container's name.
func (d *doors) ref() bind.Param[string] {
	return bind.Req("name", d.container.Ref((*box).ID), "name, id, or how the id begins")
}

func (d *doors) list(ctx context.Context, which bind.Select[*box]) ([]*box, error) {
	briefs, err := d.Containers.Briefs(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]*box, len(briefs))
	for i := range briefs {
		all[i] = &box{Container: d.Containers.With(ctx, briefs[i].ID), brief: briefs[i]}
	}
	return which.Keep(withMoment(ctx, briefs), all)
}

func (d *doors) once(ctx context.Context, o onceOptions) (*bind.Finished, error) {
	limited, cancel := ctx, func() {}
	if o.Timeout > 0 {
		limited, cancel = bind.Within(ctx, o.Timeout)
	}
	defer cancel()
	in, done, err := d.input(limited, o.Input)
	if err != nil {
		return nil, err
	}
	defer done()
	o.Interactive = in != nil
	r, err := d.Containers.Once(limited, o.Spec, o.Keep, in, d.take(o.Stdout))
	if placeholder, is, wrong := planned(err, o.Check); is {
		return placeholder, wrong
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, fault.Wrap("run", o.Image, fault.New(fault.Timeout, "it has not ended after %s", o.Timeout))
	}
	if err != nil {
		return nil, err
	}
	return checked(r, o.Check, "run", o.Image)
}

// pruneOptions is what prune takes besides a filter.
type pruneOptions struct{ Volumes, All bool }

func pruneContainers() *bind.Record[pruneOptions] {
	return &bind.Record[pruneOptions]{
		Name: "PruneContainers", Doc: "what goes with them",
		Keys: []bind.Key[pruneOptions]{
			bind.K("volumes", bind.Bool, "their anonymous volumes too", func(o *pruneOptions) *bool { return &o.Volumes }),
		},
	}
}

func (d *doors) prune(ctx context.Context, o bind.Both[pruneOptions, *box]) ([]string, error) {
	all, err := d.list(ctx, o.Select)
	if err != nil {
		return nil, err
	}
	return sweep(all, (*box).ID, func(b *box) (bool, error) {
		switch v, err := b.look(ctx); {
		case err != nil:
			return false, err
		case v.State != container.Created && v.State != container.Exited && v.State != container.Dead, v.Wish.Protect:
			return false, nil
		}
		return true, b.Remove(ctx, engine.RemoveOptions{Volumes: o.Options.Volumes})
	})
}

// sweep removes what remove wants to, tries all, and names what is gone. What
// was put to use or removed by others meanwhile is left out.
func sweep[S any](all []S, name func(S) string, remove func(S) (bool, error)) ([]string, error) {
	gone := []string{}
	batch := &fault.Batch{}
	var failed []error
	for _, s := range all {
		switch done, err := remove(s); {
		case fault.Is(err, fault.Busy, fault.Conflict, fault.NotFound):
		case err != nil:
			batch.Failed = append(batch.Failed, fault.Failure{Object: name(s), Err: err})
			failed = append(failed, err)
		case done:
			gone = append(gone, name(s))
			batch.Done = append(batch.Done, name(s))
		}
	}
	if len(failed) == 0 {
		return gone, nil
	}
	return nil, &fault.Error{Kind: fault.Partial, Op: "prune", Message: "not all could be removed", Cause: errors.Join(failed...), Detail: batch}
}

// inspection is Inspect as any value.
func inspection(ctx context.Context, b *box) (any, error) { return b.Inspect(ctx) }

func (d *doors) getContainer(ctx context.Context, ref string) (*box, error) {
	c, err := d.Containers.Get(ctx, ref)
	return hold(ctx, c, err)
}

func (d *doors) findContainer(ctx context.Context, ref string) (*box, error) {
	c, err := d.Containers.Find(ctx, ref)
	return hold(ctx, c, err)
}
