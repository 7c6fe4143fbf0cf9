// Package firewall keeps neap's packet rules: what may be forwarded to and from
// our bridges, and which host ports lead to which containers.
//
// It knows iptables, chains, comments and batches. It does not know containers
// or networks beyond the ids and addresses it is told.
package firewall

import (
	"context"
	"net/netip"
	"sync"

	"neap/runtime/fault"
)

// Options says whose rules these are.
type Options struct {
	Tag string // of the root; part of every chain's name and every comment
}

// Firewall is the rules of one root. Its methods may be called concurrently.
// It remembers what it applied, so that an outside flush is mended by the next
// change.
type Firewall struct {
	tag string
	mu  sync.Mutex
}

// Bridge is a network as the firewall sees it.
type Bridge struct {
	Name     string // of the link
	Subnet   netip.Prefix
	Internal bool // no way in or out
}

// Rule leads packets for a port of the host to a port of a container.
type Rule struct {
	Container     string // id
	Protocol      string // tcp, udp or sctp
	HostIP        netip.Addr
	HostPort      uint16
	ContainerIP   netip.Addr
	ContainerPort uint16
}

// Open looks at nothing yet: iptables is searched for at the first use.
func Open(o Options) *Firewall { return &Firewall{tag: o.Tag} }

// Available is nil if rules can be made here, else fault.Unsupported.
func (f *Firewall) Available() error { return fault.New(fault.Unsupported, "not built yet") }

// Base makes the chains and the rules of exactly these bridges, and turns IPv4
// forwarding on. It changes nothing if they are there.
func (f *Firewall) Base(ctx context.Context, bridges []Bridge) error { return f.Available() }

// Apply adds and deletes port rules in one transaction. Adding what is there
// and deleting what is not is no error. Base must have succeeded before, in
// this process or another.
func (f *Firewall) Apply(ctx context.Context, add, del []Rule) error { return f.Available() }

// Publish is Apply without deletions.
func (f *Firewall) Publish(ctx context.Context, rules []Rule) error { return f.Apply(ctx, rules, nil) }

// Withdraw is Apply without additions. It costs 16 ms and more however few
// rules there are: batch.
func (f *Firewall) Withdraw(ctx context.Context, rules []Rule) error { return f.Apply(ctx, nil, rules) }

// List is the port rules of this root that are in the kernel, found by their
// comments.
func (f *Firewall) List(ctx context.Context) ([]Rule, error) { return nil, f.Available() }

// Repair makes the kernel hold exactly these bridges and rules of ours, leaving
// alone what is not ours. It says how many rules it added and deleted.
func (f *Firewall) Repair(ctx context.Context, bridges []Bridge, rules []Rule) (added, deleted int, err error) {
	return 0, 0, f.Available()
}

// Purge removes everything of this root.
func (f *Firewall) Purge(ctx context.Context) error { return f.Available() }
