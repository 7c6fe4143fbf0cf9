package sim

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"neap/bindings"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/network"
)

// wire is a network.
type wire struct {
	network.Network
	last netip.Addr // given last
}

// listed is all networks, by name.
func (w *World) listed() (all []network.Network) {
	for _, one := range w.networks {
		all = append(all, one.Network)
	}
	slices.SortFunc(all, func(a, b network.Network) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// held is who has which address of a network.
func (w *World) held(name string) map[netip.Addr]string {
	held := map[netip.Addr]string{}
	for _, c := range w.order {
		if c.facts == nil {
			continue
		}
		for _, ep := range c.facts.Network {
			if ip, err := netip.ParseAddr(ep.IP); err == nil && ep.Network == name {
				held[ip] = c.ID()
			}
		}
	}
	return held
}

// members are the names of those who have an address.
func (w *World) members(name string) []string {
	var names []string
	for _, id := range w.held(name) {
		names = append(names, w.containers[id].wish.Name)
	}
	slices.Sort(names)
	return names
}

type networks struct{ w *World }

// link is the handle of a network.
type link struct {
	w        *World
	id, name string
}

func (n networks) give(one network.Network) bindings.Network { return link{n.w, one.ID, one.Name} }

// Create makes a network.
func (n networks) Create(ctx context.Context, name string, o network.CreateOptions) (bindings.Network, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.tick()
	one, err := n.create(name, o)
	if err != nil {
		return nil, fault.Wrap("create network", name, err)
	}
	note(ctx, n.w.networks[name])
	return n.give(one), nil
}

func (n networks) create(name string, o network.CreateOptions) (one network.Network, err error) {
	if err := network.CheckName(name); err != nil {
		return one, err
	}
	if n.w.networks[name] != nil {
		return one, network.Taken()
	}
	var taken []netip.Prefix
	for _, other := range n.w.networks {
		if other.Bridge != "" {
			taken = append(taken, other.Subnet)
		}
	}
	one = network.Network{ID: n.w.id(), Name: name, Created: n.w.now.UTC()}
	if err := one.Complete(o, taken); err != nil {
		return one, err
	}
	n.w.networks[name] = &wire{Network: one}
	return one, nil
}

// Find is the network of that name or id, or nil.
func (n networks) Find(_ context.Context, ref string) (bindings.Network, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	one, ok, err := network.Among(ref, n.w.listed())
	if err != nil || !ok {
		return nil, err
	}
	return n.give(one), nil
}

// Get is the network of that name or id.
func (n networks) Get(_ context.Context, ref string) (bindings.Network, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	one, err := n.w.network(ref)
	if err != nil {
		return nil, err
	}
	return n.give(one), nil
}

// List is all networks, by name.
func (n networks) List(context.Context) (all []bindings.Network, err error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, one := range n.w.listed() {
		all = append(all, n.give(one))
	}
	return all, nil
}

// ID is the full id.
func (l link) ID() string { return l.id }

// Name is the name.
func (l link) Name() string { return l.name }

// Look is what it is now.
func (l link) Look(context.Context) (network.Network, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.network(l.id)
}

// UsedBy is the names of the containers that have an address on it.
func (l link) UsedBy(context.Context) ([]string, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	one, err := l.w.network(l.id)
	return l.w.members(one.Name), err
}

// Remove removes it.
func (l link) Remove(context.Context) error {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.tick()
	one, err := l.w.network(l.id)
	if err == nil {
		var ids []string
		for _, id := range l.w.held(one.Name) {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		err = one.Removable(ids)
	}
	if err != nil {
		return fault.Wrap("remove network", l.id, err)
	}
	delete(l.w.networks, one.Name)
	return nil
}

// Inspect is all about it, in Docker's form.
func (l link) Inspect(context.Context) (any, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	one, err := l.w.network(l.id)
	if err != nil {
		return nil, err
	}
	return one.Report(l.w.held(one.Name), func(id string) string { return l.w.containers[id].wish.Name }), nil
}

type system struct{ w *World }

// Kernel is what a simulation says of its kernel: it has none.
const Kernel = "simulated"

// Info is what the world is.
func (s system) Info(context.Context) (engine.Info, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	i := engine.Info{
		Root: lib, Run: run, Version: s.w.opt.Version, Kernel: Kernel, Cgroup: "v2",
		Containers: map[container.State]int{}, Images: len(s.w.images), Volumes: len(s.w.volumes),
	}
	for _, c := range s.w.order {
		i.Containers[c.state()]++
		i.Keeper = i.Keeper || c.facts != nil || c.due != nil
	}
	return i, nil
}
