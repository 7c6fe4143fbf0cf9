// Package cgroup holds a container's processes together: it makes their
// directory in every cgroup hierarchy, limits them there, counts what they
// use, stops and wakes them, kills them and takes the directories away.
//
// It knows cgroup v1, v2 and hosts that have both (hybrid), and where each
// controller lives. It does not know containers, who joins a group or when,
// nor what a limit is good for. It keeps no state: the kernel's directories
// are the state.
package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// patience is how long a call waits whose context has no deadline.
const patience = 10 * time.Second

// keeper is the name of the group of neap's own long-lived processes.
const keeper = "keeper"

// A Tree is one parent directory in every hierarchy of the host; groups lie
// below it. It is immutable and safe for concurrent use.
type Tree struct {
	parent  string
	version string
	all     []hierarchy // v1 in the order of the mount table, then v2
	bare    []hierarchy // those that limit nothing: only the keeper has a group there, and its containers stay in it
	notice  string
}

// Open finds the host's hierarchies and does not change anything. parent is
// the directory below which groups are made, one path element, as "neap". It
// is fault.Unsupported where no hierarchy is mounted.
func Open(parent string) (*Tree, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fault.Wrap("find cgroups", "", err)
	}
	return open(parent, string(table))
}

func open(parent, table string) (*Tree, error) {
	if !valid(parent) {
		return nil, fault.New(fault.Invalid, "%q is not a name for a cgroup", parent)
	}
	found := hierarchies(table)
	t := &Tree{parent: parent, version: version(found)}
	t.all, t.bare = useful(found)
	if len(t.all) == 0 {
		return nil, fault.New(fault.Unsupported, "no cgroup hierarchy is mounted on this host").
			WithHint("mount one: mount -t cgroup2 none /sys/fs/cgroup")
	}
	if t.Version() == "v2" {
		t.delegate(&t.all[0])
	}
	return t, nil
}

// slice is the systemd unit whose cgroup is ours to divide.
const slice = "neap.slice"

// delegate puts the parent into the delegated slice if there is one.
func (t *Tree) delegate(h *hierarchy) {
	if isDir(filepath.Join(h.point, slice)) {
		h.base = slice
		return
	}
	if isDir("/run/systemd/system") {
		t.notice = "systemd manages this host's cgroups and has no " + slice +
			" for neap: containers live in a cgroup of their own at the top, which systemd may change (neap keeper install adds the slice)"
	}
}

// Version is "v1", "v2", or "hybrid" where hierarchies of both are mounted.
func (t *Tree) Version() string { return t.version }

// Notice is a sentence for the user about this host's cgroups, "" if there is
// nothing to say.
func (t *Tree) Notice() string { return t.notice }

// Group is the group named id (one path element), which may not exist yet. It
// does no I/O; all methods of a group with another id are fault.Invalid.
func (t *Tree) Group(id string) *Group { return &Group{tree: t, id: id} }

