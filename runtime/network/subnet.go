package network

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// size of the subnets that neap chooses: a bridge takes 1,023 ports, a /20 has
// 4,093 addresses.
const size = 20

// ranges are where chosen subnets come from, the first first. They are private
// and not those that Docker and Podman take first.
func ranges() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range []string{"172.30.0.0/16", "172.29.0.0/16", "172.28.0.0/16", "172.27.0.0/16", "172.26.0.0/16", "10.213.0.0/16", "10.212.0.0/16"} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// place completes and checks the subnet and gateway of a new network.
func (one *Network) place(taken []netip.Prefix) (err error) {
	if !one.Subnet.IsValid() {
		if one.Gateway.IsValid() {
			return fault.New(fault.Invalid, "a gateway needs a subnet")
		}
		if one.Subnet, err = choose(taken); err != nil {
			return err
		}
		one.Chosen = true
	}
	one.Subnet = one.Subnet.Masked()
	switch bits := one.Subnet.Bits(); {
	case !one.Subnet.Addr().Is4():
		return fault.New(fault.Unsupported, "subnet %v is not IPv4", one.Subnet)
	case bits < 8 || bits > 29:
		return fault.New(fault.Invalid, "subnet %v must be between /8 and /29", one.Subnet)
	}
	for _, t := range taken {
		if t.Overlaps(one.Subnet) {
			return fault.New(fault.Conflict, "subnet %v overlaps %v, which this host uses", one.Subnet, t)
		}
	}
	if !one.Gateway.IsValid() {
		one.Gateway = one.Subnet.Addr().Next()
	}
	if !usable(one.Subnet, one.Gateway) {
		return fault.New(fault.Invalid, "gateway %v is no address of a host in %v", one.Gateway, one.Subnet)
	}
	return nil
}

func choose(taken []netip.Prefix) (netip.Prefix, error) {
	for _, within := range ranges() {
		for a := within.Addr(); within.Contains(a); {
			subnet := netip.PrefixFrom(a, size)
			if free(subnet, taken) {
				return subnet, nil
			}
			a = broadcast(subnet).Next()
		}
	}
	return netip.Prefix{}, fault.New(fault.Conflict, "no subnet is free on this host").
		WithHint("name one: subnet = \"10.1.0.0/20\"")
}

func free(subnet netip.Prefix, taken []netip.Prefix) bool {
	for _, t := range taken {
		if t.Overlaps(subnet) {
			return false
		}
	}
	return true
}

// taken is the subnets of our other networks and all that the host has routes
// or addresses for.
func (n *Networks) taken(except string) ([]netip.Prefix, error) {
	others, err := n.bridges()
	if err != nil {
		return nil, err
	}
	var taken []netip.Prefix
	for _, other := range others {
		if other.Name != except {
			taken = append(taken, other.Subnet)
		}
	}
	routed, err := n.routed()
	return append(taken, routed...), err
}

// routed is what the host has routes for. Default routes do not count, nor
// those very short ones with which tunnels stand in for them.
func (n *Networks) routed() ([]netip.Prefix, error) {
	if err := n.open(); err != nil {
		return nil, err
	}
	routes, err := dump(func() ([]netlink.Route, error) {
		return n.links.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, fault.Wrap("list the routes of", "this host", err)
	}
	var all []netip.Prefix
	for _, r := range routes {
		if p, ok := prefix(r.Dst); ok && p.Bits() >= 4 {
			all = append(all, p)
		}
	}
	return all, nil
}

func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits), ok
}

// broadcast is the last address of an IPv4 subnet.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// usable says whether a host may have this address.
func usable(subnet netip.Prefix, a netip.Addr) bool {
	return subnet.Contains(a) && a != subnet.Addr() && a != broadcast(subnet)
}
