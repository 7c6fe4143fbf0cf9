package engine

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/volume"
)

// mounts gathers the mounts: those taken from other containers first, then
// the given ones, then an anonymous volume at each path that the image wants
// one at. A later one at the same path wins over an earlier one.
func (d Drawing) mounts(_ context.Context, s Spec, img *image.Image, p *container.Plan, _ *container.Wish) error {
	all, err := d.mountsFrom(s.VolumesFrom)
	if err != nil {
		return err
	}
	given, err := givenMounts(s)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, m := range given {
		if seen[m.Target] {
			return fault.New(fault.Invalid, "two mounts have the target %s", m.Target)
		}
		seen[m.Target] = true
		all = append(all, m)
	}
	p.Mounts = lastByTarget(all)
	for _, target := range img.Config.Volumes {
		m, err := volume.Anonymous(path.Clean("/" + target))
		if err != nil {
			return fault.Wrap("use the volume of the image at", target, err)
		}
		if !slices.ContainsFunc(p.Mounts, func(o container.Mount) bool { return o.Target == m.Target }) {
			p.Mounts = append(p.Mounts, mountOf(m))
		}
	}
	return nil
}

func givenMounts(s Spec) ([]container.Mount, error) {
	var all []container.Mount
	for _, given := range []struct {
		texts []string
		parse func(string) (volume.Mount, error)
	}{{s.Volumes, volume.Parse}, {s.Mounts, volume.ParseMount}, {s.Tmpfs, volume.ParseTmpfs}} {
		for _, text := range given.texts {
			m, err := given.parse(text)
			if err != nil {
				return nil, err
			}
			all = append(all, mountOf(m))
		}
	}
	slices.SortStableFunc(all, func(a, b container.Mount) int { return strings.Compare(a.Target, b.Target) })
	return all, nil
}

func mountOf(m volume.Mount) container.Mount {
	return container.Mount{
		Kind: m.Kind, Name: m.Name, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly, NoCopy: m.NoCopy,
		Create: m.Create, NonRecursive: m.NonRecursive, Anonymous: m.Kind == "volume" && m.Name == "",
		Propagation: m.Propagation, Relabel: m.Relabel, Options: m.Options, Labels: m.Labels, DriverOptions: m.DriverOptions,
	}
}

func lastByTarget(all []container.Mount) []container.Mount {
	var kept []container.Mount
	for i, m := range all {
		if !slices.ContainsFunc(all[i+1:], func(later container.Mount) bool { return later.Target == m.Target }) {
			kept = append(kept, m)
		}
	}
	return kept
}

// mountsFrom is the volumes and binds of other containers, each given as
// NAME[:ro|rw].
func (d Drawing) mountsFrom(from []string) ([]container.Mount, error) {
	var all []container.Mount
	for _, text := range from {
		ref, mode, _ := strings.Cut(text, ":")
		if mode != "" && mode != "ro" && mode != "rw" {
			return nil, fault.New(fault.Invalid, "volumes_from %q is not of the form CONTAINER[:ro|rw]", text)
		}
		plan, err := d.Around.Container(ref)
		if err != nil {
			return nil, fault.Wrap("take the volumes of container", ref, err)
		}
		for _, m := range plan.Mounts {
			if m.Kind == "tmpfs" {
				continue
			}
			m.From, m.NoCopy = plan.ID, true
			m.ReadOnly = m.ReadOnly || mode == "ro"
			all = append(all, m)
		}
	}
	return all, nil
}

// takeVolumes makes the volumes that are missing and counts the container
// among the users of each.
func (e *Engine) takeVolumes(ctx context.Context, p *container.Plan, undo *undo) error {
	for i := range p.Mounts {
		m := &p.Mounts[i]
		if m.Kind != "volume" {
			continue
		}
		if m.Name == "" {
			made, err := e.Volumes.Create(ctx, "", volume.CreateOptions{})
			if err != nil {
				return err
			}
			m.Name = made.Name
			undo.add(func() error { return e.Volumes.Remove(context.WithoutCancel(ctx), made.Name) })
		} else if err := e.wantVolume(ctx, *m); err != nil {
			return err
		}
		if err := e.Volumes.Use(ctx, m.Name, p.ID); err != nil {
			return err
		}
		undo.add(func() error { return e.Volumes.Drop(m.Name, p.ID) })
	}
	return nil
}

// wantVolume makes the volume if there is none of the name.
func (e *Engine) wantVolume(ctx context.Context, m container.Mount) error {
	found, err := e.Volumes.Find(m.Name)
	if err != nil || found != nil {
		return err
	}
	_, err = e.Volumes.Create(ctx, m.Name, volume.CreateOptions{Labels: m.Labels, Options: m.DriverOptions})
	return err
}

// dropVolumes takes the container from the users of its volumes, and removes
// the anonymous ones that nobody else uses if anonymous is set.
func (e *Engine) dropVolumes(ctx context.Context, p *container.Plan, anonymous bool) error {
	var all []error
	for _, m := range p.Mounts {
		if m.Kind != "volume" || m.Name == "" {
			continue
		}
		err := e.Volumes.Drop(m.Name, p.ID)
		if err == nil && anonymous {
			err = e.removeAnonymous(ctx, m.Name)
		}
		if !fault.Is(err, fault.NotFound) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (e *Engine) removeAnonymous(ctx context.Context, name string) error {
	v, err := e.Volumes.Find(name)
	if err != nil || v == nil || !v.Anonymous {
		return err
	}
	err = e.Volumes.Remove(ctx, name)
	if fault.Is(err, fault.Busy) {
		return nil // another container uses it
	}
	return err
}
