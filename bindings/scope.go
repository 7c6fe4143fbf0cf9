package bindings

import (
	"context"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// globals are the functions that belong to no module, and know what is made.
func (d *doors) globals() []*bind.Func {
	return []*bind.Func{
		bind.Func1("scope", "Call a function. At its end its defers run, and what was made meanwhile is removed, except what was given to keep: containers, volumes, networks, and images that were pulled, loaded, imported or tagged. So it is if the script fails, is canceled or killed.",
			bind.Req("fn", bind.Passing(bind.Nothing), "what to do"), bind.ReturnsAll("what fn returned"), d.scope,
		).With(`local name = scope(function()
  local c = containers.run{ "box", "sleep", "60" }
  defer(function() assert(c.state == "running") end)
  return c.name
end)
assert(containers.find(name) == nil)`),
		bind.Func1("keep", "Let what was made in a scope stay when it ends; with a container the volumes, the network and the image that it uses. It returns what it was given.",
			bind.Req("object", bind.AnyObjects, "an object, or a list of them"), bind.Returns(bind.Opaque, "it"), d.keep,
		).With(`local c = scope(function() return keep(containers.create{ "box", "true" }) end)
assert(c.state == "created")`),
	}
}

// scope runs fn in a scope of the script, which ends before that of the runtime
// does.
func (d *doors) scope(ctx context.Context, fn bind.Callback[bind.Void, []bind.Value]) ([]bind.Value, error) {
	if err := d.ready(); err != nil || d.Scopes == nil {
		return bind.InScope(ctx, func(ctx context.Context) ([]bind.Value, error) { return fn.Call(ctx, bind.Void{}) }) // nothing can be made
	}
	inner, made := d.Scopes.OpenScope(ctx)
	return bind.InScope(inner, func(ctx context.Context) ([]bind.Value, error) {
		bind.ScopeOf(ctx).Add(made.End)
		return fn.Call(ctx, bind.Void{})
	})
}

func (d *doors) keep(ctx context.Context, o bind.Objects) (bind.Value, error) {
	if err := d.ready(); err != nil {
		return bind.Value{}, err
	}
	for _, it := range o.All {
		if err := d.keepOne(ctx, it); err != nil {
			return bind.Value{}, err
		}
	}
	return o.Given, nil
}

func (d *doors) keepOne(ctx context.Context, it any) error {
	if d.Scopes == nil {
		return nil
	}
	switch it := it.(type) {
	case *box:
		return d.Scopes.KeepContainer(ctx, it.ID())
	case Volume:
		return d.Scopes.KeepVolume(ctx, it.Name())
	case Network:
		return d.Scopes.KeepNetwork(ctx, it.ID())
	case Image:
		return d.Scopes.KeepImage(ctx, it.ID())
	default:
		return fault.New(fault.Invalid, "keep: takes a container, volume, network or image")
	}
}
