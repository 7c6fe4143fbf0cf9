package cgroup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// freezer is where the group is frozen, and the file and value that thaw it:
// v1 wherever its freezer is mounted, else v2. A host with neither gives an
// empty hierarchy.
func (g *Group) freezer() (h hierarchy, file, thaw string) {
	if h, ok := g.tree.home("freezer"); ok && !h.v2 {
		return h, "freezer.state", "THAWED"
	}
	if h, ok := g.tree.unified(); ok {
		return h, "cgroup.freeze", "0"
	}
	return hierarchy{}, "", ""
}

// Freeze stops every process of the group and below it, and returns when the
// kernel says that all stand still. When ctx ends before, or 10 s have passed,
// it thaws them and is fault.Timeout naming the tasks that did not stop. An
// absent group is fault.NotFound.
func (g *Group) Freeze(ctx context.Context) error {
	h, err := g.freezable("freeze")
	if err != nil {
		return err
	}
	if h.v2 {
		err = switch2(ctx, g.dir(h), "1", "frozen 1")
	} else {
		err = freeze1(ctx, g.dir(h))
	}
	if err == nil {
		return nil
	}
	resisted := describe(restless(g.dir(h), h))
	if ctxEnded(err) {
		err = g.timeout(err, "freeze", "these tasks did not stop: "+resisted)
	}
	return also(fault.Wrap("freeze cgroup", g.id, err), g.thawAll())
}

func (g *Group) freezable(op string) (hierarchy, error) {
	h, _, _ := g.freezer()
	switch {
	case g.check() != nil:
		return h, g.check()
	case h.point == "":
		return h, fault.Wrap(op+" cgroup", g.id, fault.New(fault.Unsupported, "this host has no freezer"))
	case !isDir(g.dir(h)):
		return h, fault.Wrap(op+" cgroup", g.id, fault.New(fault.NotFound, "it is not there"))
	}
	return h, nil
}

// freeze1 asks and looks until all stand still. A group whose tasks make new
// ones, or into which others go, can stay FREEZING: asking again reaches the
// new ones, and letting all run for a moment frees those that wait for a task
// that is frozen already.
func freeze1(ctx context.Context, dir string) error {
	const letRun = 16
	round := 0
	return until(ctx, func() (bool, error) {
		round++
		if round%letRun == 0 {
			if err := write(dir, "freezer.state", "THAWED"); err != nil {
				return false, err
			}
		}
		if err := write(dir, "freezer.state", "FROZEN"); err != nil {
			return false, err
		}
		state, err := read(dir, "freezer.state")
		return state == "FROZEN", err
	})
}

// switch2 writes the wish and waits until cgroup.events has the line that
// fulfills it. It asks again as it waits, in case somebody asked the opposite.
func switch2(ctx context.Context, dir, wish, line string) error {
	events, err := os.Open(filepath.Join(dir, "cgroup.events"))
	if err != nil {
		return err
	}
	defer events.Close()
	buf := make([]byte, 256)
	return until(ctx, func() (bool, error) {
		if err := write(dir, "cgroup.freeze", wish); err != nil {
			return false, err
		}
		n, err := events.ReadAt(buf, 0)
		if n == 0 {
			return false, err
		}
		if slices.Contains(strings.Split(string(buf[:n]), "\n"), line) {
			return true, nil
		}
		return false, wait(events)
	})
}

// wait waits for a change of a file of events, for a moment at most, as the
// context must be looked at too.
func wait(events *os.File) error {
	const moment = 20 // ms
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}, moment)
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}

// Thaw lets the group run again and returns when it does. Groups below it that
// were frozen on their own account stay so. An absent group is fault.NotFound.
func (g *Group) Thaw(ctx context.Context) error {
	h, err := g.freezable("thaw")
	if err != nil {
		return err
	}
	if h.v2 {
		err = switch2(ctx, g.dir(h), "0", "frozen 0")
	} else {
		err = write(g.dir(h), "freezer.state", "THAWED")
	}
	if gone(err) {
		err = fault.New(fault.NotFound, "it is not there")
	}
	return fault.Wrap("thaw cgroup", g.id, err)
}

