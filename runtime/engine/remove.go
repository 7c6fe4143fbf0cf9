package engine

import (
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/scope"
)

// RemoveOptions says how to remove a container.
type RemoveOptions struct {
	Force   bool `json:"force,omitzero"`   // one that runs is killed; one that is damaged is removed nonetheless
	Volumes bool `json:"volumes,omitzero"` // its anonymous volumes go too, unless somebody else uses them

	later func(func() error) // does what nobody has to wait for; nil: it is waited for
}

// Remove removes the container with all it has. One that is gone is no error.
// What could not be finished leaves it dead: then it can be removed again.
func (c *Container) Remove(ctx context.Context, o RemoveOptions) error {
	if !c.c.Exists() {
		return nil
	}
	err := c.remove(ctx, o)
	for tries := 0; errors.Is(err, errBorn) && tries < 10; tries++ {
		err = c.remove(ctx, o)
	}
	if fault.Is(err, fault.NotFound) && !c.c.Exists() {
		err = nil
	}
	if err == nil {
		return scope.Keep(ctx, scope.Thing{Kind: scope.Container, ID: c.c.ID})
	}
	return c.wrap("remove container", err)
}

// errBorn says that the container was started between the kill and the lock.
var errBorn = fault.New(fault.Busy, "it is started again and again")

func (c *Container) remove(ctx context.Context, o RemoveOptions) error {
	if w, err := c.c.Wish(); err == nil {
		if err := Unprotected(w); err != nil {
			return err
		}
	}
	verb := "remove"
	if o.Force {
		verb = "remove by force"
		if err := c.killFirst(ctx); err != nil {
			return err
		}
	}
	if due, err := c.c.Due(); err == nil && due != nil && o.Force {
		if err := c.e.keeper.CancelRestart(ctx, c.c.ID); err != nil {
			return err
		}
	}
	return c.c.Do(ctx, verb, func(container.State) error {
		if facts, err := c.c.Facts(); o.Force && err == nil && facts != nil {
			return errBorn
		}
		plan, err := c.c.Plan()
		if err != nil && !fault.Is(err, fault.Damaged) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := c.c.Doom(); err != nil {
			return err
		}
		if err := emptyGroup(ctx, c.c); err != nil {
			return err
		}
		if err := c.e.dropVolumes(ctx, plan, o.Volumes); err != nil {
			return err
		}
		if o.later == nil {
			return c.c.Erase()
		}
		err = c.c.Entomb()
		if err == nil {
			o.later(c.c.Bury)
		}
		return err
	})
}

// Unprotected is fault.Denied if a container may not be removed.
func Unprotected(w *container.Wish) error {
	if w.Protect {
		return fault.New(fault.Denied, "it is protected").WithHint("end that first: c:unprotect()")
	}
	return nil
}

// killFirst kills what lives, and waits until its end is put away.
func (c *Container) killFirst(ctx context.Context) error {
	facts, err := c.c.Facts()
	if err != nil || facts == nil {
		return nil // damaged facts: the cgroup finds who lives
	}
	if err := c.stopByUser(ctx, "remove by force"); err != nil && !fault.Is(err, fault.Damaged) {
		return err
	}
	if err := c.c.Signal(unix.SIGKILL); err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	if err := c.thaw(ctx); err != nil {
		return err
	}
	_, err = c.e.keeper.Await(ctx, c.c.ID, facts.Start)
	return err
}

// RemoveImage removes an image that no container was made from: see
// image.Images.Remove.
func (e *Engine) RemoveImage(ctx context.Context, ref string, force bool) (image.Removal, error) {
	used, err := e.imageUse(ctx)
	if err != nil {
		return image.Removal{}, err
	}
	return e.Images.Remove(ctx, ref, image.RemoveOptions{
		Force: force, UsedBy: func(id string) []image.Use { return used[id] },
	})
}

// ImageUsers is the containers made from an image, by its id.
func (e *Engine) ImageUsers(ctx context.Context, id string) ([]image.Use, error) {
	used, err := e.imageUse(ctx)
	return used[id], err
}

func (e *Engine) imageUse(ctx context.Context) (map[string][]image.Use, error) {
	all, err := e.containers.List(ctx)
	if err != nil {
		return nil, err
	}
	used := map[string][]image.Use{}
	for _, c := range all {
		plan, err := c.Plan()
		if err != nil {
			continue
		}
		state, err := c.State()
		if err != nil {
			return nil, err
		}
		running := state == container.Running || state == container.Paused || state == container.Restarting
		used[plan.ImageID] = append(used[plan.ImageID], image.Use{Container: c.Name(), Running: running})
	}
	return used, nil
}
