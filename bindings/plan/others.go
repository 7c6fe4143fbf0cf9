package plan

import (
	"context"

	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/port"
)

// ports shows what would be published.
type ports struct{ p *Planner }

func (n ports) List(ctx context.Context) ([]engine.PublishedPort, error) {
	r := recordingOf(ctx)
	if r == nil {
		return n.p.real.Ports.List(ctx)
	}
	base, err := n.List(r.under(ctx))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []engine.PublishedPort
	for _, p := range base {
		if s := r.containers[p.ContainerID]; s == nil || !s.gone && s.view.State != container.Exited {
			all = append(all, p)
		}
	}
	for _, id := range r.made {
		s := r.containers[id]
		if s.gone || s.view.Facts == nil {
			continue
		}
		for _, p := range s.view.Facts.Ports {
			if p.HostPort != 0 && p.HostLast == 0 {
				all = append(all, engine.PublishedPort{Port: p, Container: s.name(), ContainerID: id})
			}
		}
	}
	return all, nil
}

func (n ports) Pick(ctx context.Context, from, to uint16) (uint16, error) {
	return n.p.real.Ports.Pick(ctx, from, to)
}

func (n ports) Owner(ctx context.Context, protocol string, number uint16) (port.Owner, bool, error) {
	return n.p.real.Ports.Owner(ctx, protocol, number)
}

// system is as it is: the root and the host.
type system struct{ p *Planner }

func (n system) Info(ctx context.Context) (engine.Info, error) { return n.p.real.System.Info(ctx) }
