// Package port is the noun port: a port of the host that belongs to a container.
//
// It knows Docker's way to write ports, claims, bound sockets and who holds a
// port. It does not know rules nor addresses of containers.
package port

import (
	"cmp"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"neap/runtime/store"
)

// Spec is one published port as it was asked for.
type Spec struct {
	HostIP        netip.Addr // 0.0.0.0 for all
	HostPort      uint16     // 0: one is chosen
	HostLast      uint16     // not 0: one of HostPort..HostLast is chosen
	ContainerPort uint16
	Protocol      string // tcp, udp or sctp
}

// Binding is a port that a container has. Socket is bound and never listens:
// as long as it is open no other process gets the port. The caller closes it.
type Binding struct {
	Spec   // with the chosen HostPort and HostLast 0
	Socket *os.File
}

// Claim is a taken port and the id of its container.
type Claim struct {
	Protocol  string
	HostIP    netip.Addr
	HostPort  uint16
	Container string
}

// Options is what Ports works with.
type Options struct{ Store *store.Store }

// Ports is the ports of one root. Its methods may be called concurrently.
type Ports struct {
	run store.Dir

	mu   sync.Mutex
	next map[string]uint16 // port to try next, by protocol
}

// Open opens the claims.
func Open(o Options) (*Ports, error) {
	run, err := o.Store.Run.Sub("ports")
	return &Ports{run: run, next: map[string]uint16{}}, err
}

// Close closes the claims.
func (p *Ports) Close() error { return p.run.Close() }

// List is every claim, by port.
func (p *Ports) List() ([]Claim, error) {
	names, err := p.run.Names(".")
	if err != nil {
		return nil, err
	}
	var claims []Claim
	for _, name := range names {
		c, ok := parseName(name)
		if !ok {
			continue
		}
		if c.Container, err = p.run.Holder(name); err != nil {
			return nil, err
		}
		if c.Container != "" {
			claims = append(claims, c)
		}
	}
	slices.SortFunc(claims, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol), a.HostIP.Compare(b.HostIP))
	})
	return claims, nil
}

// Sweep gives back the ports of containers that are not alive.
func (p *Ports) Sweep(alive func(id string) bool) ([]Claim, error) {
	claims, err := p.List()
	var freed []Claim
	for _, c := range claims {
		if alive(c.Container) {
			continue
		}
		if err := p.run.Release(c.name(), c.Container); err != nil {
			return freed, err
		}
		freed = append(freed, c)
	}
	return freed, err
}

// name is the file of a claim.
func (c Claim) name() string {
	return c.Protocol + "-" + c.HostIP.String() + "-" + strconv.Itoa(int(c.HostPort))
}

func parseName(name string) (Claim, bool) {
	f := strings.Split(name, "-")
	if len(f) != 3 || !known(f[0]) {
		return Claim{}, false
	}
	ip, err1 := netip.ParseAddr(f[1])
	n, err2 := strconv.ParseUint(f[2], 10, 16)
	return Claim{Protocol: f[0], HostIP: ip, HostPort: uint16(n)}, err1 == nil && err2 == nil
}

func (s Spec) claim(container string) Claim {
	return Claim{s.Protocol, s.HostIP, s.HostPort, container}
}
