package cgroup

import "neap/runtime/fault"

// Leave moves the calling process out of the keeper's group, to the top of
// every hierarchy, and removes that group and the parent unless other groups
// are there.
func (t *Tree) Leave() error {
	for _, h := range t.mounted() {
		if err := write(h.point, "cgroup.procs", "0"); err != nil {
			return fault.Wrap("leave cgroup", keeper, err)
		}
	}
	if err := t.Remove(); !fault.Is(err, fault.Busy) {
		return err
	}
	return nil
}
