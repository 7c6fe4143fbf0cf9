package cgroup

import (
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/cgroups/v3/cgroup2"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// filter attaches the rules as a program to the v2 directory of the group. A
// second program could only deny more, so a group gets one in its life.
func (g *Group) filter(h hierarchy, rules []DeviceRule) error {
	if slices.Equal(rules, AllDevices()) {
		return nil
	}
	var all []specs.LinuxDeviceCgroup
	for _, r := range strict(rules) {
		all = append(all, specs.LinuxDeviceCgroup{Allow: r.Allow, Type: r.Type, Major: &r.Major, Minor: &r.Minor, Access: r.Access})
	}
	return g.manager(h).Update(&cgroup2.Resources{Devices: all})
}

// allow writes the rules to a v1 directory, neighbours of one kind through one
// open file: the library opens a file for each, which costs ten times as much.
func allow(dir string, rules []DeviceRule) error {
	for len(rules) > 0 {
		first := rules[0].Allow
		end := slices.IndexFunc(rules, func(r DeviceRule) bool { return r.Allow != first })
		if end < 0 {
			end = len(rules)
		}
		var texts []string
		for _, r := range rules[:end] {
			texts = append(texts, r.String())
		}
		file := map[bool]string{true: "devices.allow", false: "devices.deny"}[first]
		if err := write(dir, file, texts...); err != nil {
			return err
		}
		rules = rules[end:]
	}
	return nil
}

// String is the rule as the kernel and Docker's --device-cgroup-rule have it,
// without whether it allows.
func (r DeviceRule) String() string {
	return r.Type + " " + number(r.Major) + ":" + number(r.Minor) + " " + r.Access
}

func number(n int64) string {
	if n == anyNumber {
		return "*"
	}
	return strconv.FormatInt(n, 10)
}

// strict follows each rule that allows only to read or only to write by one
// that denies the other: the library's program lets a device be opened for
// both if any of them is allowed.
func strict(rules []DeviceRule) []DeviceRule {
	var all []DeviceRule
	for _, r := range merge(rules) {
		all = append(all, r)
		reads, writes := strings.Contains(r.Access, "r"), strings.Contains(r.Access, "w")
		if !r.Allow || reads == writes {
			continue
		}
		r.Allow, r.Access = false, "r"
		if reads {
			r.Access = "w"
		}
		all = append(all, r)
	}
	return all
}

// merge joins neighbours that allow the same device.
func merge(rules []DeviceRule) []DeviceRule {
	var all []DeviceRule
	for _, r := range rules {
		last := len(all) - 1
		if last < 0 || !r.Allow || !sameDevice(all[last], r) {
			all = append(all, r)
			continue
		}
		for _, c := range r.Access {
			if !strings.ContainsRune(all[last].Access, c) {
				all[last].Access += string(c)
			}
		}
	}
	return all
}

func sameDevice(a, b DeviceRule) bool {
	a.Access, b.Access = "", ""
	return a == b
}
