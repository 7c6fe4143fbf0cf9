package bindings

import (
	"context"
	"io"
	"os"
	"slices"
	"sync"

	"neap/lua/std"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/network"
	"neap/runtime/port"
	"neap/runtime/volume"
)

// Native is the doorways' view of an engine: its nouns as handles.
func Native(e *engine.Engine) Nouns {
	return Nouns{
		Containers: containers{e}, Images: images{e}, Volumes: volumes{e}, Networks: networks{e},
		Ports: ports{e}, System: e, Scopes: scopes{e},
	}
}

type containers struct{ e *engine.Engine }

// nativeContainer gives interfaces where the engine gives its own types.
type nativeContainer struct{ *engine.Container }

func (c nativeContainer) Look(context.Context) (*engine.View, error) { return c.Container.Look() }

func (c nativeContainer) State(context.Context) (container.State, error) { return c.Container.State() }

func (c nativeContainer) Cgroup(context.Context) (string, error) { return c.Container.Cgroup(), nil }

func (c nativeContainer) Freezer(context.Context) (cgroup.Freezer, error) {
	return c.Container.Freezer()
}

func (c nativeContainer) WhilePaused(ctx context.Context, do func(context.Context) error) error {
	return c.Container.WhilePaused(ctx, func() error { return do(ctx) })
}

