// Package volume keeps data that outlives containers: directories with a name,
// who uses them, and how a mount is written.
//
// It knows names, labels, options, users and the words of -v, --mount and
// --tmpfs. It does not know containers (a user is an id), nor how anything is
// mounted or copied.
package volume

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// A Volume is what is known of one at the time of asking.
type Volume struct {
	Name      string
	Driver    string            // "local"
	Labels    map[string]string // nil for none
	Options   map[string]string // of the driver; nil for none
	Created   time.Time
	LastUsed  time.Time // when a container last began or ended to use it; zero for never
	Anonymous bool      // nobody chose the name
	Protected bool      // Remove refuses
	Path      string    // of the data on the host
	Damaged   string    // why its record cannot be read; "" if it can
}

// record is volume.json.
type record struct {
	Driver    string
	Labels    map[string]string `json:",omitempty"`
	Options   map[string]string `json:",omitempty"`
	Created   time.Time
	Anonymous bool `json:",omitempty"`
	Protected bool `json:",omitempty"`
	Fill      fill `json:",omitempty"`
}

// Options is what Volumes needs.
type Options struct {
	Store *store.Store
	Clock func() time.Time
	ID    func() string // makes 64 hex digits up, new ones at each call
}

// Volumes are all volumes of a root. It is safe for concurrent use, by other
// processes too.
type Volumes struct{ o Options }

// Open gives the volumes of a root. It does no I/O and needs no closing.
func Open(o Options) *Volumes { return &Volumes{o} }

// The names in the directory of a volume, beside which .new-NAME is one being
// made, .old-NAME one being removed and .lock-NAME the lock of the name.
const (
	recordFile = "volume.json"
	dataDir    = "data"
	usersDir   = "users"
	newPrefix  = ".new-"
	oldPrefix  = ".old-"
	lockPrefix = ".lock-"
)

func (v *Volumes) dir() (store.Dir, error) { return v.o.Store.Lib.Sub("volumes") }

// enter opens the directory of one volume, fault.NotFound if it has none.
func (v *Volumes) enter(name string) (store.Dir, error) {
	if err := CheckName(name); err != nil {
		return store.Dir{}, err
	}
	all, err := v.dir()
	if err != nil {
		return store.Dir{}, err
	}
	defer all.Close()
	d, err := all.Enter(name)
	if errors.Is(err, fs.ErrNotExist) {
		return d, v.missing(name)
	}
	return d, err
}

// Find gives the volume called name, or the anonymous one whose name begins
// so. It is nil without an error if there is none, fault.Invalid if several
// begin so, and fault.Damaged if its record cannot be read.
func (v *Volumes) Find(name string) (*Volume, error) {
	vol, err := v.find(name)
	return vol, fault.Wrap("find volume", name, err)
}

func (v *Volumes) find(name string) (*Volume, error) {
	vol, err := v.load(name)
	if !fault.Is(err, fault.NotFound, fault.Invalid) {
		return vol, err
	}
	names, err := v.names()
	if err != nil {
		return nil, err
	}
	full, err := Begins(name, names)
	if err != nil || full == "" {
		return nil, err
	}
	return v.load(full)
}

// Begins is the anonymous one of the names that begins so; "" if there is none,
// fault.Invalid if there are several.
func Begins(name string, names []string) (string, error) {
	if len(name) < 2 {
		return "", nil
	}
	fits := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !madeUp(n) || !strings.HasPrefix(n, name) })
	switch len(fits) {
	case 0:
		return "", nil
	case 1:
		return fits[0], nil
	}
	return "", fault.New(fault.Invalid, "%d volumes begin so", len(fits)).WithHint("give more digits")
}

