// Package port is the noun port: a port of the host that belongs to a container.
//
// It knows Docker's way to write ports, claims, bound sockets and who holds a
// port. It does not know rules nor addresses of containers.
package port

import (
	"context"
	"net/netip"
	"os"

	"neap/runtime/fault"
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

// Owner is who has a port: a container of ours, or a process.
type Owner struct {
	Container string // "" for a foreign process
	PID       int    // 0 if it cannot be told
	Command   string
}

// Options is what Ports works with.
type Options struct{ Store *store.Store }

// Ports is the ports of one root.
type Ports struct{ o Options }

// Open opens the claims.
func Open(o Options) (*Ports, error) { return &Ports{o}, nil }

// Close closes the claims.
func (p *Ports) Close() error { return nil }

// Parse reads "[ip:][host[-last]:]container[-last][/protocol]".
func Parse(text string) ([]Spec, error) { return nil, errYet() }

// String is as Docker shows it: "0.0.0.0:8888->80/tcp".
func (s Spec) String() string { return "" }

// Take claims and holds a port. fault.Exists, naming the holder, if it is taken.
func (p *Ports) Take(ctx context.Context, container string, s Spec) (Binding, error) {
	return Binding{}, errYet()
}

// Give gives the claim back; the caller closes the socket.
func (p *Ports) Give(container string, s Spec) error { return errYet() }

// List is every claim.
func (p *Ports) List() ([]Claim, error) { return nil, errYet() }

// Owner says who has a port of the host, on whatever address; false if nobody.
func (p *Ports) Owner(protocol string, port uint16) (Owner, bool, error) {
	return Owner{}, false, errYet()
}

// Pick names a TCP port in from..to that is free now. It takes nothing.
func (p *Ports) Pick(from, to uint16) (uint16, error) { return 0, errYet() }

// Sweep gives back the ports of containers that are not alive.
func (p *Ports) Sweep(alive func(id string) bool) ([]Claim, error) { return nil, errYet() }

func errYet() error { return fault.New(fault.Unsupported, "not built yet") }
