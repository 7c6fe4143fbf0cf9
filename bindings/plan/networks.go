package plan

import (
	"context"
	"slices"
	"strings"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/network"
)

// networks records, or hands on.
type networks struct{ p *Planner }

// networkShadow is a network as it would be.
type networkShadow struct {
	seen network.Network
	made bool
	gone bool
}

type createNetwork struct {
	Name    string                `json:"name"`
	Options network.CreateOptions `json:"options,omitzero"`
}

func (n networks) hold(real bindings.Network, err error) (bindings.Network, error) {
	if err != nil || real == nil {
		return nil, err
	}
	return &bridge{p: n.p, id: real.ID(), name: real.Name(), inner: real}, nil
}

func (n networks) Create(ctx context.Context, name string, o network.CreateOptions) (bindings.Network, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Networks.Create(ctx, name, o))
	}
	if err := network.CheckName(name); err != nil {
		return nil, err
	}
	if found, err := n.Find(ctx, name); err != nil || found != nil && found.Name() == name {
		return nil, fault.Wrap("create network", name, orElse(err, network.Taken()))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.p.placeholder()
	r.seeHolder(ctx, "network name", name)
	if _, err := r.note(ctx, step{
		Change:  bindings.Change{Verb: "create", Kind: "network", Object: name, Makes: []string{id}},
		options: createNetwork{name, o}, touches: []thing{{"network name", name}},
	}); err != nil {
		return nil, err
	}
	r.networks[id] = &networkShadow{made: true, seen: network.Network{
		ID: id, Name: name, Driver: "bridge", Subnet: o.Subnet, Gateway: o.Gateway, Internal: o.Internal, Labels: o.Labels,
	}}
	r.within(ctx, thing{"network", id})
	return &bridge{p: n.p, id: id, name: name}, nil
}

func (n networks) Find(ctx context.Context, ref string) (bindings.Network, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Networks.Find(ctx, n.p.resolved(ref)))
	}
	if b := r.networkNamed(ref); b != nil {
		return b, nil
	}
	found, err := n.Find(r.under(ctx), ref)
	if err != nil || found == nil {
		return nil, err
	}
	if s := r.knownNetwork(found.ID()); s != nil && s.gone {
		return nil, nil
	}
	return found, nil
}

func (r *recording) networkNamed(ref string) bindings.Network {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.networks {
		if s.made && !s.gone && (s.seen.Name == ref || id == ref) {
			return &bridge{p: r.p, id: id, name: s.seen.Name}
		}
	}
	return nil
}

func (r *recording) knownNetwork(id string) *networkShadow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return snapshot(r.networks[id])
}

func (n networks) Get(ctx context.Context, ref string) (bindings.Network, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.hold(n.p.real.Networks.Get(ctx, n.p.resolved(ref)))
	}
	return got(ctx, r, "network", ref, n.Find, n.Get)
}

func (n networks) List(ctx context.Context) ([]bindings.Network, error) {
	r := recordingOf(ctx)
	if r == nil {
		all, err := n.p.real.Networks.List(ctx)
		for i, found := range all {
			all[i] = &bridge{p: n.p, id: found.ID(), name: found.Name(), inner: found}
		}
		return all, err
	}
	base, err := n.List(r.under(ctx))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.DeleteFunc(base, func(b bindings.Network) bool { s := r.networks[b.ID()]; return s != nil && s.gone })
	for id, s := range r.networks {
		if s.made && !s.gone {
			all = append(all, &bridge{p: n.p, id: id, name: s.seen.Name})
		}
	}
	slices.SortFunc(all, func(a, b bindings.Network) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

// bridge is a handle of a network: of a real one, or of one that is planned.
type bridge struct {
	p        *Planner
	id, name string
	inner    bindings.Network
}

func (b *bridge) real(ctx context.Context) (bindings.Network, error) {
	if b.inner != nil {
		return b.inner, nil
	}
	return b.p.real.Networks.Get(ctx, b.p.resolved(b.id))
}

func (b *bridge) in(ctx context.Context) (*recording, *networkShadow) {
	return shown(ctx, func(r *recording) *networkShadow { return r.knownNetwork(b.id) })
}

func (b *bridge) ID() string   { return b.p.resolved(b.id) }
func (b *bridge) Name() string { return b.name }

// Foresee is fault.Unsupported for what only the making would tell.
func (b *bridge) Foresee(ctx context.Context, fact string) error {
	_, s := b.in(ctx)
	if s == nil || !s.made {
		return nil
	}
	chosen := fact == "subnet" && !s.seen.Subnet.IsValid() || fact == "gateway" && !s.seen.Gateway.IsValid()
	if chosen || fact == "created" {
		return bind.NotYet(fact, b.name)
	}
	return nil
}

func (b *bridge) Look(ctx context.Context) (network.Network, error) {
	if _, s := b.in(ctx); s != nil {
		if s.gone {
			return network.Network{}, gone("find network", b.name)
		}
		return s.seen, nil
	}
	real, err := b.real(ctx)
	if err != nil {
		return network.Network{}, err
	}
	return real.Look(ctx)
}

func (b *bridge) UsedBy(ctx context.Context) ([]string, error) {
	r, s := b.in(ctx)
	if r == nil {
		real, err := b.real(ctx)
		if err != nil {
			return nil, err
		}
		return real.UsedBy(ctx)
	}
	var base []string
	if s == nil || !s.made {
		var err error
		if base, err = b.UsedBy(r.under(ctx)); err != nil {
			return nil, err
		}
	}
	return r.users(base, func(c *engine.View) bool { return c.Facts != nil && c.Plan.Network == b.name }), nil
}

func (b *bridge) Remove(ctx context.Context) error {
	r := recordingOf(ctx)
	if r == nil {
		real, err := b.real(ctx)
		if err != nil {
			return err
		}
		return real.Remove(ctx)
	}
	seen, err := b.Look(ctx)
	if err != nil {
		return err
	}
	left, err := b.UsedBy(ctx)
	if err == nil {
		err = removable(seen, left)
	}
	if err != nil {
		return fault.Wrap("remove network", b.name, err)
	}
	base, err := b.UsedBy(r.under(ctx))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.networks[b.id]
	if s == nil {
		s = &networkShadow{seen: seen}
		facts := networkFacts(seen)
		facts[users] = strings.Join(base, " ")
		r.saw(Seen{Kind: "network", Name: b.name, ID: b.id, Facts: facts})
		r.networks[b.id] = s
	}
	s.gone = true
	_, err = r.note(ctx, step{
		Change: bindings.Change{Verb: "remove", Kind: "network", Object: b.name, ID: b.id},
		uses:   r.members(b.name), touches: []thing{{"network", b.id}, {"network name", b.name}},
	})
	return err
}

func removable(n network.Network, left []string) error {
	if n.Builtin {
		return fault.New(fault.Denied, "it is built in")
	}
	if len(left) > 0 {
		return fault.New(fault.Busy, "in use by %s", strings.Join(left, ", "))
	}
	return nil
}

// members are the containers on a network that the plan touches.
func (r *recording) members(name string) (all []thing) {
	for id, s := range r.containers {
		if s.view.Plan.Network == name {
			all = append(all, thing{"container", id})
		}
	}
	return all
}

func (b *bridge) Inspect(ctx context.Context) (any, error) {
	if _, s := b.in(ctx); s != nil {
		return nil, bind.NotYet("inspect()", b.name)
	}
	real, err := b.real(ctx)
	if err != nil {
		return nil, err
	}
	return real.Inspect(ctx)
}
