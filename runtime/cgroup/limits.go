package cgroup

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"neap/runtime/fault"
)

// Limits is what a group may use. For numbers 0 means not set: no limit at
// Make, no change at Update; -1 means no limit.
type Limits struct {
	Memory            int64   `json:",omitzero"` // bytes
	MemorySwap        int64   `json:",omitzero"` // bytes of memory and swap together; at Make, 0 with Memory set means twice Memory
	MemoryReservation int64   `json:",omitzero"` // bytes
	Swappiness        *uint64 `json:",omitzero"`
	OOMKillDisable    bool    `json:",omitzero"` // v1 only

	NanoCPUs  int64 `json:",omitzero"` // billionths of a processor; excludes Quota and Period
	CPUQuota  int64 `json:",omitzero"` // microseconds in each period
	CPUPeriod int64 `json:",omitzero"` // microseconds; 0 with a quota means 100000
	CPUShares int64 `json:",omitzero"` // 2 to 262144, 1024 is usual

	CpusetCpus string `json:",omitzero"` // as "0-2,7"
	CpusetMems string `json:",omitzero"`

	Pids int64 `json:",omitzero"`

	BlkioWeight uint16     `json:",omitzero"` // 10 to 1000
	ReadBps     []Throttle `json:",omitzero"`
	WriteBps    []Throttle `json:",omitzero"`
	ReadIOps    []Throttle `json:",omitzero"`
	WriteIOps   []Throttle `json:",omitzero"`

	// Devices are applied in their order. nil means DefaultDevices at Make and
	// no change at Update; an empty list changes nothing at either.
	Devices []DeviceRule `json:",omitzero"`
}

// A Throttle is a rate, bytes or operations per second, for one block device.
type Throttle struct {
	Major, Minor int64
	Rate         uint64
}

// A DeviceRule allows or denies devices. A later rule wins over an earlier.
type DeviceRule struct {
	Allow        bool
	Type         string // "c", "b", or "a" for all devices there are
	Major, Minor int64  // -1 for any
	Access       string // of r, w and m (make a node)
}

// anyNumber, in a DeviceRule, is every major or minor number.
const anyNumber = -1

// DefaultDevices denies all devices but those that every container has, as
// Docker does. Any node may be made, but not opened.
func DefaultDevices() []DeviceRule {
	rules := []DeviceRule{
		{false, "a", anyNumber, anyNumber, "rwm"},
		{true, "c", anyNumber, anyNumber, "m"},
		{true, "b", anyNumber, anyNumber, "m"},
		{true, "c", 136, anyNumber, "rwm"}, // pseudo terminals
	}
	for _, n := range [][2]int64{
		{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, // null zero full random urandom
		{5, 0}, {5, 1}, {5, 2}, // tty console ptmx
	} {
		rules = append(rules, DeviceRule{true, "c", n[0], n[1], "rwm"})
	}
	return append(rules, DeviceRule{false, "c", 10, 229, "rwm"}) // fuse
}

// AllDevices allows every device, as a privileged container has it.
func AllDevices() []DeviceRule {
	return []DeviceRule{{true, "a", anyNumber, anyNumber, "rwm"}}
}

// period is the kernel's usual length of a CPU period.
const period = 100_000

// Check says, as fault.Invalid, what makes no sense about l.
func (l Limits) Check() error {
	switch {
	case l.NanoCPUs != 0 && (l.CPUQuota != 0 || l.CPUPeriod != 0):
		return fault.New(fault.Invalid, "cpus cannot be given together with a cpu quota or period")
	case l.Memory < -1 || l.MemorySwap < -1 || l.MemoryReservation < -1 || l.Pids < -1 || l.NanoCPUs < -1 || l.CPUQuota < -1:
		return fault.New(fault.Invalid, "a limit is a positive number, or -1 for none")
	case l.MemorySwap > 0 && l.Memory <= 0:
		return fault.New(fault.Invalid, "a limit of memory and swap needs a limit of memory")
	case l.MemorySwap > 0 && l.MemorySwap < l.Memory:
		return fault.New(fault.Invalid, "memory and swap together (%d) cannot be less than memory (%d)", l.MemorySwap, l.Memory)
	case l.MemoryReservation > 0 && l.Memory > 0 && l.MemoryReservation > l.Memory:
		return fault.New(fault.Invalid, "the memory reservation (%d) is above the memory limit (%d)", l.MemoryReservation, l.Memory)
	case l.Swappiness != nil && *l.Swappiness > 100:
		return fault.New(fault.Invalid, "swappiness goes from 0 to 100")
	case l.CPUPeriod != 0 && (l.CPUPeriod < 1000 || l.CPUPeriod > 1_000_000):
		return fault.New(fault.Invalid, "a cpu period goes from 1000 to 1000000 microseconds")
	case l.CPUQuota > 0 && l.CPUQuota < 1000, l.NanoCPUs > 0 && l.NanoCPUs < 10_000_000:
		return fault.New(fault.Invalid, "the least cpu quota is 1000 microseconds, that is 0.01 cpus")
	case l.CPUShares != 0 && (l.CPUShares < 2 || l.CPUShares > 262144):
		return fault.New(fault.Invalid, "cpu shares go from 2 to 262144")
	case l.BlkioWeight != 0 && (l.BlkioWeight < 10 || l.BlkioWeight > 1000):
		return fault.New(fault.Invalid, "a block i/o weight goes from 10 to 1000")
	}
	return l.checkDevices()
}

func (l Limits) checkDevices() error {
	for _, r := range l.Devices {
		if !slices.Contains([]string{"a", "b", "c"}, r.Type) || r.Access == "" || !only(r.Access, "rwm") || r.Major < -1 || r.Minor < -1 {
			return fault.New(fault.Invalid, "%q %d:%d %q is not a device rule", r.Type, r.Major, r.Minor, r.Access).
				WithHint("a rule is a type of a, b or c, a major and a minor number, and some of r, w and m")
		}
	}
	return nil
}

func only(s, of string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return !slices.Contains([]byte(of), c) })
}

