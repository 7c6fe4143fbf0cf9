// Package container is the noun: what is recorded of a container, how its
// state is derived, who may change it when, and the acts that need nothing but
// the container itself and its cgroup.
//
// It does not know images, volumes, networks or ports (the engine joins them),
// how a process gets its walls, nor the keeper.
package container

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/cgroup"
	"neap/runtime/fault"
	"neap/runtime/store"
)

// The files of a container, below its directory in the two trees.
const (
	planFile   = "plan.json"
	wishFile   = "wish.json"
	lastFile   = "last.json"
	removeFile = "remove.json"
	factsFile  = "facts.json"
	dueFile    = "due.json"
)

// Options is what a set of containers is opened with.
type Options struct {
	Store   *store.Store
	Cgroups *cgroup.Tree
	Boot    string // the id of this boot
}

// Containers is every container of a root.
type Containers struct {
	dir   store.Dir // lib/containers
	run   store.Dir // run/containers
	names store.Dir // lib/names
	tree  *cgroup.Tree
	boot  string
}

// Open opens the containers of a root. Close it.
func Open(o Options) (*Containers, error) {
	cs := &Containers{tree: o.Cgroups, boot: o.Boot}
	var err error
	if cs.dir, err = o.Store.Lib.Sub("containers"); err != nil {
		return nil, err
	}
	if cs.run, err = o.Store.Run.Sub("containers"); err != nil {
		return nil, errors.Join(err, cs.dir.Close())
	}
	if cs.names, err = o.Store.Lib.Sub("names"); err != nil {
		return nil, errors.Join(err, cs.dir.Close(), cs.run.Close())
	}
	return cs, nil
}

// Close closes the directories.
func (cs *Containers) Close() error {
	return errors.Join(cs.dir.Close(), cs.run.Close(), cs.names.Close())
}

// With is the handle of the container with this full id, which need not exist.
func (cs *Containers) With(id string) *Container {
	return &Container{ID: id, set: cs, group: cs.tree.Group(id)}
}

// IDs lists the full ids of all containers, in no useful order. It takes no
// lock.
func (cs *Containers) IDs() ([]string, error) {
	f, err := cs.dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return slices.DeleteFunc(names, func(n string) bool { return !isID(n) }), err
}

// List gives every container, the newest first.
func (cs *Containers) List(ctx context.Context) ([]*Container, error) {
	ids, err := cs.IDs()
	if err != nil {
		return nil, fault.Wrap("list containers", "", err)
	}
	all := make([]*Container, 0, len(ids))
	born := make(map[string]int64, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := cs.With(id)
		plan, err := c.Plan()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since, or never completed
		}
		if err == nil {
			born[id] = plan.Created.UnixNano()
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b *Container) int {
		return cmp.Or(cmp.Compare(born[b.ID], born[a.ID]), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Find gives the container that ref names: its full id, its name, or the
// beginning of its id, in this order. It is nil without an error if there is
// none, and fault.Conflict if the beginning fits several.
func (cs *Containers) Find(ref string) (*Container, error) {
	ref = strings.TrimPrefix(ref, "/")
	if isID(ref) && cs.dir.Exists(ref) {
		return cs.With(ref), nil
	}
	if ValidName(ref) == nil {
		owner, err := cs.names.Holder(ref)
		if err != nil {
			return nil, fault.Wrap("find container", ref, err)
		}
		if id := strings.TrimPrefix(owner, claimOf); isID(id) && cs.dir.Exists(id) {
			return cs.With(id), nil
		}
	}
	return cs.findPrefix(ref)
}

func (cs *Containers) findPrefix(ref string) (*Container, error) {
	if ref == "" || !only(ref, hexDigits) {
		return nil, nil
	}
	ids, err := cs.IDs()
	if err != nil {
		return nil, fault.Wrap("find container", ref, err)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, ref) })
	switch len(ids) {
	case 0:
		return nil, nil
	case 1:
		return cs.With(ids[0]), nil
	default:
		return nil, Several(ref, ids)
	}
}

// Several is the fault.Conflict of the beginning of several ids.
func Several(ref string, ids []string) error {
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = Short(id)
	}
	return &fault.Error{
		Kind: fault.Conflict, Op: "find container", Object: ref,
		Message: "several ids begin so: " + strings.Join(short, ", "),
		Hint:    "write more digits, or the name",
	}
}

// claimOf is where the claim of a name points, so that it can be followed by
// hand.
const claimOf = "../containers/"

// TakeName makes name the container's. It is fault.Exists, naming the holder,
// if another has it. The claim of a container that exists no more, and is not
// just being made, is rubbish and is taken over.
func (cs *Containers) TakeName(name, id string) error {
	for range 3 {
		err := cs.names.Claim(name, claimOf+id)
		if !fault.Is(err, fault.Exists) {
			return err
		}
		holder, _ := cs.names.Holder(name)
		rubbish, err := cs.dropRubbish(name, strings.TrimPrefix(holder, claimOf))
		if err != nil {
			return err
		}
		if !rubbish {
			return Taken(name, strings.TrimPrefix(holder, claimOf))
		}
	}
	return fault.New(fault.Busy, "the name %s changes hands all the time", name)
}

