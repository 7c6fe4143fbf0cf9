package cage

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"neap/runtime/cgroup"
	"neap/runtime/fault"
	"neap/runtime/process"
)

// room is where a program's memory is counted: a cgroup, or nothing but looking
// at it where there is none. An address space limit would not do: Go reserves
// far more than it uses, and what the program starts would inherit it.
type room struct {
	tree   *cgroup.Tree
	group  *cgroup.Group
	door   *os.File // what the program writes 0 to; /dev/null without a cgroup
	memory int64
}

func (p Program) room() (r *room, err error) {
	r = &room{memory: p.Memory}
	if p.Memory > 0 {
		if err := r.build(p.Tree); err != nil && !fault.Is(err, fault.Unsupported, fault.Denied) {
			return nil, err
		}
	}
	if r.group != nil {
		r.door, err = r.group.Door()
	} else {
		r.door, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, fault.Wrap("limit memory", "", err)
	}
	return r, nil
}

// build makes the cgroup. It is named after this process, so that who comes
// later knows whether it is still needed.
func (r *room) build(parent string) error {
	all, err := cgroup.Open(parent)
	if err != nil {
		return err
	}
	if r.tree, err = all.Only("memory"); err != nil {
		return err
	}
	r.sweep()
	self, err := process.ReadStat(os.Getpid())
	if err != nil {
		return err
	}
	group := r.tree.Group(fmt.Sprintf("%d-%d", os.Getpid(), self.Ticks))
	limits := cgroup.Limits{Memory: r.memory, MemorySwap: r.memory, Devices: []cgroup.DeviceRule{}}
	err = group.Make(limits)
	if fault.Is(err, fault.Unsupported) { // swap is not counted here
		limits.MemorySwap = 0
		err = group.Make(limits)
	}
	if err == nil {
		r.group = group
	}
	return err
}

// sweep removes the groups of those that were killed.
func (r *room) sweep() {
	ids, _ := r.tree.List() // what cannot be listed is not in the way
	for _, id := range ids {
		var pid int
		var ticks uint64
		if n, _ := fmt.Sscanf(id, "%d-%d", &pid, &ticks); n == 2 && !process.Alive(pid, ticks) {
			_, _ = r.tree.Group(id).DeleteIdle() // the next one tries again
		}
	}
}

// free removes the parent, unless another program's group is there.
func (r *room) free() error {
	if err := r.tree.Remove(); !fault.Is(err, fault.Busy) {
		return err
	}
	return nil
}

// killed says whether the kernel killed for lack of memory.
func (r *room) killed() bool {
	if r.group == nil {
		return false
	}
	n, err := r.group.OOMKills()
	return err == nil && n > 0
}

// looks ticks where somebody has to look at the memory.
func (r *room) looks() *time.Ticker {
	t := time.NewTicker(glance)
	if r.memory == 0 || r.group != nil {
		t.Stop()
	}
	return t
}

// full says whether a process holds more memory than it may.
func (r *room) full(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	words := bytes.Fields(text)
	if err != nil || len(words) < 2 {
		return false
	}
	pages, err := strconv.ParseInt(string(words[1]), 10, 64)
	return err == nil && pages*int64(os.Getpagesize()) > r.memory
}
