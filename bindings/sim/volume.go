package sim

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/volume"
)

// vessel is one volume. Its exported methods take the world's lock; all others
// want it held.
type vessel struct {
	w *World
	volume.Volume
	files map[string]string
	gone  bool
}

// vessel makes a volume; name "" makes one up.
func (w *World) vessel(ctx context.Context, name string, o volume.CreateOptions) (*vessel, error) {
	if name == "" {
		name, o.Anonymous = w.id(), true
	}
	there := w.volumes[name] != nil
	v, err := w.makeVolume(name, o)
	if err == nil && !there {
		note(ctx, v)
	}
	return v, fault.Wrap("create volume", name, err)
}

func (w *World) makeVolume(name string, o volume.CreateOptions) (*vessel, error) {
	if err := cmp.Or(volume.CheckName(name), o.Check()); err != nil {
		return nil, err
	}
	if v := w.volumes[name]; v != nil {
		return v, o.Same(&v.Volume)
	}
	if err := w.strike("disk_full", name); err != nil {
		return nil, err
	}
	v := &vessel{w: w, files: map[string]string{}, Volume: volume.Volume{
		Name: name, Driver: "local", Labels: maps.Clone(o.Labels), Options: maps.Clone(o.Options), Created: w.now.UTC(),
		Anonymous: o.Anonymous, Path: path.Join(lib, "volumes", name, "data"),
	}}
	if device := o.Options["device"]; device != "" {
		v.Path = device
	}
	w.volumes[name] = v
	return v, nil
}

func (v *vessel) vanish() {
	v.gone = true
	delete(v.w.volumes, v.Volume.Name)
}

// users are the containers that have it.
func (v *vessel) users() (all []*cell) {
	for _, c := range v.w.order {
		if slices.ContainsFunc(c.plan.Mounts, func(m container.Mount) bool { return m.Kind == "volume" && m.Name == v.Volume.Name }) {
			all = append(all, c)
		}
	}
	return all
}

func (v *vessel) ids() []string {
	var ids []string
	for _, c := range v.users() {
		ids = append(ids, c.ID())
	}
	return ids
}

// Name is its name now.
func (v *vessel) Name() string {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.Volume.Name
}

// there is fault.NotFound once it is gone.
func (v *vessel) there() error {
	if v.gone || v.w.volumes[v.Volume.Name] != v {
		return volume.Missing(v.Volume.Name, v.w.volumeNames())
	}
	return nil
}

// Look is what it is now.
func (v *vessel) Look(context.Context) (*volume.Volume, error) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if err := v.there(); err != nil {
		return nil, fault.Wrap("find volume", v.Volume.Name, err)
	}
	view := v.Volume
	return &view, nil
}

// Size adds up its files.
func (v *vessel) Size(context.Context) (n int64, err error) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for _, text := range v.files {
		n += int64(len(text))
	}
	return n, fault.Wrap("measure volume", v.Volume.Name, v.there())
}

// UsedBy is the names of the containers that have it.
func (v *vessel) UsedBy(context.Context) (names []string, err error) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for _, c := range v.users() {
		names = append(names, c.wish.Name)
	}
	slices.Sort(names)
	return names, fault.Wrap("find users of volume", v.Volume.Name, v.there())
}

// Rename gives it another name.
func (v *vessel) Rename(_ context.Context, name string) error {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	err := cmp.Or(volume.CheckName(name), v.there())
	if err == nil {
		err = volume.Unused(v.ids())
	}
	if err == nil && v.w.volumes[name] != nil {
		err = volume.Taken(name)
	}
	if err != nil {
		return fault.Wrap("rename volume", v.Volume.Name, err)
	}
	delete(v.w.volumes, v.Volume.Name)
	v.Volume.Name, v.Path = name, path.Join(lib, "volumes", name, "data")
	v.w.volumes[name] = v
	return nil
}

// Protect sets whether Remove refuses.
func (v *vessel) Protect(_ context.Context, on bool) error {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if err := v.there(); err != nil {
		return fault.Wrap("protect volume", v.Volume.Name, err)
	}
	v.Protected = on
	return nil
}

// Remove removes it with its files.
func (v *vessel) Remove(context.Context) error {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.w.tick()
	name := v.Volume.Name
	if err := v.there(); err != nil {
		return fault.Wrap("remove volume", name, err)
	}
	if users := v.users(); len(users) > 0 {
		states := map[string]container.State{}
		for _, c := range users {
			states[c.wish.Name] = c.state()
		}
		return engine.VolumeBusy(name, states)
	}
	if err := v.Volume.Unprotected(); err != nil {
		return fault.Wrap("remove volume", name, err)
	}
	v.vanish()
	return nil
}

// Inspect is all about it, in Docker's form.
func (v *vessel) Inspect(ctx context.Context) (any, error) {
	seen, err := v.Look(ctx)
	if err != nil {
		return nil, err
	}
	return seen.Details(), nil
}

type volumes struct{ w *World }

func (w *World) volumeNames() []string { return slices.Sorted(maps.Keys(w.volumes)) }

// Create makes a volume.
func (n volumes) Create(ctx context.Context, name string, o volume.CreateOptions) (bindings.Volume, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.tick()
	v, err := n.w.vessel(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (w *World) findVolume(name string) (*vessel, error) {
	if v := w.volumes[name]; v != nil {
		return v, nil
	}
	full, err := volume.Begins(name, w.volumeNames())
	return w.volumes[full], fault.Wrap("find volume", name, err)
}

// Find is the volume of that name, or nil.
func (n volumes) Find(_ context.Context, name string) (bindings.Volume, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	v, err := n.w.findVolume(name)
	if err != nil || v == nil {
		return nil, err
	}
	return v, nil
}

// Get is the volume of that name.
func (n volumes) Get(_ context.Context, name string) (bindings.Volume, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	v, err := n.w.findVolume(name)
	if err == nil && v == nil {
		err = fault.Wrap("find volume", name, volume.Missing(name, n.w.volumeNames()))
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// List is all volumes, by name.
func (n volumes) List(context.Context) (all []bindings.Volume, err error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, name := range n.w.volumeNames() {
		all = append(all, n.w.volumes[name])
	}
	return all, nil
}
