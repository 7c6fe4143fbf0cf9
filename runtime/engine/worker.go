package engine

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/firewall"
	"neap/runtime/keeper"
	"neap/runtime/network"
	"neap/runtime/process"
	"neap/runtime/sandbox"
	"neap/runtime/store"
	"neap/runtime/warden"
)

// worker does a keeper's work: keeper.Work.
type worker struct {
	e       *Engine
	spawner *sandbox.Spawner
	filters filters

	rules  ruleQueue
	spares spares

	chores chan func()
	chored sync.WaitGroup
}

// chores is how much of what nobody waits for may be put off at a time.
const chores = 64

// later does what nobody waits for, one after another, or at once if there is
// too much of it.
func (w *worker) later(do func() error) {
	w.chored.Add(1)
	done := func() {
		defer w.chored.Done()
		if err := do(); err != nil {
			w.e.opt.Logf("tidy up: %v", err)
		}
	}
	select {
	case w.chores <- done:
	default:
		done()
	}
}

func (w *worker) tidy() {
	for do := range w.chores {
		do()
	}
}

// Serve is the life of a keeper, in the process that a warden started for it.
// It returns as keeper.Main does, and the process must end then: what it opened
// stays open, since output is moved until the last moment.
func Serve(o Options, linger time.Duration) error {
	e, err := Open(o)
	if err != nil {
		return err
	}
	link, held, err := warden.Connect(o.Root)
	if err != nil {
		return err
	}
	spawner, err := sandbox.New()
	if err != nil {
		link.Ready(err)
		return err
	}
	w := &worker{e: e, spawner: spawner, rules: ruleQueue{to: e.firewall, log: e.opt.Logf}, chores: make(chan func(), chores)}
	w.spares = spares{lib: e.store.Lib, later: w.later}
	go w.tidy()
	err = keeper.Main(keeper.Options{
		Root: o.Root, Version: o.Version, Boot: e.boot, Containers: e.containers, Work: w, Rest: w.spares.rest,
		Linger: linger, Clock: e.opt.Clock, Log: e.opt.Logf,
	}, e.store, link, held)
	link.Ready(err)
	return err
}

// marker is there while there may be bridges and packet rules of this root:
// without it, a keeper need not look.
const marker = "rules"

func (w *worker) mark() error {
	if w.e.store.Run.Exists(marker) {
		return nil
	}
	return w.e.store.Run.Write(marker, nil, 0o600, store.Quick)
}

// Leave is keeper.Work's.
func (w *worker) Leave(ctx context.Context) error {
	w.spares.rest()
	w.chored.Wait()
	if !w.e.store.Run.Exists(marker) {
		return nil
	}
	// Rules first: those of a bridge that is gone would lead astray whoever gets its addresses next.
	if err := w.e.firewall.Purge(ctx); err != nil && !fault.Is(err, fault.Unsupported) {
		return err
	}
	if err := w.e.Networks.Purge(ctx); err != nil {
		return err
	}
	return w.e.store.Run.Remove(marker)
}

// Settle is keeper.Work's.
func (w *worker) Settle(ctx context.Context) error { return w.rules.settle(ctx) }

// Finish is keeper.Work's: it records an end and frees what the start had.
func (w *worker) Finish(ctx context.Context, c *container.Container, end keeper.Ending) error {
	lock, err := c.Lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	last, err := c.Last()
	if err != nil {
		return err
	}
	if end.Unborn && last.Start == end.Start {
		if _, err := c.TakeBack(w.e.opt.Clock()); err != nil {
			return err
		}
	} else if last.Start == end.Start && last.Ended.IsZero() {
		last.Ended, last.Code, last.Signal, last.Unknown = end.Time.UTC(), end.Code, end.Signal, end.Unknown
		kills, err := c.Group().OOMKills()
		last.OOM, last.Before = err == nil && kills > 0, nil
		if facts, err := c.Facts(); err == nil && facts != nil && len(facts.Network) > 0 {
			last.Address = facts.Network[0].IP
		}
		if err := c.SetLast(last); err != nil {
			return err
		}
	}
	return w.free(ctx, c)
}

// Hold is keeper.Work's.
func (w *worker) Hold(ctx context.Context, id string) (map[string]*os.File, error) {
	facts, err := w.e.containers.With(id).Facts()
	if err != nil || facts == nil {
		return nil, err
	}
	sockets := map[string]*os.File{}
	for _, p := range facts.Ports {
		b, wrong := w.e.Ports.Hold(ctx, id, SpecOf(p))
		if wrong == nil {
			sockets[b.Spec.Protocol+"-"+b.Spec.Host()] = b.Socket
		}
		err = errors.Join(err, wrong)
	}
	return sockets, err
}

// free gives back what a dead container had in the kernel and of the root.
func (w *worker) free(ctx context.Context, c *container.Container) error {
	facts, err := c.Facts()
	if err != nil {
		return err
	}
	var all []error
	if facts != nil {
		w.rules.withdraw(rulesOf(c.ID, facts))
		for _, p := range facts.Ports {
			all = append(all, w.e.Ports.Give(c.ID, SpecOf(p)))
		}
		for _, ep := range facts.Network {
			all = append(all, w.e.Networks.Detach(ctx, endpointTo(c.ID, ep)))
		}
	}
	all = append(all, emptyGroup(ctx, c), c.SetFacts(nil))
	return errors.Join(all...)
}

