// Package firewall keeps neap's packet rules: what may be forwarded to and from
// our bridges, and which host ports lead to which containers.
//
// It knows iptables, chains, comments and batches. It does not know containers
// or networks beyond the ids and addresses it is told.
//
// Every rule of ours lies in a chain of ours and carries a comment that says
// all about it, so what is in the kernel can be read back and compared with
// what should be there.
package firewall

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/coreos/go-iptables/iptables"
)

// Options says whose rules these are.
type Options struct {
	Tag string // of the root; part of every chain's name and every comment
}

// Firewall is the rules of one root. Its methods may be called concurrently.
// It remembers what it applied, so that an outside flush is mended by the next
// change.
type Firewall struct {
	names names

	mu      sync.Mutex
	tools   *tools
	ipt     *iptables.IPTables
	bridges []Bridge          // that Base was told, nil before
	rules   map[Rule]struct{} // that should be there, as far as this process knows
	seen    *sight            // the kernel as of generation age, nil: look
	age     uint32            // 0: unknown
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
func Open(o Options) *Firewall {
	return &Firewall{names: namesOf(o.Tag), rules: map[Rule]struct{}{}}
}

// Available is nil if rules can be made here, else fault.Unsupported.
func (f *Firewall) Available() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.find()
}

// Base makes the chains and the rules of exactly these bridges, and turns IPv4
// forwarding on. If forwarding was off, all that is not ours stays unforwarded:
// the policy of FORWARD becomes DROP. It changes nothing if all is there.
func (f *Firewall) Base(ctx context.Context, bridges []Bridge) error {
	if err := checkBridges(bridges); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bridges = append([]Bridge{}, bridges...)
	_, _, err := f.settle(ctx, nil)
	return err
}

// Change is what one transaction does to port rules.
type Change struct {
	Add, Del []Rule
	Stay     []Rule // of those that added ones displace, the ones to be deleted later
}

// Apply adds and deletes port rules in one transaction. Adding what is there
// and deleting what is not is no error. An added rule displaces another for
// the same port of the host: it comes before it, so that the other may stay a
// while. What this process added before and somebody flushed comes back too.
func (f *Firewall) Apply(ctx context.Context, c Change) error {
	if err := checkRules(c.Add); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := maps.Clone(f.rules)
	unwanted, stay := set(c.Del), set(c.Stay)
	taken := map[Rule]struct{}{} // ports of the host that added rules take
	for _, r := range c.Add {
		taken[r.port()] = struct{}{}
	}
	displaced := func(r Rule) bool { return has(unwanted, r) || has(taken, r.port()) }
	maps.DeleteFunc(f.rules, func(r Rule, _ struct{}) bool { return displaced(r) })
	maps.Copy(f.rules, set(c.Add))
	if _, _, err := f.settle(ctx, func(r Rule) bool { return displaced(r) && !has(stay, r) }); err != nil {
		f.rules = before
		return err
	}
	return nil
}

func set(rules []Rule) map[Rule]struct{} {
	s := make(map[Rule]struct{}, len(rules))
	for _, r := range rules {
		s[r] = struct{}{}
	}
	return s
}

func has(s map[Rule]struct{}, r Rule) bool {
	_, ok := s[r]
	return ok
}

// Publish is Apply without deletions.
func (f *Firewall) Publish(ctx context.Context, rules []Rule) error {
	return f.Apply(ctx, Change{Add: rules})
}

// Withdraw is Apply without additions. It costs 16 ms and more however few
// rules there are: batch.
func (f *Firewall) Withdraw(ctx context.Context, rules []Rule) error {
	return f.Apply(ctx, Change{Del: rules})
}

// List is the port rules of this root that are in the kernel, found by their
// comments.
func (f *Firewall) List(ctx context.Context) ([]Rule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.find(); err != nil {
		return nil, err
	}
	seen, err := f.look(ctx)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for r, there := range seen.rules {
		if there["nat"] > 0 {
			rules = append(rules, r)
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol), a.HostIP.Compare(b.HostIP))
	})
	return rules, nil
}

// Repair makes the kernel hold exactly these bridges and rules of ours, leaving
// alone what is not ours, and says how many port rules it added and deleted.
// Where nothing of ours is and no rule is wanted it does nothing: a root that
// ran no container changes no host.
func (f *Firewall) Repair(ctx context.Context, bridges []Bridge, rules []Rule) (added, deleted int, err error) {
	if err := checkBridges(bridges); err != nil {
		return 0, 0, err
	}
	if err := checkRules(rules); err != nil {
		return 0, 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.seen = set(rules), nil
	if idle, err := f.idle(ctx); err != nil || idle {
		return 0, 0, err
	}
	f.bridges = append([]Bridge{}, bridges...)
	return f.settle(ctx, func(Rule) bool { return true })
}

// idle says whether there is nothing of ours and nothing is wanted.
func (f *Firewall) idle(ctx context.Context) (bool, error) {
	if len(f.rules) > 0 {
		return false, nil
	}
	if err := f.find(); err != nil {
		return false, err
	}
	seen, err := f.look(ctx)
	if err != nil {
		return false, err
	}
	fixed, ports := f.names.chains()
	return !slices.ContainsFunc(append(fixed, ports...), func(c chain) bool { return seen.chains[c.table+"/"+c.name] }), nil
}
