package volume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// Use says that a container uses the volume, until Drop. It may be said again.
func (v *Volumes) Use(ctx context.Context, name, container string) error {
	return fault.Wrap("use volume", name, v.hold(ctx, name, func(all store.Dir) error {
		d, err := v.enter(name)
		if err != nil {
			return err
		}
		defer d.Close()
		if err := d.MkdirAll(usersDir, 0o700); err != nil {
			return err
		}
		return d.Claim(usersDir+"/"+container, container)
	}))
}

// Drop says that a container uses the volume no more. It is nil if it did not,
// or if there is no such volume.
func (v *Volumes) Drop(name, container string) error {
	d, err := v.enter(name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fault.Wrap("drop volume", name, err)
	}
	defer d.Close()
	return fault.Wrap("drop volume", name, d.Release(usersDir+"/"+container, container))
}

// UsedBy lists the containers that use the volume, by id. It asks nobody
// whether they still exist.
func (v *Volumes) UsedBy(name string) ([]string, error) {
	d, err := v.enter(name)
	if err != nil {
		return nil, fault.Wrap("find users of volume", name, err)
	}
	defer d.Close()
	users, err := d.Names(usersDir)
	return users, fault.Wrap("find users of volume", name, err)
}

// hold runs fn under the lock of the name.
func (v *Volumes) hold(ctx context.Context, name string, fn func(all store.Dir) error) error {
	if err := CheckName(name); err != nil {
		return err
	}
	all, err := v.dir()
	if err != nil {
		return err
	}
	defer all.Close()
	if !all.Exists(name) {
		return v.missing(name)
	}
	lock, err := all.Lock(ctx, lockPrefix+name, store.Exclusive)
	if err != nil {
		return err
	}
	return cmp.Or(fn(all), lock.Unlock())
}

// Remove removes the volume and its data; the data of a volume of a directory
// of the host stays. It is fault.Busy, naming the users, while it has some,
// fault.Conflict if it is protected, fault.NotFound if there is none.
func (v *Volumes) Remove(ctx context.Context, name string) error { return v.remove(ctx, name, "") }

// RemoveMade removes the volume with this ID, whatever its name is. One that is
// gone is no error.
func (v *Volumes) RemoveMade(ctx context.Context, id string) error {
	all, err := v.List()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(vol *Volume) bool { return vol.ID == id })
	if at < 0 {
		return nil
	}
	if err := v.remove(ctx, all[at].Name, id); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// remove removes the volume of a name; with an id, only that very one.
func (v *Volumes) remove(ctx context.Context, name, id string) error {
	return fault.Wrap("remove volume", name, v.hold(ctx, name, func(all store.Dir) error {
		if vol, err := v.load(name); id != "" && (err != nil || vol.ID != id) {
			return v.missing(name)
		}
		if err := v.removable(name); err != nil {
			return err
		}
		// A kill from here on leaves .old-NAME to Sweep.
		if err := all.RemoveAll(oldPrefix + name); err != nil {
			return err
		}
		if err := all.Rename(name, oldPrefix+name); err != nil {
			return err
		}
		return cmp.Or(all.RemoveAll(oldPrefix+name), all.Remove(lockPrefix+name))
	}))
}

// unused is fault.Busy, with the users as Detail, if there are some.
func (v *Volumes) unused(name string) error {
	users, err := v.UsedBy(name)
	if err != nil {
		return err
	}
	return Unused(users)
}

// Unused is fault.Busy, with the users as Detail, if there are some.
func Unused(users []string) error {
	if len(users) == 0 {
		return nil
	}
	busy := fault.New(fault.Busy, "in use by %s", strings.Join(short(users), ", "))
	busy.Detail = users
	return busy.WithHint("remove the containers first")
}

func (v *Volumes) removable(name string) error {
	if err := v.unused(name); err != nil {
		return err
	}
	if vol, err := v.load(name); err == nil { // one that is damaged may go
		return vol.Unprotected()
	}
	return nil
}

// Unprotected is fault.Conflict if it may not be removed.
func (vol *Volume) Unprotected() error {
	if vol.Protected {
		return fault.New(fault.Conflict, "it is protected").WithHint("unprotect it first")
	}
	return nil
}

// short cuts ids as they are shown.
func short(ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id[:min(len(id), 12)])
	}
	return all
}

// Protect sets whether Remove refuses.
func (v *Volumes) Protect(ctx context.Context, name string, on bool) error {
	return fault.Wrap("protect volume", name, v.hold(ctx, name, func(store.Dir) error {
		d, err := v.enter(name)
		if err != nil {
			return err
		}
		defer d.Close()
		lock, err := d.Lock(ctx, fillLock, store.Exclusive) // Fill writes the record too
		if err != nil {
			return err
		}
		defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
		r, err := readRecord(d)
		if err != nil {
			return err
		}
		r.Protected = on
		return d.Save(recordFile, r, store.Durable)
	}))
}

