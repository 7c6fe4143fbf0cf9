package cgroup

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A hierarchy is one mounted cgroup file system.
type hierarchy struct {
	point       string   // where it is mounted
	base        string   // the directory below which our parent lies
	controllers []string // that it has; of a named v1 hierarchy none
	v2          bool
}

func (h hierarchy) dir(elem ...string) string {
	return filepath.Join(append([]string{h.point, h.base}, elem...)...)
}

// hierarchies reads a mountinfo table: each v1 hierarchy once, then v2.
func hierarchies(table string) []hierarchy {
	var v1, v2 []hierarchy
	seen := map[string]bool{}
	for line := range strings.Lines(table) {
		h, key, ok := parse(line)
		if !ok || seen[key] || !mounted(h) {
			continue
		}
		seen[key] = true
		if h.v2 {
			v2 = append(v2, h)
		} else {
			v1 = append(v1, h)
		}
	}
	all := append(v1, v2...)
	return slices.Clip(all)
}

// useful parts the hierarchies in which groups lie from those that would only
// cost: named ones, and a v2 tree whose controllers v1 has all.
func useful(found []hierarchy) (all, bare []hierarchy) {
	freezer := slices.ContainsFunc(found, func(h hierarchy) bool { return slices.Contains(h.controllers, "freezer") })
	for _, h := range found {
		if h.limits() || h.v2 && !freezer {
			all = append(all, h)
		} else {
			bare = append(bare, h)
		}
	}
	return all, bare
}

// limits says whether the hierarchy has a controller that neap sets.
func (h hierarchy) limits() bool {
	if !h.v2 {
		return len(h.controllers) > 0
	}
	return slices.ContainsFunc(wanted(), func(c string) bool { return slices.Contains(h.controllers, c) })
}

// wanted are the v2 controllers that groups get.
func wanted() []string { return []string{"cpu", "cpuset", "io", "memory", "pids"} }

// version names what is mounted: see Tree.Version.
func version(found []hierarchy) string {
	old, unified := 0, 0
	for _, h := range found {
		if h.v2 {
			unified++
		} else {
			old++
		}
	}
	switch {
	case old == 0:
		return "v2"
	case unified == 0:
		return "v1"
	}
	return "hybrid"
}

// parse reads one line of mountinfo. key tells hierarchies apart.
func parse(line string) (h hierarchy, key string, ok bool) {
	left, right, found := strings.Cut(strings.TrimSpace(line), " - ")
	before, after := strings.Fields(left), strings.Fields(right)
	if !found || len(before) < 5 || len(after) < 3 {
		return h, "", false
	}
	h.point = unescape(before[4])
	switch after[0] {
	case "cgroup2":
		h.v2 = true
		available, _ := read(h.point, "cgroup.controllers")
		h.controllers = strings.Fields(available)
		return h, "v2", true
	case "cgroup":
		h.controllers = controllers(after[2])
		return h, after[2], true
	}
	return h, "", false
}

// controllers picks the controllers from the options of a v1 mount.
func controllers(options string) []string {
	known := []string{
		"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids",
		"net_cls", "net_prio", "perf_event", "hugetlb", "rdma", "misc",
	}
	return slices.DeleteFunc(strings.Split(options, ","), func(o string) bool { return !slices.Contains(known, o) })
}

// mounted says whether the mount can be seen, and not one on top of it.
func mounted(h hierarchy) bool {
	var st unix.Statfs_t
	if unix.Statfs(h.point, &st) != nil {
		return false
	}
	if h.v2 {
		return int64(st.Type) == unix.CGROUP2_SUPER_MAGIC
	}
	return int64(st.Type) == unix.CGROUP_SUPER_MAGIC
}

// unescape undoes mountinfo's octal.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// root is the directory in which the cgroup library finds the v1 hierarchy of
// controller by the controller's own name, and whether it does.
func (h hierarchy) root(controller string) (string, bool) {
	root := path.Dir(h.point)
	if path.Base(h.point) == controller {
		return root, true
	}
	named, err := os.Stat(path.Join(root, controller))
	if err != nil {
		return "", false
	}
	real, err := os.Stat(h.point)
	return root, err == nil && os.SameFile(named, real)
}
