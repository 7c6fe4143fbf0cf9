package plan

import (
	"context"
	"slices"
	"strings"

	"neap/bindings"
	"neap/runtime/engine"
	"neap/runtime/volume"
)

// volumes records, or hands on.
type volumes struct{ p *Planner }

// volumeShadow is a volume as it would be, kept by the name that it has, or by
// what stands for it.
type volumeShadow struct {
	seen volume.Volume
	made bool
	gone bool
}

type createVolume struct {
	Name    string               `json:"name,omitzero"`
	Options volume.CreateOptions `json:"options,omitzero"`
}

func (n volumes) hold(v bindings.Volume, err error) (bindings.Volume, error) {
	if err != nil || v == nil {
		return nil, err
	}
	return &crate{p: n.p, id: v.Name(), inner: v}, nil
}

func (n volumes) Create(ctx context.Context, name string, o volume.CreateOptions) (bindings.Volume, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Volumes.Create(ctx, name, o))
	}
	if name != "" {
		if err := volume.CheckName(name); err != nil {
			return nil, err
		}
		if v, err := n.Find(ctx, name); err != nil || v != nil {
			return v, err // as it is, or an apply says how it differs
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.createVolume(ctx, name, o)
}

func (r *recording) createVolume(ctx context.Context, name string, o volume.CreateOptions) (bindings.Volume, error) {
	id := first(name, r.p.placeholder())
	c := bindings.Change{Verb: "create", Kind: "volume", Object: first(name, "without a name")}
	if name != "" {
		r.seeVolumeName(ctx, name)
	} else {
		c.Makes = []string{id}
	}
	if _, err := r.note(ctx, step{Change: c, options: createVolume{name, o}, touches: []thing{{"volume", id}}}); err != nil {
		return nil, err
	}
	r.volumes[id] = &volumeShadow{made: true, seen: volume.Volume{
		Name: id, Driver: "local", Labels: o.Labels, Options: o.Options, Anonymous: name == "" || o.Anonymous,
	}}
	r.within(ctx, thing{"volume", id})
	return &crate{p: r.p, id: id}, nil
}

// volumesOf shows the volumes that the making of a container makes. The caller
// holds r.mu.
func (r *recording) volumesOf(v *engine.View) {
	for _, m := range v.Plan.Mounts {
		if m.Kind != "volume" || m.Name == "" {
			continue
		}
		if s := r.volumes[m.Name]; s == nil && r.plan.absent("volume name", m.Name) {
			r.volumes[m.Name] = &volumeShadow{made: true, seen: volume.Volume{Name: m.Name, Driver: "local", Labels: m.Labels, Options: m.DriverOptions}}
		}
	}
}

func (n volumes) Find(ctx context.Context, name string) (bindings.Volume, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Volumes.Find(ctx, n.p.resolved(name)))
	}
	if id, ok := r.volumeNamed(name); ok {
		return &crate{p: n.p, id: id}, nil
	}
	v, err := n.Find(r.under(ctx), name)
	if err != nil || v == nil || r.knownVolume(v.Name()) != nil { // that one is gone, or has another name
		return nil, err
	}
	return v, nil
}

func (r *recording) volumeNamed(name string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.volumes {
		if !s.gone && s.seen.Name == name {
			return id, true
		}
	}
	return "", false
}

func (r *recording) knownVolume(id string) *volumeShadow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return snapshot(r.volumes[id])
}

func (n volumes) Get(ctx context.Context, name string) (bindings.Volume, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Volumes.Get(ctx, n.p.resolved(name)))
	}
	return got(ctx, r, "volume", name, n.Find, n.Get)
}

func (n volumes) List(ctx context.Context) ([]bindings.Volume, error) {
	r := recordingOf(ctx)
	if r == nil {
		all, err := n.p.real.Volumes.List(ctx)
		for i, v := range all {
			all[i] = &crate{p: n.p, id: v.Name(), inner: v}
		}
		return all, err
	}
	base, err := n.List(r.under(ctx))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.DeleteFunc(base, func(v bindings.Volume) bool { s := r.volumes[v.Name()]; return s != nil && s.gone })
	for id, s := range r.volumes {
		if s.made && !s.gone {
			all = append(all, &crate{p: n.p, id: id})
		}
	}
	slices.SortFunc(all, func(a, b bindings.Volume) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}