// Rename gives an unused volume another name, which counts as chosen only if
// it was before. It is fault.Exists if the name is taken.
func (v *Volumes) Rename(ctx context.Context, from, to string) (*Volume, error) {
	if err := CheckName(to); err != nil {
		return nil, fault.Wrap("rename volume", from, err)
	}
	err := v.hold(ctx, from, func(all store.Dir) error {
		if err := v.unused(from); err != nil {
			return err
		}
		lock, err := all.TryLock(lockPrefix+to, store.Exclusive) // waiting could deadlock with the opposite rename
		if err != nil {
			return err
		}
		defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
		if lock == nil || all.Exists(to) {
			return Taken(to)
		}
		if err := all.Rename(from, to); err != nil {
			return err
		}
		return cmp.Or(all.Remove(lockPrefix+from), all.Sync("."))
	})
	if err != nil {
		return nil, fault.Wrap("rename volume", from, err)
	}
	return v.Get(to)
}

// Taken is the fault.Exists of a name that another volume has.
func Taken(name string) error { return fault.New(fault.Exists, "there is a volume %q", name) }

// PruneOptions is which unused volumes go.
type PruneOptions struct {
	All   bool               // those with a chosen name too
	Match func(*Volume) bool // nil for every one
}

// Pruned is what Prune did.
type Pruned struct {
	Removed []string
	Freed   int64 // bytes
}

// Prune removes the volumes that nobody uses and that are not protected or
// damaged. It tries all; the error joins those of each.
func (v *Volumes) Prune(ctx context.Context, o PruneOptions) (Pruned, error) {
	all, err := v.List()
	if err != nil {
		return Pruned{}, err
	}
	var done Pruned
	var errs []error
	for _, vol := range all {
		if vol.Damaged != "" || vol.Protected || !vol.Anonymous && !o.All || o.Match != nil && !o.Match(vol) {
			continue
		}
		if users, err := v.UsedBy(vol.Name); err != nil || len(users) > 0 {
			continue
		}
		size, _ := v.Size(ctx, vol.Name)
		switch err := v.Remove(ctx, vol.Name); {
		case err == nil:
			done.Removed, done.Freed = append(done.Removed, vol.Name), done.Freed+size
		case !fault.Is(err, fault.NotFound, fault.Busy): // gone or taken meanwhile
			errs = append(errs, err)
		}
	}
	return done, errors.Join(errs...)
}

// Sweep removes what killed processes left: drafts and removals half done. It
// returns the paths removed.
func (v *Volumes) Sweep(ctx context.Context) ([]string, error) {
	all, err := v.dir()
	if err != nil {
		return nil, fault.Wrap("sweep volumes", "", err)
	}
	defer all.Close()
	names, err := entries(all, ".")
	if err != nil {
		return nil, fault.Wrap("sweep volumes", "", err)
	}
	var swept []string
	var errs []error
	for _, entry := range names {
		done, err := v.sweep(all, entry)
		if done {
			swept = append(swept, all.Join(entry))
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			errs = append(errs, ctx.Err())
			break
		}
	}
	return swept, fault.Wrap("sweep volumes", "", errors.Join(errs...))
}

// sweep removes one leftover if nobody holds the lock of its name.
func (v *Volumes) sweep(all store.Dir, entry string) (bool, error) {
	name, isLock := strings.CutPrefix(entry, lockPrefix)
	for _, prefix := range []string{newPrefix, oldPrefix} {
		if rest, ok := strings.CutPrefix(entry, prefix); ok {
			name = rest
		}
	}
	if name == entry || isLock && all.Exists(name) {
		return false, nil
	}
	lock, err := all.TryLock(lockPrefix+name, store.Exclusive)
	if lock == nil || err != nil {
		return false, err
	}
	defer lock.Unlock() //nolint:errcheck // dies with the process at the latest
	if isLock && all.Exists(name) {
		return false, nil
	}
	err = all.RemoveAll(entry)
	if !isLock && !all.Exists(name) {
		err = errors.Join(err, all.Remove(lockPrefix+name))
	}
	return err == nil, err
}

// Size adds up the bytes of the files, each counted once however many names
// it has.
func (v *Volumes) Size(ctx context.Context, name string) (int64, error) {
	f, err := v.Data(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	root, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return 0, fault.Wrap("measure volume", name, err)
	}
	defer root.Close()
	sum, err := store.Weigh(ctx, root)
	return sum, fault.Wrap("measure volume", name, err)
}

// Details is Docker's form of a volume.
type Details struct {
	CreatedAt  string
	Driver     string
	Labels     map[string]string
	Mountpoint string
	Name       string
	Options    map[string]string
	Scope      string
}

// Inspect gives Docker's form of a volume.
func (v *Volumes) Inspect(name string) (Details, error) {
	vol, err := v.Get(name)
	if err != nil {
		return Details{}, err
	}
	return vol.Details(), nil
}

// Details is it in Docker's form.
func (vol *Volume) Details() Details {
	return Details{
		CreatedAt: vol.Created.Format(time.RFC3339), Driver: vol.Driver, Labels: vol.Labels,
		Mountpoint: vol.Path, Name: vol.Name, Options: vol.Options, Scope: "local",
	}
}
