package keeper

import (
	"context"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/process"
	"neap/runtime/store"
)

// again sets the restart that the policy wants, if it wants one.
func (k *keeper) again(c *container.Container, end Ending, lived time.Duration) {
	wish, err := c.Wish()
	if err != nil || wish.Stopped {
		return
	}
	lock, err := c.Lock(k.ctx)
	if err != nil {
		return
	}
	defer lock.Unlock()
	wish, err = c.Wish()
	last, errLast := c.Last()
	if err != nil || errLast != nil || wish.Stopped || last.Start != end.Start {
		return
	}
	due := wish.Restart.Next(*last, lived, k.Clock())
	if due == nil {
		return
	}
	if err := c.SetDue(due); err != nil {
		k.Log("restart %s: %v", container.Short(c.ID), err)
		return
	}
	k.plan(c.ID, due)
}

// plan makes a restart happen at its time.
func (k *keeper) plan(id string, due *container.Due) {
	k.after("restart/"+id, due.At, func() { k.restart(id, due.Count) })
}

// restart starts a container by its policy. One that does not come up counts
// as one that failed at once.
func (k *keeper) restart(id string, count int) {
	c := k.Containers.With(id)
	last, err := c.Last()
	if err != nil {
		return
	}
	if due, err := c.Due(); err != nil || due == nil || due.Count != count {
		return
	}
	if _, err := k.start(k.ctx, id, last.Start+1, nil); err != nil {
		k.Log("restart %s: %v", container.Short(id), err)
		go k.again(c, Ending{Start: last.Start + 1, Code: 127}, 0)
	}
}

// lease is who ends a pause if nobody else does: a time, the end of a process,
// or both, whichever is first.
type lease struct {
	Until time.Time `json:"until,omitzero"`
	Pid   int       `json:"pid,omitempty"`
	Ticks uint64    `json:"ticks,omitempty"`
}

// setLease records a lease and watches it.
func (k *keeper) setLease(id string, l lease) error {
	if !k.Containers.With(id).Exists() {
		return fault.New(fault.NotFound, "there is no such container")
	}
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Save(container.LeaseFile, l, store.Quick); err != nil {
		return err
	}
	k.watchLease(id, l)
	return nil
}

func (k *keeper) watchLease(id string, l lease) {
	if !l.Until.IsZero() {
		k.after("lease/"+id, l.Until, func() { k.endLease(id, l) })
		return
	}
	k.after("lease/"+id, k.Clock().Add(24*365*time.Hour), func() {})
	holder, err := process.Open(l.Pid, l.Ticks)
	if err != nil {
		go k.endLease(id, l)
		return
	}
	k.letGo(id)
	k.mu.Lock()
	k.holders[id] = holder
	k.mu.Unlock()
	go func() {
		waitDead(holder)
		if process.Alive(l.Pid, l.Ticks) {
			return // it was let go
		}
		k.mu.Lock()
		if k.holders[id] == holder {
			delete(k.holders, id)
		}
		k.mu.Unlock()
		_ = holder.Close()
		k.endLease(id, l)
	}()
}

// letGo ends the wait for the process that holds a lease.
func (k *keeper) letGo(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if holder := k.holders[id]; holder != nil {
		_ = holder.Close()
		delete(k.holders, id)
	}
}

// endLease thaws, unless the lease was given up or replaced.
func (k *keeper) endLease(id string, l lease) {
	if !k.Containers.With(id).Exists() {
		k.cancel("lease/" + id)
		return
	}
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return
	}
	defer dir.Close()
	var now lease
	if err := dir.Load(container.LeaseFile, &now); err != nil || now.Pid != l.Pid || now.Ticks != l.Ticks || !now.Until.Equal(l.Until) {
		return
	}
	if err := k.Work.Thaw(k.ctx, id); err != nil {
		k.Log("end the pause of %s: %v", container.Short(id), err)
	}
	_ = dir.Remove(container.LeaseFile)
	k.cancel("lease/" + id)
}

// dropLease gives a lease up without a thaw.
func (k *keeper) dropLease(id string) error {
	k.cancel("lease/" + id)
	k.letGo(id)
	if !k.Containers.With(id).Exists() {
		return nil
	}
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return err
	}
	defer dir.Close()
	if !dir.Exists(container.LeaseFile) {
		return nil
	}
	return dir.Remove(container.LeaseFile)
}

// cancelRestart ends the wait for a restart.
func (k *keeper) cancelRestart(_ context.Context, id string) error {
	k.cancel("restart/" + id)
	return k.Containers.With(id).SetDue(nil)
}
