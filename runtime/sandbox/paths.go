package sandbox

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"neap/runtime/fault"
)

// DefaultMasked are the paths that read empty, as Docker has them.
func DefaultMasked() []string {
	masked := []string{
		"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
		"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware",
	}
	throttles, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle") // the pattern is right
	return append(masked, throttles...)
}

// DefaultReadOnly are the paths that refuse writes, as Docker has them.
func DefaultReadOnly() []string {
	return []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
}

// procFiles are the files of /proc that may be mounted over: the list of lxcfs.
func procFiles() []string {
	return []string{
		"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev",
		"/proc/slabinfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
	}
}

// checkTarget refuses mount points that would take the walls away.
func checkTarget(target string) error {
	clean := path.Clean(target)
	switch {
	case !path.IsAbs(target):
		return fault.New(fault.Invalid, "mount point %q is not an absolute path", target)
	case strings.ContainsRune(target, 0):
		return fault.New(fault.Invalid, "mount point %q has a zero byte", target)
	case clean == "/":
		return fault.New(fault.Invalid, "mount point %q is the root", target)
	}
	return checkProc(clean)
}

// checkProc takes a clean path.
func checkProc(clean string) error {
	if _, within := below(clean, "/proc"); within && !slices.Contains(procFiles(), clean) {
		return fault.New(fault.Invalid, "mount point %s is in /proc", clean).WithHint("mount it elsewhere, as /host/proc")
	}
	return nil
}

func inProc(target string) bool {
	_, within := below(path.Clean(target), "/proc")
	return within
}

// sysctlPath is the file below /proc/sys of a namespaced sysctl.
func sysctlPath(name string, c *Config) (string, error) {
	key := name
	if !strings.Contains(key, "/") {
		key = strings.ReplaceAll(key, ".", "/")
	}
	if path.Clean("/"+key) != "/"+key || strings.ContainsRune(key, 0) {
		return "", fault.New(fault.Invalid, "sysctl %q", name)
	}
	for _, s := range namespaced() {
		if key == s.prefix || strings.HasSuffix(s.prefix, "/") && strings.HasPrefix(key, s.prefix) {
			if s.namespace(c).Mode == Own || c.Privileged {
				return "proc/sys/" + key, nil
			}
			return "", fault.New(fault.Invalid, "sysctl %s belongs to a namespace that is shared", name)
		}
	}
	return "", fault.New(fault.Invalid, "sysctl %s is not namespaced: it would change the host", name)
}

type sysctl struct {
	prefix    string
	namespace func(*Config) Namespace
}

func namespaced() []sysctl {
	ipc := func(c *Config) Namespace { return c.Ipc }
	net := func(c *Config) Namespace { return c.Net }
	return []sysctl{
		{"kernel/msgmax", ipc},
		{"kernel/msgmnb", ipc},
		{"kernel/msgmni", ipc},
		{"kernel/sem", ipc},
		{"kernel/shmall", ipc},
		{"kernel/shmmax", ipc},
		{"kernel/shmmni", ipc},
		{"kernel/shm_rmid_forced", ipc},
		{"fs/mqueue/", ipc},
		{"net/", net},
	}
}
