package network

import (
	"context"
	"net/netip"
	"slices"

	"neap/runtime/fault"
	"neap/runtime/store"
)

// limit of members: a Linux bridge takes 1,023 ports, and those of the dying
// count for a while.
const limit = 1000

// UsedBy is the ids of the containers that have an address on the network.
func (n *Networks) UsedBy(ctx context.Context, ref string) ([]string, error) {
	one, err := n.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return n.members(one)
}

func (n *Networks) members(one Network) ([]string, error) {
	held, err := n.held(one)
	var ids []string
	for _, id := range held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// held is who has which address.
func (n *Networks) held(one Network) (map[netip.Addr]string, error) {
	names, err := n.run.Names(one.Name)
	if err != nil {
		return nil, err
	}
	held := map[netip.Addr]string{}
	for _, name := range names {
		ip, err := netip.ParseAddr(name)
		if err != nil {
			continue
		}
		switch id, err := n.run.Holder(one.Name + "/" + name); {
		case err != nil:
			return nil, err
		case id != "":
			held[ip] = id
		}
	}
	return held, nil
}

// claim finds an address for the container and makes it its own. There are
// about as many looks as members.
func (n *Networks) claim(one Network, o AttachOptions) (netip.Addr, error) {
	dir, err := n.run.Sub(one.Name)
	if err != nil {
		return netip.Addr{}, err
	}
	defer dir.Close()
	names, err := dir.Names(".")
	if err != nil {
		return netip.Addr{}, err
	}
	if len(names) >= limit {
		return netip.Addr{}, fault.New(fault.Unsupported, "it has %d members; a Linux bridge takes no more", len(names)).
			WithHint("make another network")
	}
	if o.IP.IsValid() {
		return o.IP, wish(dir, one, o)
	}
	if p := o.Prefer; usable(one.Subnet, p) && p != one.Gateway && dir.Claim(p.String(), o.Container) == nil {
		return p, nil
	}
	return n.next(dir, one, o.Container, names)
}

func wish(dir store.Dir, one Network, o AttachOptions) error {
	if err := one.Fits(o.IP); err != nil {
		return err
	}
	return dir.Claim(o.IP.String(), o.Container)
}

// Fits is fault.Invalid if no member can have the address.
func (one Network) Fits(ip netip.Addr) error {
	if !usable(one.Subnet, ip) || ip == one.Gateway {
		return fault.New(fault.Invalid, "a member of subnet %v with gateway %v cannot have address %v", one.Subnet, one.Gateway, ip)
	}
	return nil
}

// next claims the free address after the one given last, so that an address
// rests a while before somebody else gets it.
func (n *Networks) next(dir store.Dir, one Network, container string, names []string) (netip.Addr, error) {
	taken := make(map[string]bool, len(names))
	for _, name := range names {
		taken[name] = true
	}
	for {
		a, err := one.Next(n.last[one.ID], taken)
		if err != nil {
			return a, err
		}
		err = dir.Claim(a.String(), container)
		if err == nil {
			n.last[one.ID] = a
		}
		if !fault.Is(err, fault.Exists) {
			return a, err
		}
		taken[a.String()] = true
	}
}

// Next is the address after the one given last that nobody has taken. It is
// fault.Busy if there is none.
func (one Network) Next(last netip.Addr, taken map[string]bool) (netip.Addr, error) {
	if !one.Subnet.Contains(last) {
		last = one.Subnet.Addr()
	}
	for a := following(one.Subnet, last); ; a = following(one.Subnet, a) {
		if usable(one.Subnet, a) && a != one.Gateway && !taken[a.String()] {
			return a, nil
		}
		if a == last {
			return a, fault.New(fault.Busy, "no free address in %v", one.Subnet).
				WithHint("remove a container or make another network")
		}
	}
}

// following is the next address of the subnet, the first after the last.
func following(subnet netip.Prefix, a netip.Addr) netip.Addr {
	if a = a.Next(); subnet.Contains(a) {
		return a
	}
	return subnet.Addr()
}
