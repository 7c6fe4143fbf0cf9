package cgroup

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"neap/runtime/fault"
)

// apply sets l in the directories of the group, which exist.
func (g *Group) apply(l Limits) error {
	for _, name := range l.controllers() {
		if err := g.set(name, l); err != nil {
			return fault.Wrap("limit the "+name+" of", g.id, err)
		}
	}
	return nil
}

func (g *Group) set(name string, l Limits) error {
	if h, ok := g.tree.home(name); ok && !h.v2 {
		return g.set1(h, name, l)
	}
	if h, ok := g.tree.home(v2Name(name)); ok {
		return g.set2(h, name, l)
	}
	if h, ok := g.tree.unified(); ok && name == "devices" {
		return g.filter(h, l.Devices)
	}
	return fault.New(fault.Unsupported, "this host has no %s controller", name)
}

func v2Name(controller string) string {
	if controller == "blkio" {
		return "io"
	}
	return controller
}

// knobs are values that the library has no word for: "no limit", and weights,
// whose files have two names. Each is written to the first file that exists.
type knobs [][]setting

type setting struct{ file, value string }

func (k *knobs) add(asked bool, choices ...setting) {
	if asked {
		*k = append(*k, choices)
	}
}

func (k knobs) turn(dir string) error {
	for _, choices := range k {
		i := slices.IndexFunc(choices, func(s setting) bool { return exists(dir, s.file) })
		if i < 0 {
			return fault.New(fault.Unsupported, "this kernel has no %s", choices[0].file)
		}
		if err := write(dir, choices[i].file, choices[i].value); err != nil {
			return err
		}
	}
	return nil
}

// set1 sets what l says about a controller in a v1 hierarchy.
func (g *Group) set1(h hierarchy, name string, l Limits) error {
	if name == "devices" {
		return allow(g.dir(h), l.Devices)
	}
	root, ok := h.root(name)
	if !ok {
		return fault.New(fault.Unsupported, "the %s hierarchy is mounted at %s, not in a directory %q", name, h.point, name)
	}
	if err := l.knobs1(name).turn(g.dir(h)); err != nil {
		return err
	}
	res := l.spec()
	rel := filepath.Join("/", h.base, g.tree.parent, g.id)
	switch name {
	case "memory":
		return setMemory1(root, rel, g.dir(h), l, res)
	case "cpu":
		return cgroup1.NewCpu(root).Update(rel, res)
	case "cpuset":
		return cgroup1.NewCpuset(root).Update(rel, res)
	case "pids":
		return cgroup1.NewPids(root).Update(rel, res)
	}
	return cgroup1.NewBlkio(root).Update(rel, res)
}

// setMemory1 raises the limit of memory and swap before, and lowers it after,
// that of memory: the kernel wants the first never below the second. The
// library means to do so and exchanges the wrong two.
func setMemory1(root, rel, dir string, l Limits, res *specs.LinuxResources) error {
	memory := cgroup1.NewMemory(root)
	if res.Memory.Swap == nil {
		return memory.Update(rel, res)
	}
	const both = "memory.memsw.limit_in_bytes"
	if !exists(dir, both) {
		if !l.isDefaultSwap() {
			return noSwap()
		}
		res.Memory.Swap = nil
		return memory.Update(rel, res)
	}
	text, err := read(dir, both)
	if err != nil {
		return err
	}
	if now, err := strconv.ParseInt(text, 10, 64); err == nil && *res.Memory.Swap > now {
		if err := write(dir, both, strconv.FormatInt(*res.Memory.Swap, 10)); err != nil {
			return err
		}
	}
	return memory.Update(rel, res)
}

func noSwap() error {
	return fault.New(fault.Unsupported, "this kernel does not count swap").WithHint("boot with swapaccount=1")
}

