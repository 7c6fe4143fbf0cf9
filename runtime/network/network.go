// Package network is the noun network: its record, its bridge, the addresses
// on it and the links of its members.
//
// It knows netlink, subnets and which container has which address. It does not
// know what a container is, nor how ports are published.
package network

import (
	"context"
	"net/netip"
	"os"
	"time"

	"neap/runtime/fault"
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
	Subnet   netip.Prefix // IPv4, /29 or larger
	Gateway  netip.Addr   // default: the first address
	Internal bool
	Labels   map[string]string
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

// Networks is the networks of one root.
type Networks struct{ o Options }

// Open touches nothing in the kernel.
func Open(o Options) (*Networks, error) { return &Networks{o}, nil }

// Close closes what Open and later methods opened.
func (n *Networks) Close() error { return nil }

// List is every network by name, with bridge, host and none as Docker shows them.
func (n *Networks) List(ctx context.Context) ([]Network, error) { return nil, errYet() }

// Find is the network with this name, id or unambiguous start of an id; false
// if there is none.
func (n *Networks) Find(ctx context.Context, ref string) (Network, bool, error) {
	return Network{}, false, errYet()
}

// Get is Find, but fault.NotFound if there is none.
func (n *Networks) Get(ctx context.Context, ref string) (Network, error) { return Network{}, errYet() }

// Create makes a network and its bridge. fault.Exists if the name is taken.
func (n *Networks) Create(ctx context.Context, name string, o CreateOptions) (Network, error) {
	return Network{}, errYet()
}

// Remove removes a network. fault.Busy, naming the members, if it has some;
// fault.Denied for a built-in one.
func (n *Networks) Remove(ctx context.Context, ref string) error { return errYet() }

// UsedBy is the ids of the containers that have an address on the network.
func (n *Networks) UsedBy(ctx context.Context, ref string) ([]string, error) { return nil, errYet() }

// Inspect is what Docker shows of a network. name gives the name of a container.
func (n *Networks) Inspect(ctx context.Context, ref string, name func(id string) string) (Report, error) {
	return Report{}, errYet()
}

// Report is a network with Docker's fields.
type Report struct{}

// Attach makes the namespace a member: address claimed, bridge and base rules
// there, link up, address and route inside. On error nothing is left.
func (n *Networks) Attach(ctx context.Context, o AttachOptions) (Endpoint, error) {
	return Endpoint{}, errYet()
}

// Detach gives the address back. The link dies with its namespace.
func (n *Networks) Detach(ctx context.Context, e Endpoint) error { return errYet() }

// Disconnect takes a living member's link away and gives the address back.
func (n *Networks) Disconnect(ctx context.Context, e Endpoint) error { return errYet() }

// Sweep gives back the addresses and removes the links of containers that are
// not alive, and says whose.
func (n *Networks) Sweep(ctx context.Context, alive func(id string) bool) ([]string, error) {
	return nil, errYet()
}

// Links is every link on this host that carries our tag.
func (n *Networks) Links(ctx context.Context) ([]Link, error) { return nil, errYet() }

// Bridges is every bridge network as the firewall wants it.
func (n *Networks) Bridges(ctx context.Context) ([]firewall.Bridge, error) { return nil, errYet() }

// Purge removes from the kernel every link of this root. Records stay.
func (n *Networks) Purge(ctx context.Context) error { return errYet() }

func errYet() error { return fault.New(fault.Unsupported, "not built yet") }
