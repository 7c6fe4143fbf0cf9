package cgroup

// MayBeFrozen says whether the group of a process whose state /proc shows with
// this letter can stand still. What the v1 freezer holds is in D; v2 shows
// nothing there, so there Frozen has to be asked.
func (t *Tree) MayBeFrozen(state byte) bool {
	h, _ := t.home("freezer")
	return h.v2 || h.point == "" || state != 'S' && state != 'R'
}