// knobs1 are turned before the library sets limits: memory cannot rise above
// memory and swap, so that limit must be lifted first.
func (l Limits) knobs1(name string) knobs {
	var k knobs
	quota, _ := l.quota()
	switch name {
	case "memory":
		k.add(l.MemorySwap == -1 || l.Memory == -1, setting{"memory.memsw.limit_in_bytes", "-1"}, setting{"memory.limit_in_bytes", "-1"})
		k.add(l.Memory == -1, setting{"memory.limit_in_bytes", "-1"})
		k.add(l.MemoryReservation == -1, setting{"memory.soft_limit_in_bytes", "-1"})
	case "cpu":
		k.add(quota == -1, setting{"cpu.cfs_quota_us", "-1"})
	case "pids":
		k.add(l.Pids == -1, setting{"pids.max", "max"})
	case "blkio":
		weight := strconv.Itoa(int(l.BlkioWeight))
		k.add(l.BlkioWeight > 0, setting{"blkio.bfq.weight", weight}, setting{"blkio.weight", weight})
	}
	return k
}

// set2 sets what l says about a controller in the v2 hierarchy, switching the
// controller on if somebody switched it off.
func (g *Group) set2(h hierarchy, name string, l Limits) error {
	switch {
	case l.OOMKillDisable && name == "memory":
		return fault.New(fault.Unsupported, "cgroup v2 cannot disable the killer of processes that run out of memory")
	case l.Swappiness != nil && name == "memory":
		return fault.New(fault.Unsupported, "cgroup v2 has no swappiness of a group")
	}
	if err := g.enable(h, v2Name(name)); err != nil {
		return err
	}
	if err := l.knobs2(name).turn(g.dir(h)); err != nil {
		return err
	}
	res := l.resources2(name)
	if res.Memory != nil && res.Memory.Swap != nil && !exists(g.dir(h), "memory.swap.max") {
		if !l.isDefaultSwap() {
			return noSwap()
		}
		res.Memory.Swap = nil
	}
	if res.CPU != nil && res.CPU.Max == "" && l.CPUPeriod > 0 { // without a quota: keep the one that is there
		now, err := read(g.dir(h), "cpu.max")
		if err != nil {
			return err
		}
		res.CPU.Max = cgroup2.CPUMax(strings.Fields(now)[0] + " " + strconv.FormatInt(l.CPUPeriod, 10))
	}
	return g.manager(h).Update(res)
}

// resources2 is the part of l about one controller in the library's v2 terms.
func (l Limits) resources2(name string) *cgroup2.Resources {
	res := l.spec()
	if l.MemorySwap <= 0 {
		res.Memory.Swap = nil
	}
	all := cgroup2.ToResources(res)
	if res.CPU.Quota == nil {
		all.CPU.Max = ""
	}
	only := &cgroup2.Resources{}
	switch name {
	case "memory":
		only.Memory = all.Memory
	case "cpu":
		only.CPU = &cgroup2.CPU{Weight: all.CPU.Weight, Max: all.CPU.Max}
	case "cpuset":
		only.CPU = &cgroup2.CPU{Cpus: all.CPU.Cpus, Mems: all.CPU.Mems}
	case "pids":
		only.Pids = all.Pids
	case "blkio":
		only.IO = all.IO
	}
	return only
}

func (l Limits) knobs2(name string) knobs {
	var k knobs
	quota, _ := l.quota()
	switch name {
	case "memory":
		k.add(l.Memory == -1, setting{"memory.max", "max"})
		k.add(l.MemorySwap == -1, setting{"memory.swap.max", "max"})
		k.add(l.MemoryReservation == -1, setting{"memory.low", "0"})
	case "cpu":
		k.add(quota == -1, setting{"cpu.max", "max"})
	case "pids":
		k.add(l.Pids == -1, setting{"pids.max", "max"})
	case "blkio":
		weight := int(l.BlkioWeight)
		k.add(weight > 0, setting{"io.bfq.weight", strconv.Itoa(weight)}, setting{"io.weight", strconv.Itoa(1 + (weight-10)*9999/990)})
	}
	return k
}
