package network

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Attach makes the namespace a member: address claimed, bridge and base rules
// there, link up, address and route inside. On error nothing is left.
func (n *Networks) Attach(ctx context.Context, o AttachOptions) (Endpoint, error) {
	if o.Network == "" {
		o.Network = Standard
	}
	if o.Link == "" {
		o.Link = "eth0"
	}
	e, err := n.attach(ctx, o)
	if err != nil {
		return Endpoint{}, fault.Wrap("join network", o.Network, err)
	}
	return e, nil
}

func (n *Networks) attach(ctx context.Context, o AttachOptions) (Endpoint, error) {
	name, err := n.resolve(ctx, o.Network)
	if err != nil {
		return Endpoint{}, err
	}
	inside, err := enter(o.NetNS)
	if err != nil {
		return Endpoint{}, err
	}
	defer inside.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	one, bridge, err := n.ready(ctx, name)
	if err != nil {
		return Endpoint{}, err
	}
	ip, err := n.claim(one, o)
	if err != nil {
		return Endpoint{}, err
	}
	e := one.Endpoint(o, ip)
	if err := n.connect(ctx, one, o, e, bridge, inside); err != nil {
		return Endpoint{}, after(err, n.release(e))
	}
	return e, nil
}

// resolve is the name of a network that can be joined.
func (n *Networks) resolve(ctx context.Context, ref string) (string, error) {
	if check(ref) == nil && n.lib.Exists(ref+".json") {
		return ref, nil
	}
	one, err := n.Get(ctx, ref)
	if err == nil && one.Bridge == "" {
		err = fault.New(fault.Invalid, "it is a mode, not a network to be joined")
	}
	return one.Name, err
}

// connect makes the link and furnishes its inner end. Our lock on the network
// was given up in between: if it was removed meanwhile, its bridge is gone.
func (n *Networks) connect(ctx context.Context, one Network, o AttachOptions, e Endpoint, bridge int, inside *space) error {
	v := veth{host: e.HostLink, inside: o.Link, mac: e.MAC, bridge: bridge, ns: o.NetNS}
	err := n.make(v)
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) { // somebody removed the bridge
		delete(n.index, one.Bridge)
		if _, v.bridge, err = n.ready(ctx, one.Name); err == nil {
			err = n.make(v)
		}
	}
	if err != nil {
		return fault.Wrap("make link", e.HostLink, err)
	}
	err = tune("ipv6", e.HostLink, "disable_ipv6", "1")
	if err == nil {
		err = inside.furnish(e)
	}
	if err == nil {
		err = n.raise(e.HostLink, fmt.Sprintf("neap:%s:%s:%d", n.o.Store.Tag, o.Container, o.Start))
	}
	if err == nil {
		err = errors.Join(n.settle(e), inside.finish(e, !o.NoRoute && !one.Internal))
	}
	if err != nil {
		return after(fault.Wrap("set up link", e.HostLink, err), n.drop(e.HostLink))
	}
	return nil
}

// settle lets packets through to the member and through the bridge.
func (n *Networks) settle(e Endpoint) error {
	return errors.Join(settleLink(n.raw.Socket.GetFd(), e.HostLink), settleLink(n.raw.Socket.GetFd(), e.Bridge))
}

// after is err, and the error of undoing what led to it if there is one.
func after(err, undo error) error {
	if undo == nil {
		return err
	}
	return errors.Join(err, undo)
}

// Endpoint is what a member with this address has.
func (one Network) Endpoint(o AttachOptions, ip netip.Addr) Endpoint {
	e := Endpoint{
		Network: one.Name, NetworkID: one.ID, Container: o.Container, ID: endpointID(one, o.Container),
		Bridge: one.Bridge, HostLink: hostLink(one, o.Container, o.Start), Link: o.Link, MAC: o.MAC,
		IP: ip, Prefix: one.Subnet.Bits(), Gateway: one.Gateway,
	}
	if e.MAC == "" {
		e.MAC = mac(ip)
	}
	return e
}

// mac is the address that goes with an IP address, so that neighbours need not
// learn anew who has it.
func mac(ip netip.Addr) string {
	b := ip.As4()
	return net.HardwareAddr{0x02, 0x42, b[0], b[1], b[2], b[3]}.String()
}

func endpointID(one Network, container string) string {
	sum := sha256.Sum256([]byte(one.ID + "/" + container))
	return hex.EncodeToString(sum[:])
}

// hostLink is a name that no other start of no other container has.
func hostLink(one Network, container string, start int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", one.ID, container, start))
	return "nv" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:11]
}

// Detach gives the address back. The link dies with its namespace.
func (n *Networks) Detach(_ context.Context, e Endpoint) error {
	return fault.Wrap("leave network", e.Network, n.release(e))
}

func (n *Networks) release(e Endpoint) error {
	return n.run.Release(e.Network+"/"+e.IP.String(), e.Container)
}

// Disconnect takes a living member's link away and gives the address back.
func (n *Networks) Disconnect(_ context.Context, e Endpoint) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	err := n.open()
	if err == nil {
		err = n.drop(e.HostLink)
	}
	if err == nil {
		err = n.release(e)
	}
	return fault.Wrap("leave network", e.Network, err)
}