// Frozen says whether all of the group stands still. It reads one file; an
// absent group is not frozen.
func (g *Group) Frozen() (bool, error) {
	h, _, _ := g.freezer()
	if h.point == "" || g.check() != nil {
		return false, g.check()
	}
	frozen, _, err := state(h, g.dir(h))
	if gone(err) {
		return false, nil
	}
	return frozen, fault.Wrap("look at cgroup", g.id, err)
}

func state(h hierarchy, dir string) (frozen bool, text string, err error) {
	if !h.v2 {
		text, err = read(dir, "freezer.state")
		return text == "FROZEN", text, err
	}
	events, err := read(dir, "cgroup.events")
	for line := range strings.Lines(events) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "frozen ") {
			text = line
		}
	}
	return text == "frozen 1", text, err
}

// A Freezer is what the kernel shows about the freezing of a group.
type Freezer struct {
	Version string // "v1" or "v2"
	Path    string // the group's directory
	File    string // the file in it that is written
	Wanted  string // v1: FROZEN or THAWED; v2: 1 or 0
	State   string // v1: FROZEN, FREEZING or THAWED; v2: frozen 1 or frozen 0
	Frozen  bool   // everything stands still
	Tasks   []Task // the processes of the group and below it
}

// A Task is one process as /proc shows it.
type Task struct {
	Pid     int
	Command string
	State   string // one letter, as ps has it
	Wchan   string // where in the kernel it waits, "0" if it runs
}

// Freezer looks at the group's freezer. An absent group is fault.NotFound.
func (g *Group) Freezer() (Freezer, error) {
	h, err := g.freezable("look at")
	if err != nil {
		return Freezer{}, err
	}
	f := Freezer{Version: "v1", Path: g.dir(h), File: "freezer.state", Wanted: "THAWED"}
	wish := "freezer.self_freezing"
	if h.v2 {
		f.Version, f.File, wish = "v2", "cgroup.freeze", "cgroup.freeze"
	}
	asked, err := read(f.Path, wish)
	if err != nil {
		return Freezer{}, fault.Wrap("look at cgroup", g.id, err)
	}
	switch {
	case h.v2:
		f.Wanted = asked
	case asked == "1":
		f.Wanted = "FROZEN"
	}
	f.Frozen, f.State, err = state(h, f.Path)
	f.Tasks = tasks(processes(f.Path, "cgroup.procs"))
	return f, fault.Wrap("look at cgroup", g.id, err)
}

func tasks(pids []int) []Task {
	var all []Task
	for _, pid := range pids {
		if t, ok := look(pid); ok {
			all = append(all, t)
		}
	}
	return all
}

// look reads what /proc shows of a task, thread or process.
func look(pid int) (Task, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := read(dir, "stat")
	start, end := strings.IndexByte(stat, '('), strings.LastIndex(stat, ") ")
	if err != nil || start < 0 || end < start || end+2 >= len(stat) {
		return Task{}, false
	}
	wchan, _ := read(dir, "wchan")
	return Task{Pid: pid, Command: stat[start+1 : end], State: stat[end+2 : end+3], Wchan: wchan}, true
}

// restless lists the tasks, threads too, that are not in the refrigerator.
func restless(dir string, h hierarchy) []int {
	file := "tasks"
	if h.v2 {
		file = "cgroup.threads"
	}
	return slices.DeleteFunc(processes(dir, file), func(pid int) bool {
		t, ok := look(pid)
		return !ok || slices.Contains([]string{"__refrigerator", "do_freezer_trap", "get_signal"}, t.Wchan)
	})
}

// describe names processes as "12 sh (D in do_wait)".
func describe(pids []int) string {
	if len(pids) == 0 {
		return "none is left by now"
	}
	const most = 10
	var all []string
	for _, t := range tasks(pids[:min(len(pids), most)]) {
		all = append(all, fmt.Sprintf("%d %s (%s in %s)", t.Pid, t.Command, t.State, t.Wchan))
	}
	if len(pids) > most {
		all = append(all, fmt.Sprintf("and %d more", len(pids)-most))
	}
	return strings.Join(all, ", ")
}