// quota is the CPU quota and period in microseconds, 0 for not set.
func (l Limits) quota() (quota, length int64) {
	switch {
	case l.NanoCPUs == -1:
		return -1, period
	case l.NanoCPUs > 0:
		return l.NanoCPUs * period / 1e9, period
	case l.CPUQuota != 0 && l.CPUPeriod == 0:
		return l.CPUQuota, period
	}
	return l.CPUQuota, l.CPUPeriod
}

// isDefaultSwap says whether the limit of swap may be what Make adds by itself.
func (l Limits) isDefaultSwap() bool { return l.MemorySwap == 2*l.Memory }

// controllers names the controllers that l needs.
func (l Limits) controllers() []string {
	var need []string
	quota, length := l.quota()
	for _, c := range []struct {
		name string
		used bool
	}{
		{"memory", l.Memory != 0 || l.MemorySwap != 0 || l.MemoryReservation != 0 || l.Swappiness != nil || l.OOMKillDisable},
		{"cpu", quota != 0 || length != 0 || l.CPUShares != 0},
		{"cpuset", l.CpusetCpus != "" || l.CpusetMems != ""},
		{"pids", l.Pids != 0},
		{"blkio", l.BlkioWeight != 0 || len(l.ReadBps)+len(l.WriteBps)+len(l.ReadIOps)+len(l.WriteIOps) > 0},
		{"devices", len(l.Devices) > 0},
	} {
		if c.used {
			need = append(need, c.name)
		}
	}
	return need
}

// spec is l in the library's terms, without what the library has no word for:
// see knobs.
func (l Limits) spec() *specs.LinuxResources {
	quota, length := l.quota()
	res := &specs.LinuxResources{
		Memory: &specs.LinuxMemory{
			Limit: positive(l.Memory), Swap: positive(l.MemorySwap), Reservation: positive(l.MemoryReservation), Swappiness: l.Swappiness,
		},
		CPU: &specs.LinuxCPU{
			Cpus: l.CpusetCpus, Mems: l.CpusetMems, Shares: unsigned(l.CPUShares), Quota: positive(quota), Period: unsigned(length),
		},
		Pids:    &specs.LinuxPids{Limit: positive(l.Pids)},
		BlockIO: l.blockIO(),
	}
	if l.OOMKillDisable {
		res.Memory.DisableOOMKiller = &l.OOMKillDisable
	}
	return res
}

func (l Limits) blockIO() *specs.LinuxBlockIO {
	return &specs.LinuxBlockIO{
		ThrottleReadBpsDevice: throttles(l.ReadBps), ThrottleWriteBpsDevice: throttles(l.WriteBps),
		ThrottleReadIOPSDevice: throttles(l.ReadIOps), ThrottleWriteIOPSDevice: throttles(l.WriteIOps),
	}
}

func throttles(list []Throttle) []specs.LinuxThrottleDevice {
	var all []specs.LinuxThrottleDevice
	for _, t := range list {
		d := specs.LinuxThrottleDevice{Rate: t.Rate}
		d.Major, d.Minor = t.Major, t.Minor
		all = append(all, d)
	}
	return all
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}

func unsigned(n int64) *uint64 {
	if n <= 0 {
		return nil
	}
	u := uint64(n)
	return &u
}
