package plan

import (
	"context"
	"slices"
	"strings"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/volume"
)

// crate is a handle of a volume: of a real one, or of one that is planned.
type crate struct {
	p     *Planner
	id    string // its name when the handle was made, or what stands for it
	inner bindings.Volume
}

func (v *crate) real(ctx context.Context) (bindings.Volume, error) {
	if v.inner != nil {
		return v.inner, nil
	}
	return v.p.real.Volumes.Get(ctx, v.p.resolved(v.id))
}

func (v *crate) in(ctx context.Context) (*recording, *volumeShadow) {
	return shown(ctx, func(r *recording) *volumeShadow { return r.knownVolume(v.id) })
}

func (v *crate) Name() string {
	if v.inner != nil {
		return v.inner.Name()
	}
	return v.p.resolved(v.id)
}

// Foresee is fault.Unsupported for what only the making would tell.
func (v *crate) Foresee(ctx context.Context, fact string) error {
	if _, s := v.in(ctx); s != nil && s.made && slices.Contains([]string{"path", "created", "last_used", "size"}, fact) {
		return bind.NotYet(fact, s.seen.Name)
	}
	return nil
}

func (v *crate) Look(ctx context.Context) (*volume.Volume, error) {
	if _, s := v.in(ctx); s != nil {
		if s.gone {
			return nil, gone("find volume", s.seen.Name)
		}
		seen := s.seen
		return &seen, nil
	}
	real, err := v.real(ctx)
	if err != nil {
		return nil, err
	}
	return real.Look(ctx)
}

func (v *crate) Size(ctx context.Context) (int64, error) {
	if err := v.Foresee(ctx, "size"); err != nil {
		return 0, err
	}
	real, err := v.real(ctx)
	if err != nil {
		return 0, err
	}
	return real.Size(ctx)
}

func (v *crate) UsedBy(ctx context.Context) ([]string, error) {
	r, s := v.in(ctx)
	if r == nil {
		real, err := v.real(ctx)
		if err != nil {
			return nil, err
		}
		return real.UsedBy(ctx)
	}
	var base []string
	if s == nil || !s.made {
		var err error
		if base, err = v.UsedBy(r.under(ctx)); err != nil {
			return nil, err
		}
	}
	return r.users(base, func(c *engine.View) bool { return mounts(c, v.id) }), nil
}

func mounts(c *engine.View, name string) bool {
	for _, m := range c.Plan.Mounts {
		if m.Kind == "volume" && m.Name == name {
			return true
		}
	}
	return false
}

// do records a change of a volume and shows it.
func (r *recording) doVolume(ctx context.Context, v *crate, verb string, options any, show func(*volumeShadow) (used []thing, err error)) error {
	base, err := v.UsedBy(r.under(ctx))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.volumeShadow(ctx, v)
	if err != nil {
		return err
	}
	name, facts := s.seen.Name, volumeFacts(&s.seen)
	if verb == "remove" {
		facts[users] = strings.Join(base, " ")
	}
	used, err := show(s)
	if err != nil {
		return fault.Wrap(verb+" volume", name, err)
	}
	c := bindings.Change{Verb: verb, Kind: "volume", Object: name, ID: v.id}
	if !s.made {
		r.saw(Seen{Kind: "volume", Name: name, ID: v.id, Facts: facts})
		if real, err := v.real(ctx); err == nil && verb == "remove" {
			if n, err := real.Size(r.under(ctx)); err == nil {
				c.Size = &n
			}
		}
	}
	_, err = r.note(ctx, step{Change: c, options: options, uses: used, touches: []thing{{"volume", v.id}, {"volume", s.seen.Name}}})
	return err
}

func (r *recording) volumeShadow(ctx context.Context, v *crate) (*volumeShadow, error) {
	if s := r.volumes[v.id]; s != nil {
		if s.gone {
			return nil, gone("find volume", s.seen.Name)
		}
		return s, nil
	}
	seen, err := v.Look(r.under(ctx))
	if err != nil {
		return nil, err
	}
	s := &volumeShadow{seen: *seen}
	r.volumes[v.id] = s
	return s, nil
}

func (v *crate) Rename(ctx context.Context, name string) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := v.real(ctx)
		if err != nil {
			return err
		}
		return real.Rename(ctx, name)
	}
	if err := volume.CheckName(name); err != nil {
		return err
	}
	if other, err := (volumes{v.p}).Find(ctx, name); err != nil || other != nil && other.Name() == name {
		return fault.Wrap("rename volume", v.id, orElse(err, volume.Taken(name)))
	}
	users, err := v.UsedBy(ctx)
	if err == nil {
		err = volume.Unused(users)
	}
	if err != nil {
		return fault.Wrap("rename volume", v.id, err)
	}
	return r.doVolume(ctx, v, "rename", nameOptions{name}, func(s *volumeShadow) ([]thing, error) {
		r.seeVolumeName(ctx, name)
		s.seen.Name, s.seen.Anonymous = name, false
		return nil, nil
	})
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (v *crate) Protect(ctx context.Context, on bool) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := v.real(ctx)
		if err != nil {
			return err
		}
		return real.Protect(ctx, on)
	}
	seen, err := v.Look(ctx)
	if err != nil || seen.Protected == on {
		return err
	}
	verb := "unprotect"
	if on {
		verb = "protect"
	}
	return r.doVolume(ctx, v, verb, nil, func(s *volumeShadow) ([]thing, error) { s.seen.Protected = on; return nil, nil })
}

func (v *crate) Remove(ctx context.Context) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := v.real(ctx)
		if err != nil {
			return err
		}
		return real.Remove(ctx)
	}
	left, err := v.UsedBy(ctx)
	if err != nil {
		return err
	}
	return r.doVolume(ctx, v, "remove", nil, func(s *volumeShadow) ([]thing, error) {
		if s.seen.Protected {
			return nil, fault.New(fault.Denied, "it is protected").WithHint("end that first: v:unprotect()")
		}
		if err := volume.Unused(left); err != nil {
			return nil, err
		}
		s.gone = true
		return r.leavers(v.id), nil
	})
}

// leavers are the containers that the plan removes and that used a volume.
func (r *recording) leavers(name string) (all []thing) {
	for id, s := range r.containers {
		if s.gone && mounts(&s.view, name) {
			all = append(all, thing{"container", id})
		}
	}
	return all
}

// lost are the volumes that go with a container. The caller holds r.mu.
func (r *recording) lost(v *engine.View, with bool) (all []thing) {
	for _, m := range v.Plan.Mounts {
		if with && m.Kind == "volume" && m.Anonymous && m.Name != "" {
			all = append(all, thing{"volume", m.Name})
		}
	}
	return all
}

// dropAnonymous shows the volumes gone that go with a container, unless another
// has them. The caller holds r.mu.
func (r *recording) dropAnonymous(ctx context.Context, v *engine.View) {
	for _, t := range r.lost(v, true) {
		real := &crate{p: r.p, id: t.id}
		base, err := real.UsedBy(r.under(ctx))
		if err != nil || len(base) > 1 {
			continue
		}
		if s, err := r.volumeShadow(ctx, real); err == nil && s.seen.Anonymous {
			s.gone = true
		}
	}
}

func (v *crate) Inspect(ctx context.Context) (any, error) {
	if _, s := v.in(ctx); s != nil {
		return nil, bind.NotYet("inspect()", s.seen.Name)
	}
	real, err := v.real(ctx)
	if err != nil {
		return nil, err
	}
	return real.Inspect(ctx)
}
