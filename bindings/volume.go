package bindings

import (
	"context"
	"time"

	"neap/lua/bind"
	"neap/runtime/fault"
	"neap/runtime/volume"
)

func volumeFact[T any](name string, k bind.Kind[T], doc string, of func(*volume.Volume) T) bind.Field[Volume] {
	return bind.Get(name, k, doc, func(ctx context.Context, v Volume) (t T, err error) {
		if err := foresee(ctx, v, name); err != nil {
			return t, err
		}
		seen, err := v.Look(ctx)
		if err != nil {
			return t, volumeGone(v, err)
		}
		return of(seen), nil
	})
}

// volumeGone says of a volume that cannot be found that it was removed.
func volumeGone(v Volume, err error) error {
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Kind: fault.NotFound, Op: "use volume", Object: v.Name(), Message: "it was removed"}
	}
	return err
}

func (d *doors) fillVolume() {
	k := d.volume
	k.Text = Volume.Name
	k.Same = func(a, b Volume) bool { return a.Name() == b.Name() }
	k.Find = d.getVolume
	k.Hints = map[string]string{"mountpoint": "path", "options": "opt", "users": "used_by"}
	k.Columns = []string{"name", "driver", "created", "used_by"}
	k.Bulk = []string{"remove", "protect", "unprotect"}
	k.Fields = []bind.Field[Volume]{
		bind.Plain("name", bind.String, "its name", Volume.Name),
		volumeFact("path", bind.String, "where its data lies on the host", func(v *volume.Volume) string { return v.Path }),
		volumeFact("created", bind.Time, "when it was made", func(v *volume.Volume) time.Time { return v.Created }),
		volumeFact("last_used", bind.Time, "when a container last began or ended to use it", func(v *volume.Volume) time.Time { return v.LastUsed }),
		volumeFact("labels", bind.Map, "its labels", func(v *volume.Volume) map[string]string { return v.Labels }),
		volumeFact("driver", bind.String, "what keeps it", func(v *volume.Volume) string { return v.Driver }),
		volumeFact("opt", bind.Map, "the options of the driver", func(v *volume.Volume) map[string]string { return v.Options }),
		volumeFact("anonymous", bind.Bool, "whether nobody chose its name", func(v *volume.Volume) bool { return v.Anonymous }),
		volumeFact("protected", bind.Bool, "whether removing it is refused", func(v *volume.Volume) bool { return v.Protected }),
		bind.Get("size", bind.Size, "of its files", func(ctx context.Context, v Volume) (int64, error) {
			n, err := v.Size(ctx)
			return n, volumeGone(v, err)
		}),
		bind.Get("used_by", bind.Strings, "containers that use it", func(ctx context.Context, v Volume) ([]string, error) {
			users, err := v.UsedBy(ctx)
			return users, volumeGone(v, err)
		}),
	}
	k.Extra = []bind.Field[Volume]{
		volumeFact("label", bind.Map, "a label, or labels that must all be there", func(v *volume.Volume) map[string]string { return v.Labels }),
		bind.Get("dangling", bind.Bool, "whether no container uses it", func(ctx context.Context, v Volume) (bool, error) {
			users, err := v.UsedBy(ctx)
			return len(users) == 0, err
		}),
	}
	k.Methods = d.volumeActs()
}

// data begins the examples with a volume.
const data = `local data = volumes.create("data")
`

func (d *doors) volumeActs() []bind.Method[Volume] {
	k := d.volume
	return []bind.Method[Volume]{
		bind.Act1(k, "rename", "Give it another name; nothing may use it.", bind.Req("name", bind.Text, "the new name"),
			func(ctx context.Context, v Volume, name string) error { return volumeGone(v, v.Rename(ctx, name)) },
		).With(data + `assert(data:rename("facts").name == "facts")`),
		bind.Act0(k, "protect", "Refuse to remove it, until unprotect.",
			func(ctx context.Context, v Volume) error { return volumeGone(v, v.Protect(ctx, true)) },
		).With(data + `assert(data:protect().protected)
data:unprotect()`),
		bind.Act0(k, "unprotect", "Let it be removed again.",
			func(ctx context.Context, v Volume) error { return volumeGone(v, v.Protect(ctx, false)) },
		).With(data + `data:protect():unprotect():remove()`),
		bind.Act0(k, "remove", "Remove it with its data; one that is gone is no error.",
			func(ctx context.Context, v Volume) error { return unlessGone(v.Remove(ctx)) },
		).With(data + `data:remove()
assert(volumes.find("data") == nil)`),
		bind.Method0("inspect", "All about it, in Docker's form.", bind.Returns(bind.JSON, "the document"),
			document(func(ctx context.Context, v Volume) (any, error) {
				all, err := v.Inspect(ctx)
				return all, volumeGone(v, err)
			})).With(data + `assert(data:inspect().Mountpoint == data.path)`),
	}
}

