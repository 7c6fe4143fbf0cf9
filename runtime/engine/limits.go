package engine

import (
	"cmp"

	"neap/runtime/cgroup"
)

// merged is the limits that hold after a change: what it leaves out stays.
// Processors are limited in one way only, the newest.
func merged(old, by cgroup.Limits) cgroup.Limits {
	if by.NanoCPUs != 0 {
		old.CPUQuota, old.CPUPeriod = 0, 0
	}
	if by.CPUQuota != 0 || by.CPUPeriod != 0 {
		old.NanoCPUs = 0
	}
	by.Memory = cmp.Or(by.Memory, old.Memory)
	by.MemorySwap = cmp.Or(by.MemorySwap, old.MemorySwap)
	by.MemoryReservation = cmp.Or(by.MemoryReservation, old.MemoryReservation)
	by.Swappiness = cmp.Or(by.Swappiness, old.Swappiness)
	by.OOMKillDisable = by.OOMKillDisable || old.OOMKillDisable
	by.NanoCPUs = cmp.Or(by.NanoCPUs, old.NanoCPUs)
	by.CPUQuota = cmp.Or(by.CPUQuota, old.CPUQuota)
	by.CPUPeriod = cmp.Or(by.CPUPeriod, old.CPUPeriod)
	by.CPUShares = cmp.Or(by.CPUShares, old.CPUShares)
	by.CpusetCpus = cmp.Or(by.CpusetCpus, old.CpusetCpus)
	by.CpusetMems = cmp.Or(by.CpusetMems, old.CpusetMems)
	by.Pids = cmp.Or(by.Pids, old.Pids)
	by.BlkioWeight = cmp.Or(by.BlkioWeight, old.BlkioWeight)
	for _, list := range []struct{ by, old *[]cgroup.Throttle }{
		{&by.ReadBps, &old.ReadBps}, {&by.WriteBps, &old.WriteBps}, {&by.ReadIOps, &old.ReadIOps}, {&by.WriteIOps, &old.WriteIOps},
	} {
		if *list.by == nil {
			*list.by = *list.old
		}
	}
	if by.Devices == nil {
		by.Devices = old.Devices
	}
	return by
}