func (c nativeContainer) Spawn(ctx context.Context, s engine.ExecSpec) (Exec, error) {
	x, err := c.Container.Spawn(ctx, s)
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (c nativeContainer) Lines(ctx context.Context, o engine.LogOptions) (Lines, error) {
	l, err := c.Container.Lines(ctx, o)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func containerOrNil(c *engine.Container, err error) (Container, error) {
	if err != nil || c == nil {
		return nil, err
	}
	return nativeContainer{c}, nil
}

func (n containers) Create(ctx context.Context, s engine.Spec) (Container, error) {
	return containerOrNil(n.e.Create(ctx, s))
}

func (n containers) Run(ctx context.Context, s engine.Spec) (Container, error) {
	return containerOrNil(n.e.Run(ctx, s))
}

func (n containers) Once(ctx context.Context, s engine.Spec, keep bool, in *os.File, out Take) (engine.Result, error) {
	return n.e.Once(ctx, s, keep, in, out)
}

func (n containers) Find(_ context.Context, ref string) (Container, error) {
	return containerOrNil(n.e.Find(ref))
}

func (n containers) Get(_ context.Context, ref string) (Container, error) {
	return containerOrNil(n.e.Get(ref))
}

func (n containers) Names(context.Context) ([]string, error) { return n.e.Names() }

func (n containers) With(_ context.Context, id string) Container {
	return nativeContainer{n.e.With(id)}
}

func (n containers) Briefs(ctx context.Context) ([]*container.Brief, error) { return n.e.Briefs(ctx) }

// named is the names of containers by their ids, sorted.
func named(e *engine.Engine, ids []string, err error) ([]string, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = e.With(id).Name()
	}
	slices.Sort(names)
	return names, err
}

type images struct{ e *engine.Engine }

type nativeImage struct {
	e  *engine.Engine
	id string
}

func imageOrNil(e *engine.Engine, i *image.Image, err error) (Image, error) {
	if err != nil || i == nil {
		return nil, err
	}
	return nativeImage{e, i.ID}, nil
}

func imageList(e *engine.Engine, all []*image.Image, err error) ([]Image, error) {
	list := make([]Image, len(all))
	for i, img := range all {
		list[i] = nativeImage{e, img.ID}
	}
	return list, err
}

func (n images) Pull(ctx context.Context, ref string, o image.PullOptions) (Image, error) {
	i, err := n.e.Images.Pull(ctx, ref, o)
	return imageOrNil(n.e, i, err)
}

func (n images) Load(ctx context.Context, from Archive) (all []Image, err error) {
	err = from.Read(func(r io.Reader) error {
		loaded, err := n.e.Images.Load(ctx, r)
		all, err = imageList(n.e, loaded.Images, err)
		return err
	})
	return all, err
}

func (n images) Import(ctx context.Context, from Archive, o image.ImportOptions) (made Image, err error) {
	err = from.Read(func(r io.Reader) error {
		i, err := n.e.Images.Import(ctx, r, o)
		made, err = imageOrNil(n.e, i, err)
		return err
	})
	return made, err
}

func (n images) Save(ctx context.Context, refs []string, path string) error {
	err := std.Whole(path, 0o600, func(f io.Writer) error { return n.e.Images.Save(ctx, refs, f) })
	return fault.Wrap("write", path, err)
}

func (n images) Push(ctx context.Context, ref string, o image.PushOptions) (string, error) {
	return n.e.Images.Push(ctx, ref, o)
}

func (n images) Find(ctx context.Context, ref string) (Image, error) {
	i, err := n.e.Images.Find(ctx, ref)
	return imageOrNil(n.e, i, err)
}

func (n images) Get(ctx context.Context, ref string) (Image, error) {
	i, err := n.e.Images.Get(ctx, ref)
	return imageOrNil(n.e, i, err)
}

func (n images) List(ctx context.Context) ([]Image, error) {
	all, err := n.e.Images.List(ctx)
	return imageList(n.e, all, err)
}

func (n images) Remove(ctx context.Context, ref string, force bool) (image.Removal, error) {
	return n.e.RemoveImage(ctx, ref, force)
}

func (i nativeImage) ID() string { return i.id }

func (i nativeImage) Look(ctx context.Context) (*image.Image, error) {
	return i.e.Images.Get(ctx, i.id)
}

func (i nativeImage) UsedBy(ctx context.Context) ([]string, error) {
	users, err := i.e.ImageUsers(ctx, i.id)
	names := make([]string, len(users))
	for n, u := range users {
		names[n] = u.Container
	}
	slices.Sort(names)
	return names, err
}

func (i nativeImage) Tag(ctx context.Context, name string) error {
	img, err := i.Look(ctx)
	if err != nil {
		return err
	}
	_, err = i.e.Images.Tag(ctx, img, name)
	return err
}

func (i nativeImage) Untag(ctx context.Context, name string) error {
	name, err := image.Normalize(name)
	if err != nil {
		return err
	}
	img, err := i.Look(ctx)
	if err == nil && !slices.Contains(img.Tags, name) {
		err = fault.Wrap("untag image", name, fault.New(fault.NotFound, "this image has no such tag"))
	}
	if err != nil {
		return err
	}
	return i.e.Images.Untag(ctx, name)
}

func (i nativeImage) Remove(ctx context.Context, force bool) (image.Removal, error) {
	return i.e.RemoveImage(ctx, i.id, force)
}

func (i nativeImage) Inspect(ctx context.Context) (any, error) {
	img, err := i.Look(ctx)
	if err != nil {
		return nil, err
	}
	return i.e.Images.Inspect(img), nil
}

type volumes struct{ e *engine.Engine }

// nativeVolume follows its volume when that is renamed through it.
type nativeVolume struct {
	e    *engine.Engine
	mu   sync.Mutex
	name string
}

func volumeOrNil(e *engine.Engine, v *volume.Volume, err error) (Volume, error) {
	if err != nil || v == nil {
		return nil, err
	}
	return &nativeVolume{e: e, name: v.Name}, nil
}

func (n volumes) Create(ctx context.Context, name string, o volume.CreateOptions) (Volume, error) {
	v, err := n.e.Volumes.Create(ctx, name, o)
	return volumeOrNil(n.e, v, err)
}

func (n volumes) Find(_ context.Context, name string) (Volume, error) {
	v, err := n.e.Volumes.Find(name)
	return volumeOrNil(n.e, v, err)
}

func (n volumes) Get(_ context.Context, name string) (Volume, error) {
	v, err := n.e.Volumes.Get(name)
	return volumeOrNil(n.e, v, err)
}

func (n volumes) List(context.Context) ([]Volume, error) {
	all, err := n.e.Volumes.List()
	list := make([]Volume, len(all))
	for i, v := range all {
		list[i] = &nativeVolume{e: n.e, name: v.Name}
	}
	return list, err
}

func (v *nativeVolume) Name() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.name
}

