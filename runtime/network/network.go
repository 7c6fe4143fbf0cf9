// Package network is the noun network: its record, its bridge, the addresses
// on it and the links of its members.
//
// It knows netlink, subnets and which container has which address. It does not
// know what a container is, nor how ports are published.
//
// Networks are IPv4. Members of one network trust each other: one that may send
// raw frames can take another's address there (as with Docker), but nobody's on
// another network.
package network

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"

	"neap/runtime/firewall"
	"neap/runtime/store"
)

// Network is the record of one network.
type Network struct {
	ID       string // 64 hex digits
	Name     string
	Driver   string // bridge, host or null
	Bridge   string `json:",omitempty"` // link name; "" for host and none
	Subnet   netip.Prefix
	Gateway  netip.Addr
	Internal bool              `json:",omitempty"` // no way out
	Labels   map[string]string `json:",omitempty"`
	Created  time.Time
	Builtin  bool `json:",omitempty"` // bridge, host and none: cannot be removed
	Chosen   bool `json:",omitempty"` // neap chose the subnet, nobody asked for it
}

// CreateOptions is what may be asked of a new network. Zero values are chosen.
type CreateOptions struct {
	Subnet   netip.Prefix      `json:"subnet,omitzero"`  // IPv4, /8 to /29
	Gateway  netip.Addr        `json:"gateway,omitzero"` // default: the first address
	Internal bool              `json:"internal,omitzero"`
	Labels   map[string]string `json:"labels,omitzero"`
}

// AttachOptions is what makes a namespace a member.
type AttachOptions struct {
	Network   string     // name or id
	Container string     // id
	Start     int        // start number: link names carry it, as old namespaces die late
	IP        netip.Addr // wanted address: fault.Exists if it is taken
	Prefer    netip.Addr // liked address: another one if it is taken
	MAC       string     // default: 02:42 and the address
	NetNS     *os.File   // the namespace; the caller closes it
	Link      string     // name inside, default eth0
	NoRoute   bool       // no default route through this network
}

// Endpoint is one membership.
type Endpoint struct {
	Network   string
	NetworkID string
	Container string
	ID        string // 64 hex digits, the same for the same network and container
	Bridge    string
	HostLink  string
	Link      string
	MAC       string
	IP        netip.Addr
	Prefix    int
	Gateway   netip.Addr
}

// Link is a host end of a member's link, or a bridge, that carries our tag.
type Link struct {
	Name      string
	Container string // "" for a bridge
	Start     int
	Network   string // "" for a member's link
}

// Options is what Networks works with.
type Options struct {
	Store    *store.Store
	Firewall *firewall.Firewall // nil: no rules, no forwarding
	Clock    func() time.Time   // nil: time.Now
}

// Networks is the networks of one root. Its methods may be called concurrently;
// links are made one after the other, as the kernel has one lock for them.
type Networks struct {
	o        Options
	lib, run store.Dir

	mu    sync.Mutex            // around all below, and every word to the kernel
	links *netlink.Handle       // nil before the first use
	raw   *nl.SocketHandle      // for messages that the library cannot write
	index map[string]int        // of bridges that stand, by link name
	last  map[string]netip.Addr // address given last, by network id
}

// Open opens the records. It touches nothing in the kernel.
func Open(o Options) (*Networks, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	lib, err := o.Store.Lib.Sub("networks")
	if err != nil {
		return nil, err
	}
	run, err := o.Store.Run.Sub("networks")
	if err != nil {
		return nil, errors.Join(err, lib.Close())
	}
	return &Networks{o: o, lib: lib, run: run, index: map[string]int{}, last: map[string]netip.Addr{}}, nil
}

// Close closes what Open and later methods opened.
func (n *Networks) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.links != nil {
		n.links.Close()
		n.raw.Close()
		n.links = nil
	}
	return errors.Join(n.lib.Close(), n.run.Close())
}

// lock keeps other processes from changing records and bridges meanwhile.
func (n *Networks) lock(ctx context.Context) (*store.Lock, error) {
	return n.lib.Lock(ctx, ".lock", store.Exclusive)
}
