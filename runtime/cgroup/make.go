package cgroup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"neap/runtime/fault"
)

// Make makes the group in every hierarchy and limits it; on an error it is
// undone. An empty group of that id is made anew; one with processes is
// fault.Busy. A limit that this host cannot set is fault.Unsupported.
func (g *Group) Make(l Limits) (err error) {
	if err := cmp.Or(g.check(), l.Check()); err != nil {
		return fault.Wrap("make cgroup", g.id, err)
	}
	if l.Devices == nil {
		l.Devices = DefaultDevices()
	}
	if l.MemorySwap == 0 && l.Memory > 0 {
		l.MemorySwap = 2 * l.Memory
	}
	if err := g.mkdirs(); err != nil {
		return fault.Wrap("make cgroup", g.id, err)
	}
	defer func() {
		if err != nil {
			err = also(err, g.Delete(context.Background()))
		}
	}()
	return g.apply(l)
}

// mkdirs makes the group in every hierarchy, or in none. What an earlier life
// left empty is made anew.
func (g *Group) mkdirs() error {
	for i, h := range g.tree.all {
		err := g.mkdir(h)
		if errors.Is(err, fs.ErrExist) {
			err = g.renew(h)
		}
		if err != nil {
			for _, made := range g.tree.all[:i] {
				err = also(err, rmdir(g.dir(made)))
			}
			return err
		}
	}
	return nil
}

func (g *Group) renew(h hierarchy) error {
	if pids := g.pids(); len(pids) > 0 {
		return fault.New(fault.Busy, "it still has the processes %s", digits(pids))
	}
	if err := remove(context.Background(), g.dir(h)); err != nil {
		return err
	}
	return g.mkdir(h)
}

// mkdir makes the directory of the group in h, and the parent if need be.
func (g *Group) mkdir(h hierarchy) error {
	err := os.Mkdir(g.dir(h), 0o755)
	if errors.Is(err, fs.ErrNotExist) {
		if err = g.tree.makeParent(h); err == nil {
			err = os.Mkdir(g.dir(h), 0o755)
		}
	}
	if err != nil || !slices.Contains(h.controllers, "cpuset") || h.v2 {
		return err
	}
	return g.inherit(h)
}

// inherit fills a v1 cpuset, which nobody can join while it is empty. The
// kernel copies the parent's; only a parent that somebody else made does not
// ask for that.
func (g *Group) inherit(h hierarchy) error {
	cpus, err := read(g.dir(h), "cpuset.cpus")
	if err != nil || cpus != "" {
		return err
	}
	root, ok := h.root("cpuset")
	if !ok {
		return fault.New(fault.Unsupported, "the cpuset hierarchy is mounted at %s, not in a directory \"cpuset\"", h.point)
	}
	return cgroup1.NewCpuset(root).Create(filepath.Join(h.base, g.tree.parent, g.id), &specs.LinuxResources{})
}

// makeParent makes the parent in h such that groups below it work: v1 cpusets
// copy its processors, v2 groups get its controllers.
func (t *Tree) makeParent(h hierarchy) error {
	if err := os.Mkdir(h.dir(t.parent), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	switch {
	case h.v2:
		return t.enable(h, slices.DeleteFunc(wanted(), func(c string) bool { return !slices.Contains(h.controllers, c) }))
	case slices.Contains(h.controllers, "cpuset"):
		root, ok := h.root("cpuset")
		if !ok {
			return nil // inherit tells
		}
		if err := cgroup1.NewCpuset(root).Create(filepath.Join(h.base, t.parent), &specs.LinuxResources{}); err != nil {
			return err
		}
		return write(h.dir(t.parent), "cgroup.clone_children", "1")
	}
	return nil
}

// enable gives controllers to the groups below the parent.
func (t *Tree) enable(h hierarchy, controllers []string) error {
	if len(controllers) == 0 {
		return nil
	}
	below, err := cgroup2.Load(filepath.Join("/", h.base, t.parent, "any"), cgroup2.WithMountpoint(h.point))
	if err != nil {
		return err
	}
	return below.ToggleControllers(controllers, cgroup2.Enable)
}

// enable sees to it that the group has a controller, which a service manager
// may have taken away.
func (g *Group) enable(h hierarchy, controller string) error {
	for range 2 {
		has, err := read(g.dir(h), "cgroup.controllers")
		if err != nil || slices.Contains(strings.Fields(has), controller) {
			return err
		}
		if err := g.tree.enable(h, []string{controller}); err != nil {
			return err
		}
	}
	return fault.New(fault.Unsupported, "the %s controller cannot be switched on below %s", controller, h.dir(g.tree.parent))
}

// manager is the library's hand on the v2 directory. It does no I/O and cannot
// fail, as the name of a group was checked.
func (g *Group) manager(h hierarchy) *cgroup2.Manager {
	m, _ := cgroup2.Load(filepath.Join("/", h.base, g.tree.parent, g.id), cgroup2.WithMountpoint(h.point))
	return m
}

// Update changes the limits that l sets and leaves the others. On v2 devices
// cannot be changed (fault.Unsupported).
func (g *Group) Update(l Limits) error {
	if err := cmp.Or(g.check(), l.Check()); err != nil {
		return fault.Wrap("update cgroup", g.id, err)
	}
	if !g.Exists() {
		return fault.Wrap("update cgroup", g.id, fault.New(fault.NotFound, "it is not there"))
	}
	if home, ok := g.tree.home("devices"); l.Devices != nil && (!ok || home.v2) {
		return fault.Wrap("update cgroup", g.id, fault.New(fault.Unsupported, "cgroup v2 cannot change the devices of a group"))
	}
	return g.apply(l)
}