func (v *nativeVolume) Look(context.Context) (*volume.Volume, error) {
	return v.e.Volumes.Get(v.Name())
}

func (v *nativeVolume) Size(ctx context.Context) (int64, error) {
	return v.e.Volumes.Size(ctx, v.Name())
}

func (v *nativeVolume) UsedBy(context.Context) ([]string, error) {
	ids, err := v.e.Volumes.UsedBy(v.Name())
	return named(v.e, ids, err)
}

func (v *nativeVolume) Rename(ctx context.Context, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, err := v.e.Volumes.Rename(ctx, v.name, name); err != nil {
		return err
	}
	v.name = name
	return nil
}

func (v *nativeVolume) Protect(ctx context.Context, on bool) error {
	return v.e.Volumes.Protect(ctx, v.Name(), on)
}

func (v *nativeVolume) Remove(ctx context.Context) error { return v.e.RemoveVolume(ctx, v.Name()) }

func (v *nativeVolume) Inspect(context.Context) (any, error) { return v.e.Volumes.Inspect(v.Name()) }

type networks struct{ e *engine.Engine }

type nativeNetwork struct {
	e        *engine.Engine
	id, name string
}

func (n networks) Create(ctx context.Context, name string, o network.CreateOptions) (Network, error) {
	made, err := n.e.Networks.Create(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return nativeNetwork{n.e, made.ID, made.Name}, nil
}

func (n networks) Find(ctx context.Context, ref string) (Network, error) {
	found, ok, err := n.e.Networks.Find(ctx, ref)
	if err != nil || !ok {
		return nil, err
	}
	return nativeNetwork{n.e, found.ID, found.Name}, nil
}

func (n networks) Get(ctx context.Context, ref string) (Network, error) {
	found, err := n.e.Networks.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return nativeNetwork{n.e, found.ID, found.Name}, nil
}

func (n networks) List(ctx context.Context) ([]Network, error) {
	all, err := n.e.Networks.List(ctx)
	list := make([]Network, len(all))
	for i, found := range all {
		list[i] = nativeNetwork{n.e, found.ID, found.Name}
	}
	return list, err
}

func (n nativeNetwork) ID() string   { return n.id }
func (n nativeNetwork) Name() string { return n.name }

func (n nativeNetwork) Look(ctx context.Context) (network.Network, error) {
	return n.e.Networks.Get(ctx, n.id)
}

func (n nativeNetwork) UsedBy(ctx context.Context) ([]string, error) {
	ids, err := n.e.Networks.UsedBy(ctx, n.id)
	return named(n.e, ids, err)
}

func (n nativeNetwork) Remove(ctx context.Context) error { return n.e.Networks.Remove(ctx, n.id) }

func (n nativeNetwork) Inspect(ctx context.Context) (any, error) {
	return n.e.InspectNetwork(ctx, n.id)
}

type ports struct{ e *engine.Engine }

func (p ports) List(ctx context.Context) ([]engine.PublishedPort, error) {
	return p.e.PublishedPorts(ctx)
}

func (p ports) Pick(_ context.Context, from, to uint16) (uint16, error) {
	return p.e.Ports.Pick(from, to)
}

func (p ports) Owner(_ context.Context, protocol string, number uint16) (port.Owner, bool, error) {
	return p.e.Ports.Owner(protocol, number)
}

type scopes struct{ *engine.Engine }

func (s scopes) OpenScope(ctx context.Context) (context.Context, Scope) {
	return s.Engine.OpenScope(ctx)
}