// List names the groups that have a directory in any hierarchy, sorted,
// without the keeper's.
func (t *Tree) List() ([]string, error) {
	var ids []string
	for _, h := range t.all {
		entries, err := os.ReadDir(h.dir(t.parent))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.Wrap("list cgroups", t.parent, err)
		}
		for _, e := range entries {
			if e.IsDir() && e.Name() != keeper {
				ids = append(ids, e.Name())
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Keeper makes the group of neap's own processes and moves the calling
// process, with all its threads, into it in every hierarchy. One such move
// costs milliseconds.
func (t *Tree) Keeper() error {
	for _, h := range t.mounted() {
		if err := t.makeSeat(h); err != nil {
			return fault.Wrap("make cgroup", keeper, err)
		}
		if err := write(t.seat(h), "cgroup.procs", "0"); err != nil {
			return fault.Wrap("join cgroup", keeper, err)
		}
	}
	return nil
}

// Remove removes the parent and the keeper's group in every hierarchy. It is
// fault.Busy while there are groups or a keeper, and nil if it is gone.
func (t *Tree) Remove() error {
	ids, err := t.List()
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		return fault.Wrap("remove cgroup", t.parent, fault.New(fault.Busy, "it has the groups %s", strings.Join(ids, ", ")))
	}
	for _, h := range t.mounted() {
		for _, dir := range []string{t.seat(h), h.dir(t.parent)} {
			if err := rmdir(dir); err != nil {
				return fault.Wrap("remove cgroup", t.parent, err)
			}
		}
	}
	return nil
}

// Only is the tree in the hierarchy of one controller alone, for groups that
// are made for nothing else. It is fault.Unsupported where there is none.
func (t *Tree) Only(controller string) (*Tree, error) {
	h, ok := t.home(controller)
	if !ok {
		return nil, fault.New(fault.Unsupported, "this host has no %s controller", controller)
	}
	return &Tree{parent: t.parent, version: t.version, all: []hierarchy{h}, notice: t.notice}, nil
}

// mounted is every hierarchy of the host.
func (t *Tree) mounted() []hierarchy { return slices.Concat(t.all, t.bare) }

// home is the hierarchy that has the controller.
func (t *Tree) home(controller string) (hierarchy, bool) {
	for _, h := range t.all {
		if slices.Contains(h.controllers, controller) {
			return h, true
		}
	}
	return hierarchy{}, false
}

// unified is the v2 hierarchy, if groups lie in it.
func (t *Tree) unified() (hierarchy, bool) {
	last := t.all[len(t.all)-1]
	return last, last.v2
}

// A Group is one directory in every hierarchy, named by an id. It holds
// nothing open.
type Group struct {
	tree *Tree
	id   string
}

// Exists says whether the group has a directory in any hierarchy.
func (g *Group) Exists() bool {
	return g.check() == nil && slices.ContainsFunc(g.tree.all, func(h hierarchy) bool { return isDir(g.dir(h)) })
}

// Dir opens the group's v2 directory, for CLONE_INTO_CGROUP. It is nil without
// an error on a host whose v2 limits nothing. The caller closes it.
func (g *Group) Dir() (*os.File, error) {
	h, ok := g.tree.unified()
	if !ok {
		return nil, nil //nolint:nilnil // the contract
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(g.dir(h), os.O_RDONLY|unix.O_DIRECTORY, 0)
	return f, fault.Wrap("open cgroup", g.id, err)
}

// Joins opens what a single-threaded process writes "0" to, once each, to
// become a member of the group in every v1 hierarchy. It is empty on v2. The
// caller closes them.
func (g *Group) Joins() ([]*os.File, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	var joins []*os.File
	for _, h := range g.tree.all {
		if h.v2 {
			continue
		}
		f, err := os.OpenFile(filepath.Join(g.dir(h), "tasks"), os.O_WRONLY, 0)
		if err != nil {
			for _, f := range joins {
				f.Close()
			}
			return nil, fault.Wrap("join cgroup", g.id, err)
		}
		joins = append(joins, f)
	}
	return joins, nil
}

// Door opens what a process writes "0" to, to become a member of the group with
// all its threads, in a tree of one hierarchy. The caller closes it.
func (g *Group) Door() (*os.File, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(g.dir(g.tree.all[0]), "cgroup.procs"), os.O_WRONLY, 0)
	return f, fault.Wrap("join cgroup", g.id, err)
}

// A View is what a container sees of its cgroups below /sys/fs/cgroup. Where
// Unified is true that is a cgroup2 file system of its own cgroup namespace;
// else a directory with the read-only Mounts, and symbolic Links (name to
// target) beside them.
type View struct {
	Unified bool
	Mounts  []Mount
	Links   map[string]string
}

// A Mount is a directory of a hierarchy on the host and its name below
// /sys/fs/cgroup.
type Mount struct{ Name, HostPath string }

// View tells what to show of the group in a container. It does no I/O.
func (g *Group) View() View {
	v := View{Unified: g.tree.Version() == "v2", Links: map[string]string{}}
	if v.Unified || g.check() != nil {
		return v
	}
	for _, h := range g.tree.all {
		name := path.Base(h.point)
		v.Mounts = append(v.Mounts, Mount{name, g.dir(h)})
		for _, c := range h.controllers {
			if c != name && !h.v2 {
				v.Links[c] = name
			}
		}
	}
	return v
}

func (g *Group) check() error {
	if !valid(g.id) {
		return fault.New(fault.Invalid, "%q is not a name for a cgroup", g.id)
	}
	return nil
}

func (g *Group) dir(h hierarchy) string { return h.dir(g.tree.parent, g.id) }

func valid(name string) bool {
	return name != "" && len(name) <= 255 && name[0] != '.' && !strings.ContainsAny(name, "/\x00\n")
}

// until tries step, with growing pauses, until it says done or fails, or ctx
// or patience ends: then it gives the context's error.
func until(ctx context.Context, step func() (done bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		if done, err := step(); done || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
