package keeper

import (
	"strings"

	"neap/runtime/container"
	"neap/runtime/process"
	"neap/runtime/warden"
)

// recover takes up what an earlier keeper, or an earlier boot, left: it
// watches who lives, puts away who died unseen, and sets restarts and leases
// again.
func (k *keeper) recover(held warden.Held) error {
	ids, err := k.Containers.IDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := k.takeUp(k.Containers.With(id), held); err != nil {
			k.Log("take up %s: %v", container.Short(id), err)
		}
	}
	for group := range held {
		k.link.Drop(group) // of containers that are gone
	}
	return k.Work.Sweep(k.ctx)
}

func (k *keeper) takeUp(c *container.Container, held warden.Held) error {
	plan, err := c.Plan()
	if err != nil {
		return err // damaged: rm -f clears it
	}
	last, err := c.Last()
	if err != nil {
		return err
	}
	k.takeUpLease(c.ID)
	k.takeUpExecs(c.ID)
	facts, living := alive(c)
	if facts == nil {
		return k.unseen(c, plan, last)
	}
	group := holdGroup(c.ID, facts.Start)
	near := held[group]
	delete(held, group)
	l := newLife(c, facts.Start)
	l.taken, l.removes = true, plan.AutoRemove
	l.pid, l.ticks, l.tty, l.input = facts.Pid, facts.Ticks, near["tty"], near["in"]
	l.slot = k.exits.expect(l.pid, l.ticks)
	l.gated = len(near) > 0 && near[released] == nil && atGate(l)
	if l.pidfd = near[released]; l.pidfd == nil && living {
		l.pidfd, _ = process.Open(l.pid, l.ticks) // it may die this moment
	}
	sinks, err := k.sinks(c, plan.Tty)
	if err != nil {
		return err
	}
	if living && near == nil && len(facts.Ports) > 0 {
		k.holdAgain(l)
	}
	k.begin(l, sinks, near)
	l.began = facts.Started
	return nil
}

// atGate says whether the process of a life is dead, or a stub that waits.
func atGate(l *life) bool {
	stat, err := process.ReadStat(l.pid)
	return err != nil || stat.Ticks != l.ticks || stat.Dead() || stat.Name == process.Gate
}

// holdAgain takes the ports again that were lost with their last holders.
func (k *keeper) holdAgain(l *life) {
	sockets, err := k.Work.Hold(k.ctx, l.id)
	if err != nil {
		k.Log("hold the ports of %s: %v", container.Short(l.id), err)
	}
	for name, f := range sockets {
		if err := k.link.Hold(holdGroup(l.id, l.start), "port-"+name, f); err != nil {
			k.Log("hold the ports of %s: %v", container.Short(l.id), err)
		}
	}
}

// unseen ends what has no facts: a start that never came to be, a life of an
// earlier boot, or a restart that was due.
func (k *keeper) unseen(c *container.Container, plan *container.Plan, last *container.Last) error {
	if last.Start > 0 && last.Ended.IsZero() && last.Boot == k.Boot {
		return k.takeBack(c)
	}
	if last.Start > 0 && last.Ended.IsZero() {
		end := Ending{Start: last.Start, Unknown: true, Code: 255, Time: k.Clock()}
		if err := k.Work.Finish(k.ctx, c, end); err != nil {
			return err
		}
		if !plan.AutoRemove {
			go k.again(c, end, container.Settled)
			return nil
		}
	}
	if plan.AutoRemove && last.Start > 0 {
		go k.autoRemove(c)
		return nil
	}
	due, err := c.Due()
	if err == nil && due != nil {
		k.plan(c.ID, due)
	}
	return err
}

// takeBack forgets a start whose program never ran, for whoever asked asks
// again: facts are written before a program may run, and stay until its end is
// on record. One that the policy wanted becomes due again.
func (k *keeper) takeBack(c *container.Container) error {
	due, err := c.TakeBack(k.Clock())
	if due != nil {
		k.plan(c.ID, due)
	}
	return err
}

func (k *keeper) takeUpLease(id string) {
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return
	}
	defer dir.Close()
	var l lease
	if dir.Load(container.LeaseFile, &l) == nil {
		k.watchLease(id, l)
	}
}

// takeUpExecs ends the programs whose caller died while nobody looked.
func (k *keeper) takeUpExecs(id string) {
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Names(".")
	for _, name := range names {
		if !strings.HasPrefix(name, "exec-") {
			continue
		}
		var r record
		if dir.Load(name, &r) != nil || !process.Alive(r.Pid, r.Ticks) {
			if target, err := k.exits.dir.Holder(key(r.Pid, r.Ticks)); err != nil || target == "" {
				_ = dir.Remove(name)
			} else {
				k.exits.expect(r.Pid, r.Ticks)
			}
			continue
		}
		k.exits.expect(r.Pid, r.Ticks)
		if !r.Detach && !process.Alive(r.Caller, r.Began) {
			killPid(r.Pid, r.Ticks)
		}
	}
}