// emptyGroup kills what is left and removes the cgroup.
func emptyGroup(ctx context.Context, c *container.Container) error {
	g := c.Group()
	if gone, err := g.DeleteIdle(); gone || err != nil {
		return err
	}
	if err := g.Kill(ctx); err != nil {
		return err
	}
	return g.Delete(ctx)
}

// Kill is keeper.Work's.
func (w *worker) Kill(ctx context.Context, id string) error {
	g := w.e.containers.With(id).Group()
	if !g.Exists() {
		return nil
	}
	return g.Kill(ctx)
}

// Thaw is keeper.Work's.
func (w *worker) Thaw(ctx context.Context, id string) error {
	err := w.e.containers.With(id).Unpause(ctx)
	if fault.Is(err, fault.Conflict, fault.NotFound) {
		return nil // it lives no more
	}
	return err
}

// Remove is keeper.Work's: the removal of a container that asked for it (rm).
func (w *worker) Remove(ctx context.Context, c *container.Container) error {
	return (&Container{w.e, c}).Remove(ctx, RemoveOptions{Volumes: true, later: w.later})
}

// Sweep compares what carries the root's tag with what has a record, and
// removes what belongs to nothing.
func (w *worker) Sweep(ctx context.Context) error {
	e := w.e
	living := map[string]*container.Facts{}
	ids, err := e.containers.IDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if f, err := e.containers.With(id).Facts(); err == nil && f != nil {
			living[id] = f
		}
	}
	alive := func(id string) bool { return living[id] != nil }
	_, errNet := e.Networks.Sweep(ctx, alive)
	_, errPort := e.Ports.Sweep(alive)
	return errors.Join(errNet, errPort, w.sweepRules(ctx, living), w.sweepGroups(ctx, alive), e.sweepFiles(ctx), e.store.Lib.RemoveAll(spareDir))
}

// sweepRules makes the kernel hold exactly the rules of the living.
func (w *worker) sweepRules(ctx context.Context, living map[string]*container.Facts) error {
	if !w.e.store.Run.Exists(marker) {
		return nil
	}
	bridges, err := w.e.Networks.Bridges(ctx)
	if err != nil {
		return err
	}
	var rules []firewall.Rule
	for id, f := range living {
		rules = append(rules, rulesOf(id, f)...)
	}
	_, _, err = w.e.firewall.Repair(ctx, bridges, rules)
	return err
}

func (w *worker) sweepGroups(ctx context.Context, alive func(string) bool) error {
	ids, err := w.e.tree.List()
	if err != nil {
		return err
	}
	var all []error
	for _, id := range ids {
		if !alive(id) {
			all = append(all, emptyGroup(ctx, w.e.containers.With(id)))
		}
	}
	return errors.Join(all...)
}

// sweepFiles removes what broken creations and removals left.
func (e *Engine) sweepFiles(ctx context.Context) error {
	strays, err := e.containers.Strays()
	if err != nil {
		return err
	}
	all := []error{e.sweepUsers(ctx, strays)}
	for _, id := range strays {
		all = append(all, e.containers.Discard(id))
	}
	if len(strays) > 0 {
		all = append(all, e.containers.DropNames())
	}
	_, err = e.Volumes.Sweep(ctx)
	return errors.Join(append(all, err)...)
}

// sweepUsers drops from every volume the users that are no containers. With
// strays go their anonymous volumes: they were never complete, or asked for it.
func (e *Engine) sweepUsers(ctx context.Context, strays []string) error {
	volumes, err := e.Volumes.List()
	if err != nil {
		return err
	}
	var all []error
	for _, v := range volumes {
		users, err := e.Volumes.UsedBy(v.Name)
		all = append(all, err)
		for _, id := range users {
			if !e.containers.Lost(id) {
				continue
			}
			all = append(all, e.Volumes.Drop(v.Name, id))
			if slices.Contains(strays, id) {
				all = append(all, e.removeAnonymous(ctx, v.Name))
			}
		}
	}
	return errors.Join(all...)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// address is none for text that is none.
func address(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// EndpointOf is a membership as it is recorded.
func EndpointOf(ep network.Endpoint) container.Endpoint {
	return container.Endpoint{
		Network: ep.Network, NetworkID: ep.NetworkID, ID: ep.ID, IP: ep.IP.String(), Prefix: ep.Prefix,
		Gateway: ep.Gateway.String(), MAC: ep.MAC, HostLink: ep.HostLink,
	}
}

func endpointTo(id string, ep container.Endpoint) network.Endpoint {
	return network.Endpoint{
		Network: ep.Network, NetworkID: ep.NetworkID, Container: id, ID: ep.ID, IP: address(ep.IP), Prefix: ep.Prefix,
		Gateway: address(ep.Gateway), MAC: ep.MAC, HostLink: ep.HostLink,
	}
}

// pidOf opens the living first process of another container, to join its
// namespaces.
func (e *Engine) pidOf(id string) (*os.File, error) {
	f, err := e.containers.With(id).Facts()
	if err == nil && f != nil {
		if pidfd, err := process.Open(f.Pid, f.Ticks); err == nil {
			return pidfd, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, NotShared(e.With(id).Name())
}

// NotShared is the fault.Conflict of a start that would share the namespaces of
// a container which does not run.
func NotShared(name string) error {
	return &fault.Error{
		Kind: fault.Conflict, Message: "container " + name + ", whose namespace it shares, does not run",
		Hint: "start that one first",
	}
}
