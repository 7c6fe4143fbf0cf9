package plan

import (
	"context"
	"os"
	"slices"
	"strings"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// containers records, or hands on.
type containers struct{ p *Planner }

// hold is a handle of a real one.
func (n containers) hold(c bindings.Container, err error) (bindings.Container, error) {
	if err != nil || c == nil {
		return nil, err
	}
	return &box{p: n.p, id: c.ID(), inner: c}, nil
}

func (n containers) Create(ctx context.Context, s engine.Spec) (bindings.Container, error) {
	if r := recordingOf(ctx); r != nil {
		return r.create(ctx, "create", s)
	}
	return n.hold(n.p.real.Containers.Create(ctx, s))
}

func (n containers) Run(ctx context.Context, s engine.Spec) (bindings.Container, error) {
	if r := recordingOf(ctx); r != nil {
		return r.create(ctx, "run", s)
	}
	return n.hold(n.p.real.Containers.Run(ctx, s))
}

// onceOptions is what once was asked.
type onceOptions struct {
	Spec  engine.Spec `json:"spec"`
	Keep  bool        `json:"keep,omitzero"`
	Show  bool        `json:"show,omitzero"`  // its output goes where the script's goes
	Loose bool        `json:"loose,omitzero"` // any exit code will do
}

func (n containers) Once(ctx context.Context, s engine.Spec, keep bool, in *os.File, out bindings.Take) (engine.Result, error) {
	if r := recordingOf(ctx); r != nil {
		return engine.Result{}, r.once(ctx, s, keep, out != nil)
	}
	return n.p.real.Containers.Once(ctx, s, keep, in, out)
}

func (n containers) Find(ctx context.Context, ref string) (bindings.Container, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Containers.Find(ctx, n.p.resolved(ref)))
	}
	if id, ok := r.named(ref); ok {
		return &box{p: n.p, id: id}, nil
	}
	c, err := n.Find(r.under(ctx), ref)
	if err != nil || c == nil || r.hides(c.ID(), ref) {
		return nil, err
	}
	return c, nil
}

func (n containers) Get(ctx context.Context, ref string) (bindings.Container, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Containers.Get(ctx, n.p.resolved(ref)))
	}
	return got(ctx, r, "container", ref, n.Find, n.Get)
}

func (n containers) Briefs(ctx context.Context) ([]*container.Brief, error) {
	if r := recordingOf(ctx); r != nil {
		return r.briefs(ctx)
	}
	return n.p.real.Containers.Briefs(ctx)
}

func (n containers) With(ctx context.Context, id string) bindings.Container {
	if r := recordingOf(ctx); r != nil && r.known(id) != nil {
		return &box{p: n.p, id: id}
	}
	return &box{p: n.p, id: id, inner: n.p.real.Containers.With(ctx, id)}
}

func (n containers) Names(ctx context.Context) ([]string, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Containers.Names(ctx)
	}
	briefs, err := n.Briefs(ctx)
	names := make([]string, len(briefs))
	for i, b := range briefs {
		names[i] = b.Name
	}
	slices.Sort(names)
	return names, err
}

// named is the id of a container that the plan made or gave that name, by its
// placeholder or name.
func (r *recording) named(ref string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.containers {
		if !s.gone && (s.name() == ref || s.made && id == ref) {
			return id, true
		}
	}
	return "", false
}

// hides says whether a real container is no longer what ref names: it is gone,
// or has another name.
func (r *recording) hides(id, ref string) bool {
	s := r.known(id)
	return s != nil && (s.gone || s.was == ref && s.name() != ref)
}

// create records that a container is made; verb is create or run.
func (r *recording) create(ctx context.Context, verb string, s engine.Spec) (bindings.Container, error) {
	v, unknown, err := r.draw(ctx, s)
	if err != nil {
		return nil, fault.Wrap("create container", first(s.Name, s.Image), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	made := &shadow{view: *v, made: true, unknown: unknown, what: strings.TrimSpace(s.Image + " " + strings.Join(s.Argv, " "))}
	if verb == "run" {
		made.running()
	}
	touched, used, err := r.taken(ctx, s, v)
	if err != nil {
		return nil, err
	}
	if _, err := r.note(ctx, step{
		Change:  bindings.Change{Verb: verb, Kind: "container", Object: made.label(), Makes: []string{v.ID}},
		options: s, touches: touched, uses: used,
	}); err != nil {
		return nil, err
	}
	r.containers[v.ID] = made
	r.made = append(r.made, v.ID)
	r.within(ctx, thing{"container", v.ID})
	r.volumesOf(v)
	return &box{p: r.p, id: v.ID}, nil
}

func (r *recording) once(ctx context.Context, s engine.Spec, keep, show bool) error {
	v, _, err := r.draw(ctx, s)
	if err != nil {
		return fault.Wrap("run", s.Image, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	touched, used, err := r.taken(ctx, s, v)
	if err != nil {
		return err
	}
	what := strings.TrimSpace(s.Image + " " + strings.Join(s.Argv, " "))
	n, err := r.note(ctx, step{
		Change:  bindings.Change{Verb: "once", Kind: "container", Object: first(s.Name, what)},
		options: onceOptions{Spec: s, Keep: keep, Show: show}, touches: touched, uses: used,
	})
	if err != nil {
		return err
	}
	r.volumesOf(v)
	return r.outcome(what, n, func(loose bool) any { return onceOptions{Spec: s, Keep: keep, Show: show, Loose: loose} })
}

// outcome is the placeholder of what comes of a program. It learns afterwards
// whether any exit code will do.
func (r *recording) outcome(what string, n int, options func(loose bool) any) error {
	return &bindings.Planned{What: what, Check: func(check bool) error {
		return r.plan.amend(n, options(!check))
	}}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
