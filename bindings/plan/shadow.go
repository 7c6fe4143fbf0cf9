package plan

import (
	"context"
	"maps"
	"slices"

	"neap/lua/bind"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
)

// shadow is a container as it would be.
type shadow struct {
	view    engine.View
	was     string          // the name of a real one
	what    string          // image and program, of one that the plan makes without a name
	made    bool            // by the plan: there is no real one
	moved   bool            // it would be in another state than it is
	gone    bool            // the plan removes it
	unknown map[string]bool // facts that only the applying would tell
}

// lived are the facts that a start or an end makes unknown.
func lived() []string {
	return []string{"pid", "ip", "started", "finished", "uptime", "exit_code", "error", "oom_killed", "restart_count", "ports", "networks", "cgroup"}
}

// shadow is the container as it would be, with the look at it that the first
// change needs. The caller holds r.mu.
func (r *recording) shadow(ctx context.Context, c *box) (*shadow, error) {
	if s := r.containers[c.id]; s != nil {
		return s, nil
	}
	v, err := c.Look(r.under(ctx))
	if err != nil {
		return nil, err
	}
	s := &shadow{view: *v, was: v.Name, unknown: map[string]bool{}}
	r.containers[c.id] = s
	return s, nil
}

// known is the shadow of a container as it is now, if the plan changes it, else
// nil.
func (r *recording) known(id string) *shadow {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := snapshot(r.containers[id])
	if s != nil {
		s.unknown = maps.Clone(s.unknown)
	}
	return s
}

// running shows it started.
func (s *shadow) running() {
	s.forget("pid", "ip", "started", "uptime", "cgroup")
	ports := []container.Port{}
	for _, p := range s.view.Wish.Publish {
		if p.HostPort == 0 || p.HostLast != 0 {
			s.unknown["ports"] = true
		}
		ports = append(ports, p)
	}
	if s.view.Plan.PublishAll {
		s.unknown["ports"] = true
	}
	s.view.State, s.view.Error, s.view.Due = container.Running, "", nil
	s.view.Facts = &container.Facts{Ports: ports, Network: []container.Endpoint{{Network: s.view.Plan.Network}}}
	s.view.Last = container.Last{Start: s.view.Last.Start + 1}
}

// ended shows it at its end.
func (s *shadow) ended() {
	s.forget("exit_code", "finished", "error", "oom_killed")
	s.view.State, s.view.Facts, s.view.Due = container.Exited, nil, nil
	s.view.Last = container.Last{Start: max(1, s.view.Last.Start)}
}

// forget says which of the facts of its life are not known now.
func (s *shadow) forget(facts ...string) {
	s.moved = true
	for _, f := range lived() {
		delete(s.unknown, f)
	}
	for _, f := range facts {
		s.unknown[f] = true
	}
}

// look is a copy of the view.
func (s *shadow) look() (*engine.View, error) {
	if s.gone {
		return nil, gone("look at container", s.view.Name)
	}
	v := s.view
	return &v, nil
}

func gone(op, name string) error {
	return &fault.Error{Kind: fault.NotFound, Op: op, Object: name, Message: "the plan removes it"}
}

// name is the name of a container, or what stands for it.
func (s *shadow) name() string { return s.view.Name }

// label is what people call it.
func (s *shadow) label() string {
	if s.made && s.view.Name == s.view.ID {
		return s.what
	}
	return s.view.Name
}

// users are the names of those of them that would still be there: base are the
// real ones, and uses says of one that the plan makes whether it is another.
func (r *recording) users(base []string, uses func(*engine.View) bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]bool{}
	for _, name := range base {
		all[name] = true
	}
	for _, s := range r.containers {
		switch {
		case s.made && !s.gone && uses(&s.view):
			all[s.name()] = true
		case !s.made && all[s.was] && (s.gone || s.was != s.name()):
			delete(all, s.was)
			if !s.gone {
				all[s.name()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// foresee is the error of a fact that is not known.
func (s *shadow) foresee(fact string) error {
	if s.unknown[fact] {
		return bind.NotYet(fact, s.label())
	}
	return nil
}

// briefs are all containers as they would be.
func (r *recording) briefs(ctx context.Context) ([]*container.Brief, error) {
	base, err := r.p.nouns.Containers.Briefs(r.under(ctx))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*container.Brief
	for i := len(r.made) - 1; i >= 0; i-- {
		all = r.show(all, r.containers[r.made[i]])
	}
	for _, b := range base {
		if s := r.containers[b.ID]; s != nil {
			all = r.show(all, s)
			continue
		}
		all = append(all, b)
	}
	return all, nil
}

func (r *recording) show(all []*container.Brief, s *shadow) []*container.Brief {
	if s.gone {
		return all
	}
	b := s.view.Brief()
	return append(all, &b)
}