// Taken is the fault.Exists of a name that the container with this id has.
func Taken(name, holder string) error {
	return &fault.Error{
		Kind: fault.Exists, Message: "the name is taken by container " + Short(holder),
		Hint: "remove or rename that one (neap rm " + name + "), or choose another name",
	}
}

// dropRubbish releases the claim of holder if neither its directory nor a
// locked draft exists.
func (cs *Containers) dropRubbish(name, holder string) (bool, error) {
	lock, err := cs.names.Lock(context.Background(), ".lock", store.Exclusive)
	if err != nil {
		return false, err
	}
	defer lock.Unlock()
	if cs.dir.Exists(holder) {
		return false, nil
	}
	switch held, err := cs.dir.TryLockDir(draftOf(holder), store.Exclusive); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || held == nil:
		return false, err
	default:
		defer held.Unlock()
	}
	return true, cs.names.Release(name, claimOf+holder)
}

// DropNames gives up the names whose containers are gone.
func (cs *Containers) DropNames() error {
	names, err := cs.names.Names(".")
	all := []error{err}
	for _, name := range names {
		owner, err := cs.names.Holder(name)
		if err == nil && !cs.dir.Exists(strings.TrimPrefix(owner, claimOf)) {
			_, err = cs.dropRubbish(name, strings.TrimPrefix(owner, claimOf))
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// DropName gives a name up if the container has it.
func (cs *Containers) DropName(name, id string) error {
	if name == "" {
		return nil
	}
	return cs.names.Release(name, claimOf+id)
}

const (
	hexDigits = "0123456789abcdef"
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}

func only(s, of string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(of, r) })
}

// Short is the 12 digits that people read.
func Short(id string) string { return id[:min(len(id), 12)] }

// ValidName is fault.Invalid unless name may be a container's, by Docker's
// rule.
func ValidName(name string) error {
	if name != "" && len(name) <= 128 && only(name[:1], letters) && only(name, letters+"_.-") {
		return nil
	}
	return &fault.Error{
		Kind: fault.Invalid, Object: name, Op: "use the name",
		Message: "a name is letters, digits, '_', '.' and '-', and begins with a letter or digit; at most 128",
	}
}

func draftOf(id string) string { return ".new-" + id }
func goneOf(id string) string  { return ".gone-" + id }

// Strays lists the ids of which something is there, and no container: half
// made, nearly removed, or gone with the boot that had their records.
func (cs *Containers) Strays() ([]string, error) {
	var strays []string
	for _, dir := range []store.Dir{cs.dir, cs.run} {
		f, err := dir.Open(".")
		if err != nil {
			return nil, err
		}
		names, err := f.Readdirnames(-1)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		for _, n := range names {
			id := strings.TrimPrefix(strings.TrimPrefix(n, ".new-"), ".gone-")
			if isID(id) && (id != n || !cs.complete(id)) {
				strays = append(strays, id)
			}
		}
	}
	slices.Sort(strays)
	return slices.Compact(strays), nil
}

// complete says whether the container has its directory and a plan, readable
// or not.
func (cs *Containers) complete(id string) bool {
	return cs.dir.Exists(id) && (cs.dir.Exists(id+"/"+planFile) || cs.run.Exists(id+"/"+planFile))
}

// Discard removes what a broken creation or removal left, unless somebody
// holds it.
func (cs *Containers) Discard(id string) error {
	for _, name := range []string{draftOf(id), id} {
		held, err := cs.dir.TryLockDir(name, store.Exclusive)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || held == nil || cs.complete(id) {
			return errors.Join(err, held.Unlock())
		}
		if err := errors.Join(cs.dir.RemoveAll(name), held.Unlock()); err != nil {
			return err
		}
	}
	return errors.Join(cs.bury(id), cs.run.RemoveAll(id))
}

// bury removes what a removal has put aside. Two may be at it, and one who
// lists a directory while the other empties it can miss an entry.
func (cs *Containers) bury(id string) error {
	for try := 0; ; try++ {
		err := cs.dir.RemoveAll(goneOf(id))
		if !errors.Is(err, unix.ENOTEMPTY) || try == 20 {
			return err
		}
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Lost says whether there is no container of the id, and nobody is making it.
func (cs *Containers) Lost(id string) bool {
	if cs.complete(id) {
		return false
	}
	held, err := cs.dir.TryLockDir(draftOf(id), store.Exclusive)
	if err == nil && held != nil {
		_ = held.Unlock()
		return true
	}
	return errors.Is(err, fs.ErrNotExist)
}
