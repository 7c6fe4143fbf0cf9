package plan

import (
	"context"
	"strings"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
)

// draw is what a container would be, checked as if it were made, and the facts
// of it that are not known before.
func (r *recording) draw(ctx context.Context, s engine.Spec) (*engine.View, map[string]bool, error) {
	if err := r.free(ctx, s.Name); err != nil {
		return nil, nil, err
	}
	img, err := s.Want(ctx, supply{r})
	if err != nil {
		return nil, nil, err
	}
	unknown := map[string]bool{"created": true, "log_path": true}
	foreign := img.ID == ""
	if foreign && len(s.Argv) == 0 {
		img.Config.Cmd = []string{"?"} // it has one, or it cannot be made
	}
	plan, wish, err := engine.Draw(ctx, s, img, engine.Drawing{ID: r.p.placeholder(), Now: r.p.opt.Now(), Around: surroundings{ctx, r}})
	if err != nil {
		return nil, nil, err
	}
	if foreign {
		r.unsaid(s, unknown)
	}
	for i, m := range plan.Mounts {
		if m.Kind == "volume" && m.Name == "" {
			unknown["mounts"], unknown["volume"] = true, true
			plan.Mounts[i].Anonymous = true
		}
	}
	v := &engine.View{ID: plan.ID, Name: first(wish.Name, plan.ID), State: container.Created, Plan: *plan, Wish: *wish}
	v.Wish.Name = v.Name
	return v, unknown, nil
}

// free is fault.Exists if a container would have the name.
func (r *recording) free(ctx context.Context, name string) error {
	c, err := containers{r.p}.Find(ctx, name)
	if name == "" || err != nil || c == nil {
		return nil //nolint:nilerr // what begins several ids is no name
	}
	if v, err := c.Look(ctx); err == nil && v.Name == name {
		return fault.New(fault.Exists, "the name %s is taken", name)
	}
	return nil
}

// unsaid are the facts that the image of a container has a say in, where it is
// not here.
func (r *recording) unsaid(s engine.Spec, unknown map[string]bool) {
	for _, fact := range []string{"image_id", "env", "labels", "label", "mounts", "volume"} {
		unknown[fact] = true
	}
	for fact, said := range map[string]bool{
		"user": s.User != "", "workdir": s.Workdir != "", "entrypoint": s.Entrypoint != nil, "command": len(s.Argv) > 0,
	} {
		if !said {
			unknown[fact] = true
		}
	}
}

// supply is where images would come from: of those that would be pulled nothing
// is known, not even an id.
type supply struct{ r *recording }

func (s supply) Find(ctx context.Context, ref string) (*image.Image, error) {
	i, err := images{s.r.p}.Find(ctx, ref)
	if err != nil || i == nil {
		return nil, err
	}
	return s.look(ctx, i)
}

func (s supply) Get(ctx context.Context, ref string) (*image.Image, error) {
	i, err := images{s.r.p}.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.look(ctx, i)
}

func (s supply) look(ctx context.Context, i bindings.Image) (*image.Image, error) {
	img, err := i.Look(ctx)
	if err != nil {
		return nil, err
	}
	if f, ok := i.(bindings.Foreseen); ok && f.Foresee(ctx, "config") != nil {
		return &image.Image{Tags: img.Tags}, nil
	}
	return img, nil
}

func (s supply) Pull(_ context.Context, ref string, _ image.PullOptions) (*image.Image, error) {
	return &image.Image{Tags: []string{ref}}, nil
}

// surroundings are the containers and networks as they would be, for one
// drawing.
type surroundings struct {
	ctx context.Context
	r   *recording
}

func (a surroundings) Container(ref string) (*container.Plan, error) {
	c, err := containers{a.r.p}.Get(a.ctx, ref)
	if err != nil {
		return nil, err
	}
	v, err := c.Look(a.ctx)
	if err != nil {
		return nil, err
	}
	return &v.Plan, nil
}

func (a surroundings) Network(ctx context.Context, ref string) (string, error) {
	n, err := networks{a.r.p}.Get(ctx, ref)
	if err != nil {
		return "", err
	}
	seen, err := n.Look(ctx)
	return seen.Name, err
}

// taken are the things that a new container takes, and those that it needs, each
// seen as it is. The caller holds r.mu.
func (r *recording) taken(ctx context.Context, s engine.Spec, v *engine.View) (touched, used []thing, err error) {
	if s.Name != "" {
		r.seeName(ctx, s.Name)
		touched = append(touched, thing{"container name", s.Name})
	}
	used = append(used, r.seeImageName(ctx, s.Image))
	for _, ref := range leaning(s) {
		t, err := r.seeContainerName(ctx, ref)
		if err != nil {
			return nil, nil, err
		}
		used = append(used, t)
	}
	if t, ok := r.seeNetworkName(ctx, v.Plan.Network); ok {
		used = append(used, t)
	}
	for _, m := range v.Plan.Mounts {
		switch {
		case m.Kind == "bind":
			used = append(used, r.files(m.Source)...)
		case m.Kind == "volume" && m.Name != "":
			r.seeVolumeName(ctx, m.Name)
			if t := (thing{"volume", m.Name}); r.plan.absent("volume name", m.Name) && r.last[t] == 0 {
				touched = append(touched, t) // it makes it
			} else {
				used = append(used, t)
			}
		}
	}
	return touched, used, nil
}

// leaning are the containers that a new one takes volumes or namespaces from.
func leaning(s engine.Spec) (refs []string) {
	for _, from := range s.VolumesFrom {
		ref, _, _ := strings.Cut(from, ":")
		refs = append(refs, ref)
	}
	for _, mode := range []string{s.Network, s.Pid, s.Ipc} {
		if ref, ok := strings.CutPrefix(mode, "container:"); ok {
			refs = append(refs, ref)
		}
	}
	return refs
}
