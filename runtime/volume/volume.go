// Package volume keeps data that outlives containers: directories with a name,
// who uses them, and how a mount is written.
//
// It knows names, labels, options, users and the words of -v, --mount and
// --tmpfs. It does not know containers (a user is an id), nor how anything is
// mounted or copied.
package volume

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// A Volume is what is known of one at the time of asking.
type Volume struct {
	Name      string
	ID        string            // 64 hex digits that no other volume has; "" if an older neap made it
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
	ID        string `json:",omitempty"`
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
		Name: name, ID: r.ID, Driver: r.Driver, Labels: r.Labels, Options: r.Options, Created: r.Created,
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