// madeUp says whether a name is as an anonymous volume has it.
func madeUp(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// Get is Find, but fault.NotFound, naming near ones, if there is none.
func (v *Volumes) Get(name string) (*Volume, error) {
	vol, err := v.Find(name)
	if vol == nil && err == nil {
		err = fault.Wrap("find volume", name, v.missing(name))
	}
	return vol, err
}

// missing is fault.NotFound with the names that are near.
func (v *Volumes) missing(name string) error {
	names, _ := v.names()
	return Missing(name, names)
}

// Missing is the fault.NotFound of a name that none of the volumes has.
func Missing(name string, names []string) error {
	err := fault.New(fault.NotFound, "there is no volume of that name")
	if near := fault.Near(name, names); near != "" {
		return err.WithHint("did you mean %q?", near)
	}
	return err
}

func (v *Volumes) names() ([]string, error) {
	all, err := v.dir()
	if err != nil {
		return nil, err
	}
	defer all.Close()
	return all.Names(".")
}

// List gives all volumes, by name. One whose record cannot be read is among
// them, with Damaged saying why.
func (v *Volumes) List() ([]*Volume, error) {
	names, err := v.names()
	if err != nil {
		return nil, fault.Wrap("list volumes", "", err)
	}
	var all []*Volume
	for _, name := range names {
		vol, err := v.load(name)
		switch {
		case fault.Is(err, fault.NotFound): // removed meanwhile
			continue
		case err != nil:
			vol = &Volume{Name: name, Damaged: err.Error()}
		}
		all = append(all, vol)
	}
	return all, nil
}

func (v *Volumes) load(name string) (*Volume, error) {
	d, err := v.enter(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	r, err := readRecord(d)
	if err != nil {
		return nil, err
	}
	return view(d, name, r), nil
}

func readRecord(d store.Dir) (record, error) {
	var r record
	err := d.Load(recordFile, &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = &fault.Error{Kind: fault.Damaged, Message: d.Join(recordFile) + " is missing"}
	}
	return r, err
}

func view(d store.Dir, name string, r record) *Volume {
	vol := &Volume{
		Name: name, Driver: r.Driver, Labels: r.Labels, Options: r.Options, Created: r.Created,
		Anonymous: r.Anonymous, Protected: r.Protected, Path: d.Join(dataDir),
	}
	if device := r.Options["device"]; device != "" {
		vol.Path = device
	}
	if st, err := d.Lstat(usersDir); err == nil && st.ModTime().Unix() > 0 { // the epoch says never
		vol.LastUsed = st.ModTime()
	}
	return vol
}

// CreateOptions is how a volume is made.
type CreateOptions struct {
	Driver    string // "" or "local"
	Labels    map[string]string
	Options   map[string]string // type=none, o=bind and device=PATH: the data is that directory of the host
	Anonymous bool              // implied by an empty name
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
	r := record{Driver: "local", Labels: clone(o.Labels), Options: clone(o.Options), Created: v.o.Clock().UTC(), Anonymous: o.Anonymous}
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

const longest = 200 // prefixes must fit into 255 too

// CheckName says what is wrong with a name.
func CheckName(name string) error {
	const alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if name == "" || len(name) > longest || !strings.Contains(alnum, name[:1]) || strings.Trim(name, alnum+"_.-") != "" {
		return fault.New(fault.Invalid, "%q is not a name for a volume", name).
			WithHint("use letters, digits, _ . and -, first a letter or digit, at most %d", longest)
	}
	return nil
}

// Data opens the directory of the data. The caller closes it.
func (v *Volumes) Data(name string) (*os.File, error) {
	f, err := v.data(name)
	return f, fault.Wrap("open volume", name, err)
}

func (v *Volumes) data(name string) (*os.File, error) {
	d, err := v.enter(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	r, err := readRecord(d)
	if err != nil {
		return nil, err
	}
	if device := r.Options["device"]; device != "" {
		return openDir(device)
	}
	if r.Fill == moving {
		if err := settle(context.Background(), d); err != nil {
			return nil, err
		}
	}
	return d.Open(dataDir)
}
