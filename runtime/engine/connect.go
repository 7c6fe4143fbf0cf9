package engine

import (
	"context"
	"errors"
	"strings"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/firewall"
	"neap/runtime/network"
	"neap/runtime/port"
)

// makeNet makes the network namespace and wires it, while the walls are made.
func (l *launch) makeNet(ctx context.Context) {
	if mode := l.plan.Network; mode == "host" || strings.HasPrefix(mode, "container:") {
		l.ns, l.net = begin(nothing), begin(nothing)
		return
	}
	l.ns = begin(func() (err error) {
		l.netns, err = l.w.spawner.Net()
		return err
	})
	wanted := Wanted(l.plan, l.wish)
	if len(wanted) > 0 {
		l.w.rules.announce()
	}
	l.net = begin(func() error {
		rules, err := l.wire(ctx, wanted)
		switch {
		case len(wanted) == 0:
			return err
		case err != nil:
			l.w.rules.renounce()
			return err
		}
		l.netUndo.add(func() error { l.w.rules.withdraw(rules); return nil })
		return l.w.rules.apply(ctx, rules)
	})
	l.undo.add(func() error {
		_ = l.net.wait()
		if l.netns != nil {
			_ = l.netns.Close()
		}
		return l.netUndo.run(nil)
	})
}

func nothing() error { return nil }

// connected waits for the network.
func (l *launch) connected(context.Context) error {
	err := l.net.wait()
	if err == nil {
		l.use(l.netns)
	}
	return err
}

// attach makes the namespace a member of its network.
func (l *launch) attach(ctx context.Context) error {
	if err := l.w.mark(); err != nil {
		return err
	}
	ep, err := l.e.Networks.Attach(ctx, network.AttachOptions{
		Network: l.plan.Network, Container: l.c.ID, Start: l.number, IP: address(l.plan.IP),
		Prefer: address(l.last.Address), NetNS: l.netns,
	})
	if err != nil {
		return err
	}
	l.netUndo.add(func() error { return l.e.Networks.Detach(context.WithoutCancel(ctx), ep) })
	l.facts.Network = append(l.facts.Network, EndpointOf(ep))
	return nil
}

func (l *launch) bridged() bool { return Bridged(l.plan.Network) }

// Bridged says whether a network of this name has a bridge.
func Bridged(mode string) bool {
	return mode != "none" && mode != "host" && !strings.HasPrefix(mode, "container:")
}

// Wanted is the ports that a start publishes.
func Wanted(p *container.Plan, w *container.Wish) []container.Port {
	if !Bridged(p.Network) {
		return nil
	}
	wanted := w.Publish
	if p.PublishAll {
		wanted = append(wanted, unpublished(p.Exposed, wanted)...)
	}
	return wanted
}

// wire makes the namespace a member and takes the ports. It gives the rules that
// lead their packets to the container.
func (l *launch) wire(ctx context.Context, wanted []container.Port) ([]firewall.Rule, error) {
	if err := l.ns.wait(); err != nil || !l.bridged() {
		return nil, err
	}
	if err := l.attach(ctx); err != nil || len(wanted) == 0 {
		return nil, err
	}
	if err := l.e.firewall.Available(); err != nil {
		return nil, err
	}
	for _, p := range wanted {
		b, err := l.takePort(ctx, SpecOf(p))
		if err != nil {
			return nil, err
		}
		l.netUndo.add(func() error { return errors.Join(l.e.Ports.Give(l.c.ID, b.Spec), b.Socket.Close()) })
		l.facts.Ports = append(l.facts.Ports, PortOf(b.Spec))
		l.sockets[b.Spec.Protocol+"-"+b.Spec.Host()] = b.Socket
	}
	return rulesOf(l.c.ID, &l.facts), nil
}

func (l *launch) takePort(ctx context.Context, s port.Spec) (port.Binding, error) {
	b, err := l.e.Ports.Take(ctx, l.c.ID, s)
	return b, PortTaken(err, func(id string) string { return l.e.With(id).Name() })
}

// PortTaken names the container that has the port, if err is that one has it.
func PortTaken(err error, name func(id string) string) error {
	var known *fault.Error
	if errors.As(err, &known) {
		if id, ok := known.Detail.(string); ok && fault.Is(err, fault.Exists) {
			named := *known
			named.Message = "the port is taken by container " + name(id)
			return &named
		}
	}
	return err
}

// unpublished are the exposed ports that nobody published by hand.
func unpublished(exposed []string, published []container.Port) []container.Port {
	var all []container.Port
	for _, text := range exposed {
		specs, err := port.Parse(text)
		if err != nil {
			continue
		}
		for _, s := range specs {
			s.HostPort = 0
			if !publishes(published, s) {
				all = append(all, PortOf(s))
			}
		}
	}
	return all
}

func publishes(published []container.Port, s port.Spec) bool {
	for _, p := range published {
		if p.ContainerPort == s.ContainerPort && p.Protocol == s.Protocol {
			return true
		}
	}
	return false
}

// rulesOf is the packet rules of what a container has.
func rulesOf(id string, f *container.Facts) []firewall.Rule {
	var rules []firewall.Rule
	if len(f.Network) == 0 {
		return nil
	}
	to := address(f.Network[0].IP)
	for _, p := range f.Ports {
		s := SpecOf(p)
		rules = append(rules, firewall.Rule{
			Container: id, Protocol: s.Protocol, HostIP: s.HostIP, HostPort: s.HostPort,
			ContainerIP: to, ContainerPort: s.ContainerPort,
		})
	}
	return rules
}
