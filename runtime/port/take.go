package port

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// linger is how long Take waits for a port that the kernel keeps from closed
// connections, or that its last holder is just giving up.
const linger = 500 * time.Millisecond

// Take claims a port and holds it; with a range or no host port, the first that
// is free. If it is taken the error is fault.Exists and names the holder; its
// Detail is the id of a container, or the Owner. On error nothing is taken.
func (p *Ports) Take(ctx context.Context, container string, s Spec) (Binding, error) {
	b, err := p.take(ctx, container, s)
	if err != nil {
		return Binding{}, fault.Wrap("publish port", s.String(), err)
	}
	return b, nil
}

func (p *Ports) take(ctx context.Context, container string, s Spec) (Binding, error) {
	if err := s.Check(); err != nil {
		return Binding{}, err
	}
	switch {
	case s.HostPort == 0:
		return p.choose(ctx, container, s)
	case s.HostLast != 0:
		return p.among(ctx, container, s, s.HostPort, s.HostLast, s.HostPort)
	}
	return p.hold(ctx, container, s, linger)
}

// Check says what is wrong with it.
func (s Spec) Check() error {
	switch {
	case !known(s.Protocol):
		return fault.New(fault.Invalid, "%q is no protocol; tcp, udp and sctp are", s.Protocol)
	case s.HostIP.Is6():
		return fault.New(fault.Unsupported, "IPv6 addresses cannot be published yet")
	case !s.HostIP.Is4():
		return fault.New(fault.Invalid, "it has no address of the host")
	case s.ContainerPort == 0:
		return fault.New(fault.Invalid, "it has no port of the container")
	case s.HostLast != 0 && s.HostLast < s.HostPort:
		return fault.New(fault.Invalid, "its range ends before it starts")
	}
	return nil
}

// choose takes a port of the kernel's own range, one after the other, so that
// a port rests before it is chosen again.
func (p *Ports) choose(ctx context.Context, container string, s Spec) (Binding, error) {
	first, last := ephemeral()
	p.mu.Lock()
	start := p.next[s.Protocol]
	p.mu.Unlock()
	if start < first || start > last {
		start = first
	}
	b, err := p.among(ctx, container, s, first, last, start)
	if err == nil {
		p.mu.Lock()
		p.next[s.Protocol] = b.HostPort + 1
		p.mu.Unlock()
	}
	return b, err
}

func (p *Ports) among(ctx context.Context, container string, s Spec, first, last, start uint16) (Binding, error) {
	count := int(last) - int(first) + 1
	for i := range count {
		if err := ctx.Err(); err != nil {
			return Binding{}, err
		}
		one := s
		one.HostPort, one.HostLast = uint16(int(first)+(int(start)-int(first)+i)%count), 0
		if p.run.Exists(one.claim("").name()) {
			continue
		}
		b, err := p.hold(ctx, container, one, 0)
		if !fault.Is(err, fault.Exists) {
			return b, err
		}
	}
	return Binding{}, NoneFree(first, last)
}

// hold claims the port, then binds it: the claim is for neap's own, the bound
// socket for everybody else.
func (p *Ports) hold(ctx context.Context, container string, s Spec, patience time.Duration) (Binding, error) {
	name := s.claim(container).name()
	before, err := p.run.Holder(name)
	if err != nil {
		return Binding{}, err
	}
	if err := p.run.Claim(name, container); err != nil {
		return Binding{}, taken(err, s)
	}
	socket, err := bindWithin(ctx, s, patience)
	if err == nil {
		return Binding{s, socket}, nil
	}
	if before == "" {
		if undo := p.run.Release(name, container); undo != nil {
			return Binding{}, errors.Join(err, undo)
		}
	}
	switch {
	case !errors.Is(err, unix.EADDRINUSE):
		return Binding{}, refused(err, s)
	case before == container:
		return Binding{}, s.HeldBy(Owner{Container: container})
	}
	return Binding{}, p.blame(container, s)
}

