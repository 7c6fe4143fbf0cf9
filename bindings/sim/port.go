package sim

import (
	"cmp"
	"context"
	"slices"

	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/port"
)

type ports struct{ w *World }

// List is the published ports of the living.
func (n ports) List(context.Context) (all []engine.PublishedPort, err error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for _, c := range slices.Backward(n.w.order) {
		if c.facts == nil {
			continue
		}
		for _, p := range c.facts.Ports {
			all = append(all, engine.PublishedPort{Port: p, Container: c.wish.Name, ContainerID: c.ID()})
		}
	}
	return all, nil
}

// Pick names a port that is free on all addresses.
func (n ports) Pick(_ context.Context, from, to uint16) (uint16, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	for at := int(max(from, 1)); at <= int(to); at++ {
		if _, taken := n.w.owner("tcp", "0.0.0.0", uint16(at)); !taken {
			return uint16(at), nil
		}
	}
	return 0, port.NoneFree(from, to)
}

// Owner says who has a port.
func (n ports) Owner(_ context.Context, protocol string, number uint16) (port.Owner, bool, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	owner, taken := n.w.owner(cmp.Or(protocol, "tcp"), "0.0.0.0", number)
	return owner, taken, nil
}

// take makes a port of the host the container's.
func (w *World) take(c *cell, mine []container.Port, s port.Spec) (port.Spec, error) {
	if err := s.Check(); err != nil {
		return s, err
	}
	switch {
	case s.HostPort == 0:
		got, err := w.among(c, mine, s, ephemeralFirst, ephemeralLast, max(w.ports[s.Protocol], ephemeralFirst))
		w.ports[s.Protocol] = got.HostPort + 1
		return got, err
	case s.HostLast != 0:
		return w.among(c, mine, s, s.HostPort, s.HostLast, s.HostPort)
	}
	if owner, taken := w.owner(s.Protocol, s.HostIP.String(), s.HostPort); taken {
		return s, s.HeldBy(owner)
	}
	for _, p := range mine {
		if p.Protocol == s.Protocol && p.HostPort == s.HostPort && overlaps(p.HostIP, s.HostIP.String()) {
			return s, s.HeldBy(port.Owner{Container: c.ID()})
		}
	}
	return s, nil
}

// The range from which Linux chooses ports.
const (
	ephemeralFirst = 32768
	ephemeralLast  = 60999
)

func (w *World) among(c *cell, mine []container.Port, s port.Spec, first, last, start uint16) (port.Spec, error) {
	count := int(last) - int(first) + 1
	for i := range count {
		one := s
		one.HostPort, one.HostLast = uint16(int(first)+(int(start)-int(first)+i)%count), 0
		if got, err := w.take(c, mine, one); !fault.Is(err, fault.Exists) {
			return got, err
		}
	}
	return s, port.NoneFree(first, last)
}

func overlaps(a, b string) bool { return a == b || a == "0.0.0.0" || b == "0.0.0.0" }

// owner is who has a port of an address of the host; of any if ip is "0.0.0.0".
func (w *World) owner(protocol, ip string, number uint16) (port.Owner, bool) {
	for _, c := range w.order {
		if c.facts == nil {
			continue
		}
		for _, p := range c.facts.Ports {
			if p.Protocol == protocol && p.HostPort == number && overlaps(p.HostIP, ip) {
				return port.Owner{Container: c.ID()}, true
			}
		}
	}
	if w.foreign(number) {
		return port.Owner{PID: 999, Command: "somebody"}, true
	}
	return port.Owner{}, false
}
