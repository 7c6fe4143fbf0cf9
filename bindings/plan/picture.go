package plan

import (
	"context"
	"slices"
	"strings"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
)

// picture is a handle of an image: of a real one, or of one that is planned.
type picture struct {
	p     *Planner
	id    string
	inner bindings.Image
}

func (i *picture) real(ctx context.Context) (bindings.Image, error) {
	if i.inner != nil {
		return i.inner, nil
	}
	return i.p.real.Images.Get(ctx, i.p.resolved(i.id))
}

func (i *picture) in(ctx context.Context) (*recording, *imageShadow) {
	return shown(ctx, func(r *recording) *imageShadow { return r.knownImage(i.id) })
}

func (i *picture) ID() string { return i.p.resolved(i.id) }

// Foresee is fault.Unsupported for what only the image itself would tell.
func (i *picture) Foresee(ctx context.Context, fact string) error {
	_, s := i.in(ctx)
	if s == nil || !s.made || len(s.seen.Tags) > 0 && slices.Contains([]string{"tags", "tag", "repository", "dangling"}, fact) {
		return nil
	}
	return bind.NotYet(fact, "the image "+first(append(slices.Clone(s.seen.Tags), i.id)...))
}

func (i *picture) Look(ctx context.Context) (*image.Image, error) {
	if _, s := i.in(ctx); s != nil {
		if s.gone {
			return nil, gone("find image", i.id)
		}
		seen := s.seen
		return &seen, nil
	}
	real, err := i.real(ctx)
	if err != nil {
		return nil, err
	}
	return real.Look(ctx)
}

// realUsers are those who use it as it is.
func (i *picture) realUsers(ctx context.Context, r *recording) []string {
	users, err := i.UsedBy(r.under(ctx))
	if err != nil {
		return nil
	}
	return users
}

func (i *picture) UsedBy(ctx context.Context) ([]string, error) {
	r, s := i.in(ctx)
	if r == nil {
		real, err := i.real(ctx)
		if err != nil {
			return nil, err
		}
		return real.UsedBy(ctx)
	}
	var base []string
	if s == nil || !s.made {
		var err error
		if base, err = i.UsedBy(r.under(ctx)); err != nil {
			return nil, err
		}
	}
	return r.users(base, func(v *engine.View) bool { return v.Plan.ImageID == i.id }), nil
}

// uses is who would use it, and how.
func (i *picture) uses(ctx context.Context) (all []image.Use, err error) {
	names, err := i.UsedBy(ctx)
	for _, name := range names {
		c, err := i.p.nouns.Containers.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		now, err := c.State(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, image.Use{Container: name, Running: now == container.Running || now == container.Paused || now == container.Restarting})
	}
	return all, err
}

func (i *picture) Tag(ctx context.Context, name string) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := i.real(ctx)
		if err != nil {
			return err
		}
		return real.Tag(ctx, name)
	}
	return r.tag(ctx, i, name)
}

func (r *recording) tag(ctx context.Context, i *picture, name string) error {
	full, err := image.Normalize(name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.imageShadow(ctx, i)
	if err != nil {
		return err
	}
	lost := r.seeImageName(ctx, full)
	what := r.seeImage(i, s)
	r.takeName(ctx, full)
	s.seen.Tags = append(s.seen.Tags, full)
	_, err = r.note(ctx, step{
		Change: bindings.Change{Verb: "tag", Kind: "image", Object: what, ID: i.id}, options: nameOptions{name},
		touches: []thing{lost, {"image", i.id}},
	})
	return err
}

func (i *picture) Untag(ctx context.Context, name string) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := i.real(ctx)
		if err != nil {
			return err
		}
		return real.Untag(ctx, name)
	}
	full, err := image.Normalize(name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.imageShadow(ctx, i)
	if err != nil {
		return err
	}
	if !s.has(full) {
		return fault.Wrap("untag image", full, fault.New(fault.NotFound, "this image has no such tag"))
	}
	r.seeImage(i, s)
	s.seen.Tags = slices.DeleteFunc(slices.Clone(s.seen.Tags), func(t string) bool { return t == full })
	_, err = r.note(ctx, step{
		Change: bindings.Change{Verb: "untag", Kind: "image", Object: name, ID: i.id}, options: untagOptions{[]string{full}},
		touches: []thing{{"image", i.id}},
	})
	return err
}

