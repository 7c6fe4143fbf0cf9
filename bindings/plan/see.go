package plan

import "context"

// What a recording sees of the things that it touches. Callers hold r.mu.

// seeContainer notes a real container as it is before the plan changes it.
func (r *recording) seeContainer(c *box, s *shadow) thing {
	if !s.made {
		r.saw(Seen{Kind: "container", Name: s.was, ID: c.id, Facts: containerFacts(&s.view)})
	}
	return thing{"container", c.id}
}

// seeName notes who has a name that the plan gives.
func (r *recording) seeName(ctx context.Context, name string) {
	r.seeHolder(ctx, "container name", name)
}

func (r *recording) seeHolder(ctx context.Context, kind, name string) string {
	s := Seen{Kind: kind, Name: name}
	id, err := r.p.holder(r.under(ctx), s)
	if err == nil {
		s.ID = id
		r.saw(s)
	}
	return id
}

// seeContainerName notes which container a change refers to by its name or id.
func (r *recording) seeContainerName(ctx context.Context, ref string) (thing, error) {
	for id, s := range r.containers {
		if !s.gone && (id == ref || s.name() == ref) {
			if !s.made {
				r.seeHolder(ctx, "container name", ref)
			}
			return thing{"container", id}, nil
		}
	}
	c, err := r.p.nouns.Containers.Get(r.under(ctx), ref)
	if err != nil {
		return thing{}, err
	}
	r.saw(Seen{Kind: "container name", Name: ref, ID: c.ID()})
	return thing{"container", c.ID()}, nil
}

// seeImageName notes which image a name means, or that it means none.
func (r *recording) seeImageName(ctx context.Context, name string) thing {
	for id, s := range r.images {
		if s.has(name) || s.made && id == name {
			return thing{"image", id}
		}
	}
	id := r.seeHolder(ctx, "image name", name)
	if id == "" {
		return thing{"image name", name}
	}
	return thing{"image", id}
}

// seeNetworkName notes which network a change refers to; not ok if it is none
// of those that can be removed.
func (r *recording) seeNetworkName(ctx context.Context, name string) (t thing, ok bool) {
	for id, s := range r.networks {
		if s.seen.Name == name && !s.gone {
			return thing{"network", id}, true
		}
	}
	id := r.seeHolder(ctx, "network name", name)
	return thing{"network", id}, id != ""
}

// seeVolumeName notes whether there is a volume of the name.
func (r *recording) seeVolumeName(ctx context.Context, name string) {
	if s := r.volumes[name]; s == nil || !s.made {
		r.seeHolder(ctx, "volume name", name)
	}
}

// seeFile notes a file of the host as it is before the plan changes it.
func (r *recording) seeFile(path string) {
	if placeholders().MatchString(path) {
		return
	}
	for t := range r.last {
		if t.kind == "file" && t.id == path {
			return // it is what the plan makes of it
		}
	}
	r.saw(Seen{Kind: "file", Name: path, ID: path, Facts: fileFacts(path)})
}
