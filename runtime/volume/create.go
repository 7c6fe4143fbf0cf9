package volume

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/scope"
	"neap/runtime/store"
)

// CreateOptions is how a volume is made.
type CreateOptions struct {
	Driver    string            `json:"driver,omitzero"` // "" or "local"
	Labels    map[string]string `json:"labels,omitzero"`
	Options   map[string]string `json:"options,omitzero"`   // type=none, o=bind and device=PATH: the data is that directory of the host
	Anonymous bool              `json:"anonymous,omitzero"` // implied by an empty name
}

// Create makes a volume; name "" makes one up. It survives power loss. One
// that exists is returned as it is if no options are asked or it has the same;
// else it is fault.Exists. What the local driver cannot do is
// fault.Unsupported.
func (v *Volumes) Create(ctx context.Context, name string, o CreateOptions) (*Volume, error) {
	if name == "" {
		name, o.Anonymous = v.o.ID(), true
	}
	vol, err := v.create(ctx, name, o)
	return vol, fault.Wrap("create volume", name, err)
}

func (v *Volumes) create(ctx context.Context, name string, o CreateOptions) (*Volume, error) {
	if err := cmp.Or(CheckName(name), o.Check()); err != nil {
		return nil, err
	}
	all, err := v.dir()
	if err != nil {
		return nil, err
	}
	defer all.Close()
	lock, err := all.Lock(ctx, lockPrefix+name, store.Exclusive)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
	if all.Exists(name) {
		return v.existing(name, o)
	}
	r := record{
		ID: v.o.ID(), Driver: "local", Labels: clone(o.Labels), Options: clone(o.Options),
		Created: v.o.Clock().UTC(), Anonymous: o.Anonymous,
	}
	if err := scope.Making(ctx, scope.Thing{Kind: scope.Volume, ID: r.ID}); err != nil {
		return nil, err
	}
	if err := build(all, name, r); err != nil {
		return nil, err
	}
	return v.load(name)
}

func clone(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

func (v *Volumes) existing(name string, o CreateOptions) (*Volume, error) {
	vol, err := v.load(name)
	if err == nil {
		err = o.Same(vol)
	}
	return vol, err
}

// Same is fault.Exists if a volume that is there is not as it is asked for.
func (o CreateOptions) Same(vol *Volume) error {
	if len(o.Options) > 0 && !maps.Equal(o.Options, vol.Options) {
		return fault.New(fault.Exists, "it exists with other options")
	}
	return nil
}

// build makes the volume under a draft's name and renames it; the name's lock
// is held, so an old draft is nobody's.
func build(all store.Dir, name string, r record) (err error) {
	draft := newPrefix + name
	if err := all.RemoveAll(draft); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, all.RemoveAll(draft))
		}
	}()
	d, err := all.Sub(draft)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := errors.Join(d.Mkdir(dataDir, 0o755), d.Chmod(dataDir, 0o755), d.Mkdir(usersDir, 0o700)); err != nil {
		return err
	}
	if err := d.Chtimes(usersDir, time.Time{}, time.Unix(0, 0)); err != nil { // never used
		return err
	}
	if err := d.Save(recordFile, r, store.Durable); err != nil {
		return err
	}
	if err := all.Rename(draft, name); err != nil {
		return err
	}
	return all.Sync(".")
}

// Check says what the local driver cannot do.
func (o CreateOptions) Check() error {
	if o.Driver != "" && o.Driver != "local" {
		return fault.New(fault.Unsupported, "there is no volume driver %q", o.Driver).WithHint("the only driver is local")
	}
	kind, device, how := o.Options["type"], o.Options["device"], o.Options["o"]
	for key := range o.Options {
		if !slices.Contains([]string{"type", "device", "o"}, key) {
			return fault.New(fault.Unsupported, "the local driver has no option %q", key).WithHint("it has type, device and o")
		}
	}
	switch {
	case len(o.Options) == 0:
		return nil
	case kind == "tmpfs":
		return fault.New(fault.Unsupported, "a volume cannot be a tmpfs").WithHint("give the container one: --tmpfs PATH")
	case kind != "" && kind != "none" && kind != "bind":
		return fault.New(fault.Unsupported, "the local driver mounts no %s", kind).
			WithHint("mount it on the host and name that directory: type=none, o=bind, device=PATH")
	case !slices.Contains(strings.Split(how, ","), "bind") && !slices.Contains(strings.Split(how, ","), "rbind"):
		return fault.New(fault.Invalid, "a device needs o=bind")
	case !filepath.IsAbs(device) || filepath.Clean(device) == "/":
		return fault.New(fault.Invalid, "device must be the absolute path of a directory, not %q", device)
	}
	return nil
}
