package cgroup

import (
	"cmp"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	v1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	"github.com/containerd/cgroups/v3/cgroup2"

	"neap/runtime/fault"
)

// Stats is what a group and all below it have used since it was made, or use
// now. What this host does not count is 0.
type Stats struct {
	CPU, User, System time.Duration
	PerCPU            []time.Duration // v1 only
	Periods           uint64          // of the quota
	Throttled         uint64          // periods in which it was used up
	ThrottledTime     time.Duration

	Memory      uint64 // bytes, with the cache of files
	Inactive    uint64 // bytes of Memory that are cache not used of late; Docker shows Memory without it
	MemoryPeak  uint64
	MemoryLimit uint64 // 0 for none
	Swap        uint64

	Pids, PidsLimit uint64 // PidsLimit 0 for none

	Read, Written     uint64 // bytes of block devices
	ReadOps, WriteOps uint64
}

// Stats reads the counters. An absent group is fault.NotFound.
func (g *Group) Stats() (Stats, error) {
	if !g.Exists() {
		return Stats{}, fault.Wrap("read the counters of", g.id, cmp.Or[error](g.check(), fault.New(fault.NotFound, "it is not there")))
	}
	var s Stats
	var errs []error
	for _, h := range g.tree.all {
		if h.v2 {
			errs = append(errs, g.stats2(h, &s))
		} else {
			errs = append(errs, g.stats1(h, &s))
		}
	}
	return s, fault.Wrap("read the counters of", g.id, errors.Join(errs...))
}

func (g *Group) stats1(h hierarchy, s *Stats) error {
	m := &v1.Metrics{CPU: &v1.CPUStat{Throttling: &v1.Throttle{}, Usage: &v1.CPUUsage{}}}
	rel := filepath.Join("/", h.base, g.tree.parent, g.id)
	for _, c := range h.controllers {
		root, ok := h.root(c)
		if !ok {
			continue
		}
		if err := g.count1(c, root, rel, m); err != nil {
			return err
		}
	}
	s.add1(m)
	return nil
}

func (g *Group) count1(controller, root, rel string, m *v1.Metrics) error {
	switch controller {
	case "cpu":
		return cgroup1.NewCpu(root).Stat(rel, m)
	case "cpuacct":
		return cgroup1.NewCpuacct(root).Stat(rel, m)
	case "memory":
		without := []string{"kmem", "kmem.tcp"}
		if !exists(filepath.Join(root, controller, rel), "memory.memsw.usage_in_bytes") {
			without = append(without, "memsw")
		}
		return cgroup1.NewMemory(root, cgroup1.IgnoreModules(without...)).Stat(rel, m)
	case "pids":
		return cgroup1.NewPids(root).Stat(rel, m)
	case "blkio":
		return cgroup1.NewBlkio(root).Stat(rel, m)
	}
	return nil
}

func (s *Stats) add1(m *v1.Metrics) {
	if u := m.CPU.Usage; u.Total > 0 {
		s.CPU, s.User, s.System = time.Duration(u.Total), time.Duration(u.User), time.Duration(u.Kernel)
		for _, n := range u.PerCPU {
			s.PerCPU = append(s.PerCPU, time.Duration(n))
		}
	}
	if t := m.CPU.Throttling; t.Periods > 0 {
		s.Periods, s.Throttled, s.ThrottledTime = t.Periods, t.ThrottledPeriods, time.Duration(t.ThrottledTime)
	}
	if mem := m.Memory; mem != nil {
		s.Memory, s.MemoryPeak, s.MemoryLimit = mem.Usage.Usage, mem.Usage.Max, limit(mem.Usage.Limit)
		s.Inactive = mem.TotalInactiveFile
		s.Swap = max(mem.Swap.Usage, mem.Usage.Usage) - mem.Usage.Usage
	}
	if p := m.Pids; p != nil {
		s.Pids, s.PidsLimit = p.Current, limit(p.Limit)
	}
	if io := m.Blkio; io != nil {
		s.Read, s.Written = direction(io.IoServiceBytesRecursive)
		s.ReadOps, s.WriteOps = direction(io.IoServicedRecursive)
	}
}

func direction(entries []*v1.BlkIOEntry) (reads, writes uint64) {
	for _, e := range entries {
		switch strings.ToLower(e.Op) {
		case "read":
			reads += e.Value
		case "write":
			writes += e.Value
		}
	}
	return reads, writes
}

// limit makes of the kernel's "as good as none" 0.
func limit(n uint64) uint64 {
	if n >= 1<<62 {
		return 0
	}
	return n
}

// stats2 adds what the v2 hierarchy counts: of CPU time always something, of
// the rest what it has controllers for.
func (g *Group) stats2(h hierarchy, s *Stats) error {
	want := map[string]cgroup2.StatMask{
		"cpu": cgroup2.StatCPU, "memory": cgroup2.StatMemory, "pids": cgroup2.StatPids, "io": cgroup2.StatIO,
	}
	var mask cgroup2.StatMask
	if _, v1 := g.tree.home("cpuacct"); !v1 {
		mask = cgroup2.StatCPU
	}
	has, err := read(g.dir(h), "cgroup.controllers")
	if err != nil {
		return err
	}
	for c := range strings.FieldsSeq(has) {
		mask |= want[c]
	}
	m, err := g.manager(h).StatFiltered(mask)
	if err != nil {
		return err
	}
	const us = time.Microsecond
	if c := m.CPU; c != nil {
		s.CPU, s.User, s.System = time.Duration(c.UsageUsec)*us, time.Duration(c.UserUsec)*us, time.Duration(c.SystemUsec)*us
		s.Periods, s.Throttled, s.ThrottledTime = c.NrPeriods, c.NrThrottled, time.Duration(c.ThrottledUsec)*us
	}
	if mem := m.Memory; mem != nil {
		s.Memory, s.MemoryPeak, s.MemoryLimit = mem.Usage, mem.MaxUsage, limit(mem.UsageLimit)
		s.Inactive, s.Swap = mem.InactiveFile, mem.SwapUsage
	}
	if p := m.Pids; p != nil {
		s.Pids, s.PidsLimit = p.Current, limit(p.Limit)
	}
	for _, e := range m.Io.GetUsage() {
		s.Read, s.Written, s.ReadOps, s.WriteOps = s.Read+e.Rbytes, s.Written+e.Wbytes, s.ReadOps+e.Rios, s.WriteOps+e.Wios
	}
	return nil
}

// OOMKills counts the processes of the group, and of those below it, that the
// kernel killed because memory ran out. It is 0 where nobody counts, and for
// an absent group.
func (g *Group) OOMKills() (int, error) {
	h, ok := g.tree.home("memory")
	if !ok || g.check() != nil {
		return 0, g.check()
	}
	if h.v2 {
		return oomKills(g.dir(h), "memory.events") // counts what is below too
	}
	sum := 0
	for _, dir := range below(g.dir(h)) {
		n, err := oomKills(dir, "memory.oom_control")
		if err != nil {
			return sum, fault.Wrap("count the oom kills of", g.id, err)
		}
		sum += n
	}
	return sum, nil
}

func oomKills(dir, file string) (int, error) {
	body, err := read(dir, file)
	if gone(err) {
		return 0, nil
	}
	for line := range strings.Lines(body) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return strconv.Atoi(n)
		}
	}
	return 0, err
}
