package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"neap/runtime/fault"
	"neap/runtime/testenv"
)

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// trees gives one tree per kind of host that this machine can play: its mount
// table is cut down to what such a host has.
func trees(t *testing.T, run func(t *testing.T, tree *Tree)) {
	testenv.Root(t)
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"v1", "v2", "hybrid"} {
		t.Run(version, func(t *testing.T) {
			testenv.Clean(t)
			tree := openAs(t, version, string(table))
			t.Cleanup(func() {
				if err := tree.Remove(); err != nil {
					t.Error(err)
				}
			})
			run(t, tree)
		})
	}
}

func openAs(t *testing.T, version, table string) *Tree {
	t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(table) {
		v1, v2 := strings.Contains(line, " - cgroup "), strings.Contains(line, " - cgroup2 ")
		if version == "v1" && v2 || version == "v2" && v1 {
			continue
		}
		kept.WriteString(line)
	}
	tree, err := open(testenv.Name(t), kept.String())
	if err != nil || tree.Version() != version {
		t.Skipf("this host cannot play %s: %v", version, err)
	}
	return tree
}

// ctx is a context that ends before anybody loses patience.
func ctx(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// group makes a group that is killed and deleted at the end.
func group(t *testing.T, tree *Tree, l Limits) *Group {
	t.Helper()
	g := tree.Group(id)
	must(t, g.Make(l))
	t.Cleanup(func() {
		must(t, g.Kill(context.Background()))
		must(t, g.Delete(context.Background()))
	})
	return g
}

// shell starts a shell script as a member of the group, as the stub does it:
// cloned into v2, then "0" into each v1 hierarchy.
func shell(t *testing.T, g *Group, script string) *exec.Cmd {
	t.Helper()
	cmd := member(t, g, script)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = g.Kill(context.Background())
		_ = cmd.Process.Kill() // it may not have come so far as to join
		_ = cmd.Wait()
	})
	testenv.Eventually(t, time.Minute, func() bool { return joined(g, cmd.Process.Pid) }, "the shell joins every hierarchy")
	return cmd
}

func member(t *testing.T, g *Group, script string) *exec.Cmd {
	t.Helper()
	joins, err := g.Joins()
	must(t, err)
	dir, err := g.Dir()
	must(t, err)
	var join strings.Builder
	for i := range joins {
		join.WriteString("echo 0 >&" + strconv.Itoa(i+3) + ";")
		join.WriteString("exec " + strconv.Itoa(i+3) + ">&-;")
	}
	cmd := exec.Command(testenv.Busybox(t), "sh", "-c", join.String()+script)
	cmd.ExtraFiles = joins
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if dir != nil {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		cmd.ExtraFiles = append(cmd.ExtraFiles, dir)
	}
	t.Cleanup(func() { release(cmd) })
	return cmd
}

// release closes what a member was started with.
func release(cmd *exec.Cmd) {
	for _, f := range cmd.ExtraFiles {
		_ = f.Close()
	}
}

func joined(g *Group, pid int) bool {
	for _, h := range g.tree.all {
		if !slices.Contains(processes(g.dir(h), "cgroup.procs"), pid) {
			return false
		}
	}
	return true
}

func TestMakeJoinsEveryHierarchyAndLeavesNothing(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		if !g.Exists() {
			t.Fatal("the group must exist")
		}
		ids, err := tree.List()
		if err != nil || !slices.Equal(ids, []string{id}) {
			t.Errorf("list: %v, %v", ids, err)
		}
		cmd := shell(t, g, "exec sleep 1000")
		pids, err := g.Pids()
		if err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
			t.Errorf("pids: %v, %v, want %d", pids, err, cmd.Process.Pid)
		}
		short, cancel := context.WithTimeout(ctx(t), 30*time.Millisecond)
		defer cancel()
		if err := g.Delete(short); !fault.Is(err, fault.Busy) || !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
			t.Errorf("delete of a group in use: %v", err)
		}
		if err := tree.Remove(); !fault.Is(err, fault.Busy) {
			t.Errorf("remove of a tree in use: %v", err)
		}
		if err := g.Make(Limits{}); !fault.Is(err, fault.Busy) {
			t.Errorf("make of a group in use: %v", err)
		}
		must(t, g.Kill(ctx(t)))
		must(t, g.Make(Limits{})) // anew
		must(t, g.Delete(ctx(t)))
		if g.Exists() {
			t.Error("the group must be gone")
		}
		must(t, g.Delete(ctx(t)))
		must(t, g.Kill(ctx(t)))
	})
}

