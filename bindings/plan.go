package bindings

import (
	"context"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func (d *doors) fillChange() {
	k := d.change
	k.Text = Change.String
	k.Same = func(a, b Change) bool { return a.Number == b.Number && a.Reason == b.Reason && a.ID == b.ID }
	k.Hints = map[string]string{"name": "object", "line": "reason", "depends": "needs", "why": "reason"}
	k.Columns = []string{"number", "verb", "kind", "object", "size", "needs", "reason"}
	k.Fields = []bind.Field[Change]{
		bind.Plain("number", bind.Int, "its place in the plan, from 1", func(c Change) int { return c.Number }),
		bind.Plain("verb", bind.String, "what is done", func(c Change) string { return c.Verb }),
		bind.Plain("kind", bind.String, "to what: container, image, volume, network, program, file, page", func(c Change) string { return c.Kind }),
		bind.Plain("object", bind.String, "the name of it", func(c Change) string { return c.Object }),
		bind.Plain("id", bind.Maybe(bind.String), "what tells it from others of that name", func(c Change) string { return c.ID }),
		bind.Plain("size", bind.Ptr(bind.Size), "how much it makes or frees, if that is known", func(c Change) *int64 { return c.Size }),
		bind.Plain("needs", bind.ListOf(bind.Int), "the numbers of the changes that must be done before", func(c Change) []int { return c.Needs }),
		bind.Plain("reason", bind.Maybe(bind.String), "the line of the script that asks for it", func(c Change) string { return c.Reason }),
		bind.Plain("done", bind.Bool, "whether an apply did it", func(c Change) bool { return !c.Done.IsZero() }),
	}
}

func (d *doors) fillPlan() {
	k := d.plan
	k.Text = d.planText
	k.Len = func(p Plan) int { return len(p.Changes()) }
	k.Same = func(a, b Plan) bool { return a == b }
	k.Hints = map[string]string{"run": "apply()", "write": "save()", "list": "changes"}
	k.Fields = []bind.Field[Plan]{
		bind.Plain("changes", d.change.List(), "what would be done, in its order", Plan.Changes),
	}
	k.Methods = []bind.Method[Plan]{
		bind.Act0(k, "apply", "Do exactly what was recorded. If something that it touches has changed since, nothing is done. What fails half way is an error of kind partial; applied again, it goes on from there.",
			func(ctx context.Context, p Plan) error { return p.Apply(ctx) },
		).With(`local plan = system.plan(function() volumes.create("data") end)
assert(not volumes.find("data"))
plan:apply()
assert(volumes.find("data"))`),
		bind.Method1("save", "Write it to a file, for neap apply.", bind.Req("path", bind.Text, "the file; one that is there is replaced"), bind.Returns(k.Kind(), "itself"),
			func(_ context.Context, p Plan, path string) (Plan, error) { return p, p.Save(path) },
		).With(`local path = fs.tempdir() .. "/plan.json"
system.plan(function() volumes.create("data") end):save(path)
assert(#system.open_plan(path) == 1)`),
	}
}

// planText is the table of the changes.
func (d *doors) planText(p Plan) string {
	if len(p.Changes()) == 0 {
		return "nothing to do"
	}
	return d.change.Table(context.Background(), p.Changes())
}

// plans are how scripts come by a plan.
func (d *doors) plans() []*bind.Func {
	k := d.plan
	return []*bind.Func{
		bind.Func1("plan", "Record what a function would do, and do nothing: what it reads is real, and what it changes is only noted. Later reads in it see what it changed; what cannot be known before, as the pid of what was not started, is an error of kind unsupported.",
			bind.Req("fn", bind.Passing(bind.Nothing), "what would be done"), bind.Returns(k.Kind(), "its changes"),
			func(ctx context.Context, fn bind.Callback[bind.Void, []bind.Value]) (Plan, error) {
				if err := d.plannable(); err != nil {
					return nil, err
				}
				return recorded(d.Planner.Record(ctx, func(ctx context.Context) error {
					_, err := fn.Call(ctx, bind.Void{})
					return err
				}))
			}).With(web + `local plan = system.plan(function() web:remove{ force = true } end)
assert(#plan == 1 and plan.changes[1].verb == "remove" and web.state == "running")
print(plan)`),
		bind.Func1("open_plan", "Read a plan that plan:save or neap --plan wrote.", bind.Req("path", bind.Text, "the file"), bind.Returns(k.Kind(), "the plan"),
			func(ctx context.Context, path string) (Plan, error) {
				if err := d.plannable(); err != nil {
					return nil, err
				}
				return d.Planner.Open(ctx, path)
			}).With(`local path = fs.tempdir() .. "/plan.json"
system.plan(function() volumes.create("data") end):save(path)
print(system.open_plan(path))`),
	}
}

// recorded is a plan, if all of it was recorded.
func recorded(p Plan, err error) (Plan, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (d *doors) plannable() error {
	if d.Planner == nil {
		return fault.New(fault.Unsupported, "this runtime makes no plans")
	}
	return nil
}