func (d *doors) volumesFuncs() []*bind.Func {
	k := d.volume
	ref := bind.Req("name", k.Ref(Volume.Name), "its name, or how that begins if nobody chose it")
	return []*bind.Func{
		bind.Func2("create", "Make a volume. One that is there with the same options is returned.",
			bind.Opt("name", bind.Text, "", "its name; made up if left out"), bind.Options(volumeOptions()), bind.Returns(k.Kind(), "the volume"),
			func(ctx context.Context, name string, o volume.CreateOptions) (Volume, error) {
				return d.Volumes.Create(ctx, name, o)
			}).Change().With(`assert(volumes.create("www", { label = { site = "a" } }).labels.site == "a")`),
		bind.Func1("get", "The volume of that name; an error of kind not_found if there is none.", ref, bind.Returns(k.Kind(), "it"), d.getVolume).
			With(data + `assert(volumes.get("data") == data)`),
		bind.Func1("find", "The volume of that name, or nil.", ref,
			bind.Returns(k.OrNil(func(v Volume) bool { return v == nil }), "it, or nil"), d.findVolume,
		).With(`assert(volumes.find("nothing") == nil)`),
		bind.Func1("list", "All volumes, or those that a filter keeps, by name.",
			bind.Opt("filter", k.Filter().Kind(), bind.Select[Volume]{}, "which ones"), bind.Returns(k.List(), "them"),
			func(ctx context.Context, which bind.Select[Volume]) ([]Volume, error) {
				all, err := d.Volumes.List(ctx)
				if err != nil {
					return nil, err
				}
				return which.Keep(ctx, all)
			}).With(data + `assert(volumes.list{ name = "da*" }[1] == data)`),
		bind.Func1("prune", "Remove the volumes that nobody uses and whose name nobody chose, or with all = true those with a name too.",
			bind.Opt("options", bind.With(pruneVolumes(), k.Filter()), bind.Both[pruneOptions, Volume]{}, "which ones"),
			bind.Returns(bind.Strings, "the names of those that are gone"), d.pruneVolumes,
		).Change().With(data + `assert(volumes.prune{ all = true }[1] == "data")`),
	}
}

func volumeOptions() *bind.Record[volume.CreateOptions] {
	return &bind.Record[volume.CreateOptions]{
		Name: "VolumeOptions", Doc: "how it is made",
		Keys: []bind.Key[volume.CreateOptions]{
			bind.K("driver", bind.Text, "local", func(o *volume.CreateOptions) *string { return &o.Driver }),
			bind.K("label", bind.Map, "labels", func(o *volume.CreateOptions) *map[string]string { return &o.Labels }),
			bind.K("opt", bind.Map, `options of the driver: { type = "none", o = "bind", device = "/srv/data" }`, func(o *volume.CreateOptions) *map[string]string { return &o.Options }),
		},
	}
}

func pruneVolumes() *bind.Record[pruneOptions] {
	return &bind.Record[pruneOptions]{
		Name: "PruneVolumes", Doc: "which",
		Keys: []bind.Key[pruneOptions]{
			bind.K("all", bind.Bool, "those with a chosen name too", func(o *pruneOptions) *bool { return &o.All }),
		},
	}
}

func (d *doors) pruneVolumes(ctx context.Context, o bind.Both[pruneOptions, Volume]) ([]string, error) {
	all, err := d.Volumes.List(ctx)
	if err == nil {
		all, err = o.Select.Keep(ctx, all)
	}
	if err != nil {
		return nil, err
	}
	return sweep(all, Volume.Name, func(v Volume) (bool, error) {
		seen, err := v.Look(ctx)
		if err != nil || seen.Protected || !seen.Anonymous && !o.Options.All {
			return false, err
		}
		return true, v.Remove(ctx)
	})
}

func (d *doors) getVolume(ctx context.Context, ref string) (Volume, error) {
	return d.Volumes.Get(ctx, ref)
}

func (d *doors) findVolume(ctx context.Context, ref string) (Volume, error) {
	return d.Volumes.Find(ctx, ref)
}
