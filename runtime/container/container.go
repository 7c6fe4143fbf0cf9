package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"neap/runtime/cgroup"
	"neap/runtime/fault"
	"neap/runtime/output"
	"neap/runtime/process"
	"neap/runtime/store"
)

// Container is a handle. It stays valid when the container is gone: then all
// reads are fs.ErrNotExist.
type Container struct {
	ID    string
	set   *Containers
	group *cgroup.Group
	plan  atomic.Pointer[Plan] // once read: it does not change
}

// Group is its cgroup.
func (c *Container) Group() *cgroup.Group { return c.group }

// home is the tree that has the records. Those of a container that removes
// itself end with the boot, as it would, and cost no disk.
func (c *Container) home() store.Dir {
	if p := c.plan.Load(); p != nil && !p.AutoRemove {
		return c.set.dir
	}
	if c.set.run.Exists(c.ID + "/" + planFile) {
		return c.set.run
	}
	return c.set.dir
}

// load reads a record, wherever it is.
func (c *Container) load(name string, v any) error {
	first, second := c.set.dir, c.set.run
	if p := c.plan.Load(); p != nil && p.AutoRemove {
		first, second = second, first
	}
	err := first.Load(c.ID+"/"+name, v)
	if errors.Is(err, fs.ErrNotExist) {
		err = second.Load(c.ID+"/"+name, v)
	}
	return err
}

// Plan reads what was asked, once in the life of the handle. What it points to
// may not be changed.
func (c *Container) Plan() (*Plan, error) {
	var p Plan
	if known := c.plan.Load(); known != nil && c.Exists() {
		p = *known
		return &p, nil
	}
	if err := c.load(planFile, &p); err != nil {
		return &p, err
	}
	known := p
	c.plan.Store(&known)
	return &p, nil
}

// Forget lets go of what the handle has in memory.
func (c *Container) Forget() { c.plan.Store(nil) }

// Wish reads what may change.
func (c *Container) Wish() (*Wish, error) {
	var w Wish
	return &w, c.load(wishFile, &w)
}

// SetWish replaces what may change. Preconditions: the caller holds the lock.
func (c *Container) SetWish(w *Wish) error {
	return c.home().Save(c.ID+"/"+wishFile, w, store.Durable)
}

// Last reads what is known of the last start; zero if there was none.
func (c *Container) Last() (*Last, error) {
	var l Last
	err := c.load(lastFile, &l)
	return &l, ignoreAbsent(err)
}

// SetLast replaces what is known of the last start. Preconditions: the caller
// holds the lock. Quick, since a start that power loss forgets left nothing.
func (c *Container) SetLast(l *Last) error {
	return c.home().Save(c.ID+"/"+lastFile, l, store.Quick)
}

// Facts reads what it has in the kernel, nil if nothing in this boot.
func (c *Container) Facts() (*Facts, error) {
	var f Facts
	switch err := c.set.run.Load(c.ID+"/"+factsFile, &f); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case f.Boot != c.set.boot:
		return nil, nil
	}
	return &f, nil
}

// SetFacts records what it has in the kernel; nil forgets it.
func (c *Container) SetFacts(f *Facts) error {
	return c.saveRun(factsFile, f, f == nil)
}

// Due reads the restart that waits, nil if none does.
func (c *Container) Due() (*Due, error) {
	var d Due
	switch err := c.set.run.Load(c.ID+"/"+dueFile, &d); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &d, nil
}

// SetDue records a restart that waits; nil cancels it.
func (c *Container) SetDue(d *Due) error { return c.saveRun(dueFile, d, d == nil) }

func (c *Container) saveRun(name string, v any, forget bool) error {
	if forget {
		return ignoreAbsent(c.set.run.Remove(c.ID + "/" + name))
	}
	if err := c.set.run.MkdirAll(c.ID, 0o700); err != nil {
		return err
	}
	return c.set.run.Save(c.ID+"/"+name, v, store.Quick)
}

// Logs is where its output lies.
func (c *Container) Logs() output.Files { return output.Files{Dir: c.set.dir, Path: c.ID + "/log"} }

// Run makes and opens its directory in the tree that ends with the boot.
func (c *Container) Run() (store.Dir, error) { return c.set.run.Sub(c.ID) }

// Path is the absolute path of a file of it.
func (c *Container) Path(name ...string) string {
	return c.set.dir.Join(append([]string{c.ID}, name...)...)
}

// RunPath is the absolute path of a file of it in the tree that ends with the
// boot.
func (c *Container) RunPath(name ...string) string {
	return c.set.run.Join(append([]string{c.ID}, name...)...)
}

// Exists says whether its directory is there.
func (c *Container) Exists() bool { return c.set.dir.Exists(c.ID) }

// Name is its name now, or its short id if it cannot be read.
func (c *Container) Name() string {
	if w, err := c.Wish(); err == nil && w.Name != "" {
		return w.Name
	}
	return Short(c.ID)
}

// Lock takes the container's lock exclusively; it is fault.Busy, saying so,
// after 30 s or when ctx ends. It is fault.NotFound once the container is
// gone.
func (c *Container) Lock(ctx context.Context) (*store.Lock, error) {
	lock, err := c.set.dir.LockDir(ctx, c.ID, store.Exclusive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Gone(c.ID)
	}
	return lock, err
}