func (i *picture) Remove(ctx context.Context, force bool) (image.Removal, error) {
	if r := recordingOf(ctx); r != nil {
		if s := r.knownImage(i.id); s != nil && s.gone {
			return image.Removal{}, gone("remove image", i.id)
		}
		return r.removeImage(ctx, i, i.id, force)
	}
	real, err := i.real(ctx)
	if err != nil {
		return image.Removal{}, err
	}
	return real.Remove(ctx, force)
}

func (i *picture) Inspect(ctx context.Context) (any, error) {
	if _, s := i.in(ctx); s != nil && (s.made || s.gone) {
		return nil, bind.NotYet("inspect()", "the image "+i.id)
	}
	real, err := i.real(ctx)
	if err != nil {
		return nil, err
	}
	return real.Inspect(ctx)
}

// imageShadow is the image as it would be. The caller holds r.mu.
func (r *recording) imageShadow(ctx context.Context, i *picture) (*imageShadow, error) {
	if s := r.images[i.id]; s != nil {
		if s.gone {
			return nil, gone("find image", i.id)
		}
		return s, nil
	}
	img, err := i.Look(r.under(ctx))
	if err != nil {
		return nil, err
	}
	s := &imageShadow{seen: *img}
	r.images[i.id] = s
	return s, nil
}

// seeImage notes a real image as it is, and gives what people call it.
func (r *recording) seeImage(i *picture, s *imageShadow) string {
	name := first(append(slices.Clone(s.seen.Tags), i.id)...)
	if !s.made {
		r.saw(Seen{Kind: "image", Name: name, ID: i.id, Facts: imageFacts(&s.seen)})
	}
	return name
}

// removeImage records a removal by ref and gives what it would take.
func (r *recording) removeImage(ctx context.Context, i *picture, ref string, force bool) (done image.Removal, err error) {
	uses, err := i.uses(ctx)
	if err != nil {
		return done, err
	}
	others, err := r.otherLayers(ctx, i.id)
	if err != nil {
		return done, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.imageShadow(ctx, i)
	if err != nil {
		return done, err
	}
	names, whole, err := image.RemoveOptions{Force: force, UsedBy: func(string) []image.Use { return uses }}.Decide(&s.seen, ref)
	if err != nil {
		return done, fault.Wrap("remove image", ref, err)
	}
	facts, used := imageFacts(&s.seen), []thing(nil)
	if whole {
		used = r.freed(i.id)
		facts[users] = strings.Join(i.realUsers(ctx, r), " ")
	}
	if !s.made {
		r.saw(Seen{Kind: "image", Name: ref, ID: i.id, Facts: facts})
	}
	c, options := bindings.Change{Verb: "untag", Kind: "image", Object: ref, ID: i.id}, any(untagOptions{names})
	if whole {
		c.Verb, c.Size, options = "remove", sizeOf(s), removeOptions{ref, force}
	}
	if _, err := r.note(ctx, step{
		Change: c, options: options, touches: []thing{{"image", i.id}}, uses: used,
	}); err != nil {
		return done, err
	}
	s.seen.Tags = slices.DeleteFunc(slices.Clone(s.seen.Tags), func(t string) bool { return slices.Contains(names, t) })
	done.Untagged, s.gone = names, whole
	if whole {
		done.Deleted = append([]string{s.seen.ID}, slices.DeleteFunc(slices.Clone(s.seen.Layers), func(l string) bool { return others[l] })...)
	}
	return done, nil
}

func sizeOf(s *imageShadow) *int64 {
	if s.made {
		return nil
	}
	return &s.seen.Size
}

// otherLayers are those of all other images.
func (r *recording) otherLayers(ctx context.Context, id string) (map[string]bool, error) {
	all, err := images{r.p}.List(ctx)
	layers := map[string]bool{}
	for _, i := range all {
		if img, err := i.Look(ctx); err == nil && i.ID() != id {
			for _, l := range img.Layers {
				layers[l] = true
			}
		}
	}
	return layers, err
}

// freed are the containers made from an image that the plan removes before it.
func (r *recording) freed(id string) (all []thing) {
	for c, s := range r.containers {
		if s.gone && s.view.Plan.ImageID == id {
			all = append(all, thing{"container", c})
		}
	}
	return all
}