func TestFreezeStopsAndThawRuns(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		if err := g.Freeze(ctx(t)); err != nil {
			t.Fatalf("an empty group: %v", err)
		}
		must(t, g.Thaw(ctx(t)))
		count := filepath.Join(testenv.Dir(t), "count")
		cmd := shell(t, g, "while :; do echo >>"+count+"; done")
		grows := func() bool {
			before := size(count)
			return before > 0 && poll(5*time.Second, func() bool { return size(count) > before })
		}
		testenv.Eventually(t, time.Minute, grows, "the shell writes")
		must(t, g.Freeze(ctx(t)))
		if frozen, err := g.Frozen(); !frozen || err != nil {
			t.Errorf("frozen: %v, %v", frozen, err)
		}
		before := size(count)
		f, err := g.Freezer()
		must(t, err)
		t.Logf("%+v", f)
		want := map[string][]string{"v1": {"v1", "freezer.state", "FROZEN", "FROZEN"}, "v2": {"v2", "cgroup.freeze", "1", "frozen 1"}}[f.Version]
		if got := []string{f.Version, f.File, f.Wanted, f.State}; !slices.Equal(got, want) || !f.Frozen {
			t.Errorf("freezer: %v, want %v", got, want)
		}
		if len(f.Tasks) != 1 || f.Tasks[0].Pid != cmd.Process.Pid {
			t.Errorf("tasks: %+v", f.Tasks)
		}
		if f.Version == "v1" && f.Tasks[0].State != "D" {
			t.Errorf("a v1 freezer shows D, not %s", f.Tasks[0].State)
		}
		if poll(50*time.Millisecond, func() bool { return size(count) != before }) {
			t.Error("a frozen shell wrote")
		}
		must(t, g.Freeze(ctx(t))) // again
		must(t, g.Thaw(ctx(t)))
		testenv.Eventually(t, time.Minute, grows, "the thawed shell writes")
		must(t, g.Freeze(ctx(t)))
		must(t, g.Kill(ctx(t)))
	})
}