// Gone is the fault.NotFound of the handle of a container that was removed.
func Gone(id string) error {
	return &fault.Error{Kind: fault.NotFound, Object: Short(id), Op: "find container", Message: "it was removed"}
}

// Look sees what it is doing now. It takes no lock. A container that is gone
// is fault.NotFound.
func (c *Container) Look() (Sight, error) {
	if !c.Exists() {
		return Sight{}, Gone(c.ID)
	}
	s := Sight{Complete: true, Doomed: c.doomed()}
	if _, err := c.Plan(); err != nil {
		s.Damaged = true
		return s, nil
	}
	if s.Doomed {
		lock, err := c.set.dir.TryLockDir(c.ID, store.Shared)
		s.Held = err == nil && lock == nil
		return s, errors.Join(err, lock.Unlock())
	}
	last, err := c.Last()
	if err != nil {
		s.Damaged = true
		return s, nil
	}
	s.Started = last.Start > 0
	if err := c.lookAlive(&s); err != nil || s.Alive || !last.Starting(c.set.boot) {
		return s, err
	}
	s.Started, s.Due = last.Before.Start > 0, s.Due || last.Restarts > 0
	return s, nil
}

func (c *Container) lookAlive(s *Sight) error {
	facts, err := c.Facts()
	if err != nil {
		s.Damaged = true
		return nil
	}
	if facts != nil && process.Alive(facts.Pid, facts.Ticks) {
		s.Alive = true
		s.Frozen, err = c.group.Frozen()
		return err
	}
	due, err := c.Due()
	s.Due = due != nil
	return err
}

// LeaseFile is where the keeper notes, in Run, who ends a pause.
const LeaseFile = "lease.json"

// Leased says whether its pause ends by itself.
func (c *Container) Leased() bool { return c.set.run.Exists(c.ID + "/" + LeaseFile) }

// State is what it is doing now.
func (c *Container) State() (State, error) {
	s, err := c.Look()
	if fault.Is(err, fault.NotFound) {
		return Removed, nil
	}
	return s.State(), err
}

// Do is the one door through which a container changes: lock, look, check,
// step. The step saves what it did. The error says the verb and the name.
func (c *Container) Do(ctx context.Context, verb string, step func(State) error) error {
	lock, err := c.Lock(ctx)
	if err != nil {
		return c.wrap(verb+" container", err)
	}
	defer lock.Unlock()
	return c.Holding(verb, step)
}

// Holding is Do for a caller that holds the lock already.
func (c *Container) Holding(verb string, step func(State) error) error {
	seen, err := c.Look()
	if err == nil {
		now := seen.State()
		if now == Removing {
			now = Dead // the lock is ours: nobody else is at it
		}
		if err = Check(verb, now); err == nil {
			err = step(now)
		}
	}
	return c.wrap(verb+" container", err)
}

// wrap names what was done and the container, which costs a look at its record.
func (c *Container) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(op, c.Name(), err)
}

// Draft is a container that is being made: nobody sees it until Commit.
type Draft struct {
	*Container
	lock *store.Lock
}

// Draft makes the hidden directory of a new container, with its lock held.
// The caller ends it with Commit or Abandon.
func (cs *Containers) Draft(ctx context.Context, id string) (*Draft, error) {
	if !isID(id) {
		return nil, fault.New(fault.Bug, "%q is no container id", id)
	}
	if err := cs.dir.Mkdir(draftOf(id), 0o700); err != nil {
		return nil, err
	}
	lock, err := cs.dir.LockDir(ctx, draftOf(id), store.Exclusive)
	if err != nil {
		return nil, errors.Join(err, cs.dir.RemoveAll(draftOf(id)))
	}
	return &Draft{cs.With(id), lock}, nil
}

// Commit writes the records and shows the container: after it, the container
// exists, also after power loss.
func (d *Draft) Commit(p *Plan, w *Wish) error {
	home, at, owed := d.set.dir, draftOf(d.ID), store.Durable
	if p.AutoRemove { // power loss would remove it too
		home, at, owed = d.set.run, d.ID, store.Quick
		if err := home.Mkdir(at, 0o700); err != nil {
			return err
		}
	}
	if err := home.Fill(at, owed, store.File{Name: wishFile, Value: w}, store.File{Name: planFile, Value: p}); err != nil {
		return err
	}
	if err := d.show(owed); err != nil {
		return fmt.Errorf("show container %s: %w", Short(d.ID), err)
	}
	return d.lock.Unlock()
}

func (d *Draft) show(owed store.Durability) error {
	err := d.set.dir.Rename(draftOf(d.ID), d.ID)
	if err != nil || owed == store.Quick {
		return err
	}
	if err = d.set.dir.Sync("."); err != nil {
		err = errors.Join(err, d.set.dir.Rename(d.ID, draftOf(d.ID)))
	}
	return err
}

// Abandon removes the draft.
func (d *Draft) Abandon() error {
	return errors.Join(d.set.dir.RemoveAll(draftOf(d.ID)), d.set.run.RemoveAll(d.ID), d.lock.Unlock())
}
