package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a removal may go on behind the back of whoever asked
// for it before the row fails.
const patience = 20 * time.Second

// A trace is what containers of one contestant lie about with.
type trace struct{ cgroups, mounts, links int }

// A home is where a contestant's containers leave traces: its place, and below
// or beside its own cgroup, whose name has a mark.
type home struct {
	place       *place
	mark, group string
}

func (h home) look() (t trace) {
	_ = h.place.do(func() error {
		t = trace{cgroups: h.cgroups(), mounts: h.place.mounts(), links: h.place.links()}
		return nil
	})
	return t
}

// cgroups counts directories with the mark at the top of each hierarchy, or
// one below, and all in them, but for the contestant's own.
func (h home) cgroups() (n int) {
	for _, top := range hierarchies() {
		for _, pattern := range []string{"", "*/"} {
			found, _ := filepath.Glob(filepath.Join(top, pattern+"*"+h.mark+"*"))
			for _, dir := range found {
				n += directories(dir)
				if filepath.Base(dir) == h.group {
					n--
				}
			}
		}
	}
	return n
}

func directories(top string) (n int) {
	_ = filepath.WalkDir(top, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			n++
		}
		return nil
	})
	return n
}

// sweep takes away what is left of the contestant's cgroups. One whose last
// process just ended may be busy for a moment.
func (h home) sweep() error {
	for end := time.Now().Add(patience); ; {
		var found []string
		for _, top := range hierarchies() {
			more, _ := filepath.Glob(filepath.Join(top, "*"+h.mark+"*"))
			found = append(found, more...)
		}
		if len(found) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("these cgroups are left: %v", found)
		}
		for _, dir := range found {
			removeCgroup(dir)
		}
	}
}

// removeCgroup removes a directory of cgroups and all in it.
func removeCgroup(dir string) {
	inner, _ := os.ReadDir(dir)
	for _, e := range inner {
		if e.IsDir() {
			removeCgroup(filepath.Join(dir, e.Name()))
		}
	}
	_ = os.Remove(dir)
}

func (t trace) exceeds(before trace) bool {
	return t.cgroups > before.cgroups || t.mounts > before.mounts || t.links > before.links
}

// timed is how many milliseconds act takes until nothing of it is left: until
// it returns, or, where something is left then, until that is gone.
func (h home) timed(act func() error) (took float64, err error) {
	err = h.place.do(func() error {
		took, err = h.settled(act)
		return err
	})
	return took, err
}

func (h home) settled(act func() error) (float64, error) {
	before, start := h.look(), time.Now()
	if err := act(); err != nil {
		return 0, err
	}
	took := time.Since(start)
	longest := took + patience
	for {
		after := h.look()
		switch {
		case !after.exceeds(before):
			return milliseconds(took), nil
		case took > longest:
			return 0, fmt.Errorf("left behind: %+v, and there was %+v", after, before)
		}
		time.Sleep(time.Millisecond / 2) //nolint:forbidigo // the poll of a measuring program
		took = time.Since(start)
	}
}

// drained is how many milliseconds it takes until at most so many rules for
// published ports are left.
func (h home) drained(rules int) (float64, error) {
	for start := time.Now(); ; {
		if h.place.rules() <= rules {
			return milliseconds(time.Since(start)), nil
		}
		if time.Since(start) > patience {
			return 0, fmt.Errorf("%d rules are left", h.place.rules())
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// hierarchies lists where cgroups lie.
func hierarchies() []string {
	var tops []string
	for line := range strings.Lines(mountTable()) {
		if f := strings.Fields(line); len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") {
			tops = append(tops, f[1])
		}
	}
	return tops
}

// controllers lists the cgroup v1 hierarchies that limit or count something.
func controllers() []string {
	var names []string
	for line := range strings.Lines(mountTable()) {
		if f := strings.Fields(line); len(f) > 3 && f[2] == "cgroup" && !strings.Contains(f[3], "name=") {
			names = append(names, filepath.Base(f[1]))
		}
	}
	return names
}
