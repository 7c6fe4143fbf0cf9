package sandbox

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// DefaultCaps are Docker's 14.
func DefaultCaps() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
		"CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
	}
}

// CapNames are the names of all capabilities, by their numbers.
func CapNames() []string {
	return []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
		"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
		"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
		"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
		"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
		"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
		"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
		"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
	}
}

// Capabilities is the set that add and drop make of the default one, or of all
// for a privileged process, within what the caller's bounding set allows.
// Names may leave out "CAP_"; "ALL" stands for all. A dropped one stays dropped
// unless it is added by its own name; adding by name what the caller has not is
// fault.Denied.
func Capabilities(add, drop []string, privileged bool) ([]string, error) {
	bounding, err := boundingSet()
	if err != nil {
		return nil, fault.Wrap("read", "the bounding set", err)
	}
	return capabilities(add, drop, privileged, bounding)
}

func capabilities(add, drop []string, privileged bool, bounding uint64) ([]string, error) {
	want, _ := capSet(DefaultCaps()) // they all exist
	if privileged || slices.ContainsFunc(add, isAll) {
		want = bounding
	}
	dropped, err := capSet(slices.DeleteFunc(slices.Clone(drop), isAll))
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(drop, isAll) {
		want = 0
	}
	added, err := capSet(slices.DeleteFunc(slices.Clone(add), isAll))
	if err != nil {
		return nil, err
	}
	if lacking := added &^ bounding; lacking != 0 {
		return nil, fault.New(fault.Denied, "neap has not %s itself", strings.Join(capNames(lacking), ", ")).
			WithHint("\"ALL\" gives what there is")
	}
	return capNames((want&^dropped | added) & bounding), nil
}

func isAll(name string) bool {
	return strings.EqualFold(name, "ALL") || strings.EqualFold(name, "CAP_ALL")
}

// capSet is the set of names as bits.
func capSet(names []string) (uint64, error) {
	var set uint64
	all := CapNames()
	for _, name := range names {
		full := strings.ToUpper(name)
		if !strings.HasPrefix(full, "CAP_") {
			full = "CAP_" + full
		}
		bit := slices.Index(all, full)
		if bit < 0 {
			return 0, fault.New(fault.Invalid, "no capability is called %q", name)
		}
		set |= 1 << bit
	}
	return set, nil
}

func capNames(set uint64) []string {
	names := []string{}
	for bit, name := range CapNames() {
		if set>>bit&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

func boundingSet() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "CapBnd:\t")
	line, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseUint(line, 16, 64)
}

// ownCaps are the caller's permitted capabilities.
func ownCaps() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return uint64(data[1].Permitted)<<32 | uint64(data[0].Permitted), err
}
