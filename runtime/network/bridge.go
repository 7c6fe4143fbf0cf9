package network

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// open opens the two sockets through which this process speaks of links.
func (n *Networks) open() error {
	if n.links != nil {
		return nil
	}
	links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fault.Wrap("open", "netlink", err)
	}
	raw, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		links.Close()
		return fault.Wrap("open", "netlink", err)
	}
	n.links, n.raw = links, &nl.SocketHandle{Socket: raw}
	return nil
}

// ready makes sure that the network's bridge and everybody's base rules are
// there, and returns the network as it is now and its bridge's index.
func (n *Networks) ready(ctx context.Context, name string) (Network, int, error) {
	if err := n.open(); err != nil {
		return Network{}, 0, err
	}
	lock, err := n.lock(ctx)
	if err != nil {
		return Network{}, 0, err
	}
	defer lock.Unlock()
	all, err := n.bridges()
	if err != nil {
		return Network{}, 0, err
	}
	i := slices.IndexFunc(all, func(one Network) bool { return one.Name == name })
	if i < 0 {
		return Network{}, 0, fault.New(fault.NotFound, "it was removed")
	}
	one := all[i]
	if index, known := n.index[one.Bridge]; known {
		return one, index, n.guard(ctx, all)
	}
	if one, err = n.move(one); err != nil {
		return one, 0, err
	}
	index, err := n.stand(ctx, one)
	return one, index, err
}

// move gives a network whose bridge does not stand another subnet, if nobody
// asked for the one it has, nobody has an address of it, and the host uses it
// for something else by now.
func (n *Networks) move(one Network) (Network, error) {
	if _, err := n.links.LinkByName(one.Bridge); err == nil {
		return one, nil
	}
	taken, err := n.taken(one.Name)
	if err != nil || free(one.Subnet, taken) {
		return one, err
	}
	held, err := n.held(one)
	if err != nil {
		return one, err
	}
	if !one.Chosen || len(held) > 0 {
		return one, fault.New(fault.Conflict, "this host uses its subnet %v for something else by now", one.Subnet)
	}
	one.Subnet, one.Gateway = netip.Prefix{}, netip.Addr{}
	if err := one.place(taken); err != nil {
		return one, err
	}
	return one, n.lib.Save(one.Name+".json", one, true)
}

// stand makes the rules and the bridge, or completes the one that is there.
// The rules come first: without them route_localnet would let containers reach
// the host's loopback.
func (n *Networks) stand(ctx context.Context, one Network) (int, error) {
	if err := n.open(); err != nil {
		return 0, err
	}
	if err := n.rules(ctx); err != nil {
		return 0, err
	}
	index, err := n.bridge(one)
	if err != nil {
		return 0, fault.Wrap("make bridge", one.Bridge, err)
	}
	n.index[one.Bridge] = index
	return index, nil
}

// rules makes the base rules of all our networks. A host without iptables has
// networks too, but no way out of them and no published ports.
func (n *Networks) rules(ctx context.Context) error {
	all, err := n.bridges()
	if err != nil {
		return err
	}
	return n.guard(ctx, all)
}

func (n *Networks) guard(ctx context.Context, all []Network) error {
	if !n.guarded() {
		return nil
	}
	return n.o.Firewall.Base(ctx, walls(all))
}

func (n *Networks) guarded() bool {
	return n.o.Firewall != nil && n.o.Firewall.Available() == nil
}

func (n *Networks) bridge(one Network) (int, error) {
	snoop := false
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = one.Bridge, hardware(one.ID)
	made := n.links.LinkAdd(&netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &snoop})
	if made != nil && !errors.Is(made, unix.EEXIST) {
		return 0, made
	}
	link, err := n.links.LinkByName(one.Bridge)
	if err != nil {
		return 0, err
	}
	if link.Type() != "bridge" {
		return 0, fault.New(fault.Exists, "a link of that name is no bridge")
	}
	if err := n.quiet(one); err != nil {
		return 0, err
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: one.Gateway.AsSlice(), Mask: net.CIDRMask(one.Subnet.Bits(), 32)}}
	if err := n.links.AddrReplace(link, addr); err != nil {
		return 0, err
	}
	if err := n.links.LinkSetAlias(link, fmt.Sprintf("neap:%s:network:%s", n.o.Store.Tag, one.Name)); err != nil {
		return 0, err
	}
	if err := n.links.LinkSetUp(link); err != nil || made != nil {
		return link.Attrs().Index, err
	}
	return link.Attrs().Index, n.rejoin(one, link)
}

// rejoin puts the members of a bridge that somebody deleted on the new one.
func (n *Networks) rejoin(one Network, bridge netlink.Link) error {
	all, err := dump(n.links.LinkList)
	if err != nil {
		return err
	}
	for _, link := range all {
		a := link.Attrs()
		l, ours := n.read(a.Name, a.Alias)
		if !ours || a.MasterIndex != 0 || a.Name != hostLink(one, l.Container, l.Start) {
			continue
		}
		if err := n.links.LinkSetMaster(link, bridge); err != nil {
			return err
		}
		if err := n.raise(a.Name, a.Alias); err != nil {
			return err
		}
	}
	return nil
}

// quiet keeps IPv6, of which we have no rules, off the bridge, and lets the
// host's own 127.0.0.1 through to published ports where the rules keep
// everybody else's away.
func (n *Networks) quiet(one Network) error {
	err := errors.Join(
		tune("ipv6", one.Bridge, "disable_ipv6", "1"),
		tune("ipv6", one.Bridge, "accept_ra", "0"))
	if n.guarded() {
		err = errors.Join(err, tune("ipv4", one.Bridge, "route_localnet", "1"))
	}
	return err
}

// tune sets a link's switch in the namespace of the calling thread. A kernel
// without it needs no setting.
func tune(family, link, name, value string) error {
	path := filepath.Join("/proc/sys/net", family, "conf", link, name)
	if err := os.WriteFile(path, []byte(value), 0); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// raze removes the network's bridge.
func (n *Networks) raze(one Network) error {
	if err := n.open(); err != nil {
		return err
	}
	delete(n.index, one.Bridge)
	return n.drop(one.Bridge)
}

// drop deletes a link if it is there.
func (n *Networks) drop(name string) error {
	link, err := n.links.LinkByName(name)
	if err == nil {
		err = n.links.LinkDel(link)
	}
	var absent netlink.LinkNotFoundError
	if errors.As(err, &absent) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return fault.Wrap("remove link", name, err)
}

// hardware is an address of its own for what has this name. A link with a
// fixed address gives udev nothing to do.
func hardware(name string) net.HardwareAddr {
	sum := sha256.Sum256([]byte(name))
	return append(net.HardwareAddr{0x02}, sum[:5]...)
}
