package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// The keeper's weight against a single program of the host (v1), and against a
// container (v2). It works little, and for others who wait for it: starts, and
// output that somebody reads. What it moves costs about as much as to print it,
// so no container gets much of the processors through it.
const (
	shares = "16384" // of 1024
	weight = "1600"  // of 100
)

// seat is the keeper's group: below the parent. But v1 gives the processors to
// all below a parent as to one program of the host, so there it is beside it.
func (t *Tree) seat(h hierarchy) string {
	if t.beside(h) {
		return h.dir(t.parent + "-" + keeper)
	}
	return h.dir(t.parent, keeper)
}

func (t *Tree) beside(h hierarchy) bool {
	has := func(c string) bool { return slices.Contains(h.controllers, c) }
	return !h.v2 && has("cpu") && !has("cpuset") // a cpuset would have to be filled
}

func (t *Tree) makeSeat(h hierarchy) error {
	var err error
	if t.beside(h) {
		err = os.Mkdir(t.seat(h), 0o755)
	} else {
		err = t.Group(keeper).mkdir(h)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	file, value := "cpu.shares", shares
	if h.v2 {
		file, value = "cpu.weight", weight
	}
	if err := write(t.seat(h), file, value); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
