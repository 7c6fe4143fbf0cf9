package engine

import (
	"context"
	"errors"
	"io/fs"
	"runtime"

	"golang.org/x/sync/errgroup"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// Briefs is what lists show of every container, the newest first. It takes no
// lock, and looks only at those that changed since the last listing.
func (e *Engine) Briefs(ctx context.Context) ([]*container.Brief, error) {
	l, err := e.containers.Listing(ctx)
	if err != nil {
		return nil, err
	}
	looks := make([]*View, len(l.Unknown))
	var all errgroup.Group
	all.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, id := range l.Unknown {
		all.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			c := e.With(id)
			if _, err := c.c.Plan(); errors.Is(err, fs.ErrNotExist) {
				return nil // removed since, or gone with the boot that had its records
			}
			looks[i], err = c.Look()
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	for _, v := range looks {
		if v != nil {
			l.Add(v.Brief())
		}
	}
	return l.Briefs(), nil
}

// List gives every container in every state, the newest first.
func (e *Engine) List(ctx context.Context) ([]*Container, error) {
	all, err := e.Briefs(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*Container, len(all))
	for i := range all {
		list[i] = e.With(all[i].ID)
	}
	return list, nil
}

// Brief is what a list shows of it.
func (v *View) Brief() container.Brief {
	b := container.Brief{
		ID: v.ID, Name: v.Name, Image: v.Plan.Image, ImageID: v.Plan.ImageID, Created: v.Plan.Created,
		Entrypoint: v.Plan.Entrypoint, Cmd: v.Plan.Cmd, Exposed: v.Plan.Exposed, State: v.State,
		Starts: v.Last.Start, Restarts: v.Last.Restarts, Code: v.Last.Code, Unknown: v.Last.Unknown,
		Started: v.Last.Started, Ends: v.Last.Ended, Due: v.Due != nil,
		Passing:  v.Plan.AutoRemove,
		Keeps:    v.Wish.Restart.Name != "" && v.Wish.Restart.Name != "no",
		Fleeting: v.ending || v.starting || v.State == container.Dead || v.State == container.Removing,
	}
	if f := v.Facts; f != nil {
		b.Pid, b.Ticks, b.Since, b.Ports = f.Pid, f.Ticks, f.Started, f.Ports
		if len(f.Network) > 0 {
			b.IP = f.Network[0].IP
		}
	}
	return b
}