func poll(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); !ok(); {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func size(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Size()
}

func TestAbsentGroup(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := tree.Group("absent")
		if frozen, err := g.Frozen(); frozen || err != nil {
			t.Errorf("frozen: %v, %v", frozen, err)
		}
		for name, err := range map[string]error{
			"freeze": g.Freeze(ctx(t)), "thaw": g.Thaw(ctx(t)), "update": g.Update(Limits{Pids: 3}), "freezer": errOf(g.Freezer()), "stats": errOf(g.Stats()),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if pids, err := g.Pids(); len(pids) > 0 || err != nil {
			t.Errorf("pids: %v, %v", pids, err)
		}
		for _, name := range []string{"", "..", "a/b", "."} {
			if err := tree.Group(name).Make(Limits{}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
			if err := tree.Group(name).Delete(ctx(t)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if _, err := g.Joins(); tree.Version() != "v2" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("joins: %v", err)
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

// F23: a container makes groups of its own and moves processes there.
func TestNestedGroupsAreKilledAndRemoved(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		for _, h := range tree.all {
			for _, sub := range []string{"a", "a/b", "c"} {
				must(t, os.Mkdir(filepath.Join(g.dir(h), sub), 0o755))
			}
			if slices.Contains(h.controllers, "cpuset") && !h.v2 { // v2 lets anybody join
				must(t, write(filepath.Join(g.dir(h), "a/b"), "cpuset.cpus", "0"))
				must(t, write(filepath.Join(g.dir(h), "a/b"), "cpuset.mems", "0"))
			}
		}
		cmd := shell(t, g, "exec sleep 1000")
		for _, h := range tree.all {
			must(t, write(filepath.Join(g.dir(h), "a/b"), "cgroup.procs", strconv.Itoa(cmd.Process.Pid)))
		}
		shell(t, g, "exec sleep 1000")
		if pids, _ := g.Pids(); len(pids) != 2 {
			t.Errorf("pids: %v", pids)
		}
		h, file, _ := g.freezer()
		frozen := map[string]string{"freezer.state": "FROZEN", "cgroup.freeze": "1"}[file]
		must(t, write(filepath.Join(g.dir(h), "a/b"), file, frozen)) // by the container
		must(t, g.Kill(ctx(t)))
		must(t, g.Delete(ctx(t)))
		if g.Exists() {
			t.Error("the group must be gone")
		}
	})
}

func TestForkBombStaysWithinItsLimitAndDies(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		if _, ok := tree.home("pids"); !ok {
			t.Skip("no pids controller")
		}
		g := group(t, tree, Limits{Pids: 40})
		bomb := member(t, g, `b() { while :; do b & done; }; b 2>/dev/null`)
		must(t, bomb.Start())
		t.Cleanup(func() { _, _ = bomb.Process.Kill(), bomb.Wait() })
		testenv.Eventually(t, time.Minute, func() bool {
			s, err := g.Stats()
			return err == nil && s.Pids >= 35 && s.PidsLimit == 40
		}, "the bomb fills its limit")
		if s, err := g.Stats(); err != nil || s.Pids > 40 {
			t.Errorf("%d processes, %v", s.Pids, err)
		}
		start := time.Now()
		must(t, g.Kill(ctx(t)))
		t.Logf("killed in %v", time.Since(start))
		if empty, err := g.Empty(); err != nil || !empty {
			t.Errorf("not empty, %v", err)
		}
	})
}

// F29, the part of this package: processes come and go and join while others
// freeze and thaw the group.
func TestFreezeLoopsWhileOthersJoin(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		shell(t, g, "while :; do /bin/true; done")
		end := time.Now().Add(3 * time.Second)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for time.Now().Before(end) {
					cmd := member(t, g, "exec true")
					// Cloned into a frozen v2 group it would stop before it runs,
					// and this process with it.
					cmd.SysProcAttr.UseCgroupFD = cmd.SysProcAttr.UseCgroupFD && tree.Version() == "hybrid"
					_ = cmd.Run()
					release(cmd)
				}
			})
		}
		var worst atomic.Int64
		for range 3 {
			wg.Go(func() {
				for time.Now().Before(end) {
					start := time.Now()
					if err := errors.Join(g.Freeze(ctx(t)), g.Thaw(ctx(t))); err != nil {
						t.Error(err)
					}
					worst.Store(max(worst.Load(), int64(time.Since(start))))
				}
			})
		}
		wg.Wait()
		t.Logf("the slowest freeze took %v", time.Duration(worst.Load()))
		must(t, g.Freeze(ctx(t)))
		start := time.Now()
		must(t, g.Kill(ctx(t)))
		must(t, g.Delete(ctx(t)))
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("a frozen group took %v to go", d)
		}
	})
}

func TestFreezeGivesUpAndThaws(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		// One read or write of so much cannot be stopped halfway; one of /dev/zero can.
		file := filepath.Join("/dev/shm", filepath.Base(testenv.Dir(t)))
		from := file + "-from"
		must(t, os.WriteFile(from, nil, 0o600))
		must(t, os.Truncate(from, 128<<20))
		t.Cleanup(func() { must(t, errors.Join(os.Remove(from), os.RemoveAll(file))) })
		cmd := shell(t, g, "while :; do dd if="+from+" of="+file+" conv=notrunc bs=128M count=1 2>/dev/null; done")
		grace := 2 * time.Millisecond // more on a slow machine, where the shell needs it
		testenv.Eventually(t, time.Minute, func() bool {
			short, cancel := context.WithTimeout(context.Background(), grace)
			defer cancel()
			if grace *= 2; grace > 200*time.Millisecond {
				grace = 2 * time.Millisecond
			}
			err := g.Freeze(short)
			if err == nil {
				must(t, g.Thaw(ctx(t)))
				return false
			}
			if !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "these tasks did not stop") {
				t.Fatalf("freeze: %v", err)
			}
			t.Log(err)
			return strings.Contains(err.Error(), " dd (") && !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)+" ")
		}, "a freeze gives up, naming dd and not the shell")
		if f, err := g.Freezer(); err != nil || f.Frozen || f.Wanted == "1" || f.Wanted == "FROZEN" {
			t.Errorf("%+v, %v", f, err)
		}
		canceled, cancel := context.WithCancel(ctx(t))
		cancel()
		if err := g.Freeze(canceled); err != nil && !fault.Is(err, fault.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		must(t, g.Kill(ctx(t)))
	})
}