// taken is that another container of ours has the very port.
func taken(err error, s Spec) error {
	var known *fault.Error
	if !errors.As(err, &known) || known.Kind != fault.Exists {
		return err
	}
	holder, _ := known.Detail.(string)
	return s.HeldBy(Owner{Container: holder})
}

// HeldBy is the fault.Exists of a port that somebody has. Its Detail is the id
// of a container, or the Owner.
func (s Spec) HeldBy(o Owner) *fault.Error {
	err := fault.New(fault.Exists, "port %d/%s is taken by %s", s.HostPort, s.Protocol, o).
		WithHint("publish another port, or none to have one chosen")
	if err.Detail = o; o.Container != "" {
		err.Detail = o.Container
	}
	return err
}

// blame finds out who keeps the port from being bound.
func (p *Ports) blame(container string, s Spec) error {
	owner, _, err := p.owner(s.Protocol, s.HostPort, container)
	if err != nil {
		return err
	}
	return s.HeldBy(owner)
}

func refused(err error, s Spec) error {
	switch {
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fault.New(fault.Invalid, "this host has no address %s", s.HostIP)
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.ESOCKTNOSUPPORT):
		return fault.New(fault.Unsupported, "this kernel has no %s", s.Protocol)
	}
	return err
}

// bindWithin binds, and tries again for a while if the port is in use.
func bindWithin(ctx context.Context, s Spec, patience time.Duration) (*os.File, error) {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause *= 2 {
		socket, err := bind(s)
		if !errors.Is(err, unix.EADDRINUSE) || time.Now().Add(pause).After(deadline) {
			return socket, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// bind makes a socket that has the port and does nothing with it. Go's own
// listen would set SO_REUSEADDR, with which others could bind beside it; and a
// listening one would let clients wait for ever once the rules were flushed.
func bind(s Spec) (*os.File, error) {
	kind, protocol := unix.SOCK_STREAM, unix.IPPROTO_TCP
	switch s.Protocol {
	case "udp":
		kind, protocol = unix.SOCK_DGRAM, unix.IPPROTO_UDP
	case "sctp":
		protocol = unix.IPPROTO_SCTP
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, err
	}
	socket := os.NewFile(uintptr(fd), "port "+s.Host())
	if s.Protocol == "udp" { // datagrams that no rule leads away are of no use here
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 0)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(s.HostPort), Addr: s.HostIP.As4()})
	}
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return socket, nil
}

// Hold binds a port that the container has claimed, for a keeper whose
// predecessor's sockets are lost.
func (p *Ports) Hold(ctx context.Context, container string, s Spec) (Binding, error) {
	if s.HostPort == 0 || s.HostLast != 0 {
		return Binding{}, fault.New(fault.Invalid, "port %s was not chosen yet", s)
	}
	return p.Take(ctx, container, s)
}

// Give gives the claim back if the container has it; the caller closes the
// socket.
func (p *Ports) Give(container string, s Spec) error {
	return fault.Wrap("release port", s.String(), p.run.Release(s.claim(container).name(), container))
}

// Pick names a TCP port in from..to that is free on all addresses now. It
// takes nothing. fault.Exists if there is none.
func (p *Ports) Pick(from, to uint16) (uint16, error) {
	for n := int(max(from, 1)); n <= int(to); n++ {
		socket, err := bind(Spec{HostIP: netip.IPv4Unspecified(), HostPort: uint16(n), Protocol: "tcp"})
		if err == nil {
			return uint16(n), socket.Close()
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return 0, fault.Wrap("pick port", fmt.Sprint(n), err)
		}
	}
	return 0, NoneFree(from, to)
}

// NoneFree is the fault.Exists of a range in which every port is taken.
func NoneFree(from, to uint16) error {
	return fault.New(fault.Exists, "every port from %d to %d is taken", from, to)
}

// ephemeral is the range from which the kernel chooses ports.
func ephemeral() (first, last uint16) {
	body, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		if f := strings.Fields(string(body)); len(f) == 2 {
			a, err1 := number(f[0])
			b, err2 := number(f[1])
			if err1 == nil && err2 == nil && a <= b {
				return a, b
			}
		}
	}
	return 32768, 60999
}
