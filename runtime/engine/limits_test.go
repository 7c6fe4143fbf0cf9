package engine

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/testenv"
)

// groups is where the kernel says that a process is: for each v1 controller,
// and for v2 as "", the directory below /sys/fs/cgroup.
func groups(t *testing.T, pid int) map[string]string {
	t.Helper()
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(string(body))) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for name := range strings.SplitSeq(fields[1], ",") {
			all[name] = fields[2]
		}
	}
	return all
}

// A knob is a file about a limit, as v1 and as v2 have it, and its text there.
type knob struct{ controller, file1, want1, file2, want2 string }

// read is the text of the knob for the process pid, and what it should be.
func (k knob) read(t *testing.T, pid int) (got, want string) {
	t.Helper()
	all := groups(t, pid)
	path, want := filepath.Join("/sys/fs/cgroup", all[""], k.file2), k.want2
	if dir, v1 := all[k.controller]; v1 {
		path, want = filepath.Join("/sys/fs/cgroup", k.controller, dir, k.file1), k.want1
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body)), want
}

func wantKnobs(t *testing.T, c *Container, all []knob) {
	t.Helper()
	for _, k := range all {
		if got, want := k.read(t, pidOf(t, c)); got != want {
			t.Errorf("%s: the kernel has %q, want %q", k.file2, got, want)
		}
	}
}

func pidOf(t *testing.T, c *Container) int {
	t.Helper()
	v, err := c.Look()
	if err != nil || v.Facts == nil {
		t.Fatalf("it does not live: %v", err)
	}
	return v.Facts.Pid
}

func TestLimitsAreInForce(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	c := start(t, e, Spec{
		Limits: cgroup.Limits{Memory: 64 << 20, MemoryReservation: 32 << 20, NanoCPUs: 5e8, CPUShares: 512, CpusetCpus: "0", Pids: 20},
		Argv:   []string{"sleep", "1000"},
	})
	wantKnobs(t, c, []knob{
		{"memory", "memory.limit_in_bytes", "67108864", "memory.max", "67108864"},
		{"memory", "memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"},
		{"cpu", "cpu.cfs_quota_us", "50000", "cpu.max", "50000 100000"},
		{"cpu", "cpu.shares", "512", "cpu.weight", "59"},
		{"cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"},
		{"pids", "pids.max", "20", "pids.max", "20"},
	})
	more := cgroup.Limits{Memory: 128 << 20, NanoCPUs: 15e8, Pids: 30}
	if err := c.Update(t.Context(), Change{Limits: &more}); err != nil {
		t.Fatal(err)
	}
	wantKnobs(t, c, []knob{
		{"memory", "memory.limit_in_bytes", "134217728", "memory.max", "134217728"},
		{"cpu", "cpu.cfs_quota_us", "150000", "cpu.max", "150000 100000"},
		{"pids", "pids.max", "30", "pids.max", "30"},
	})
}

func TestOutOfMemory(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	r := run(t, e, Spec{
		Image: "box", Network: "none", Limits: cgroup.Limits{Memory: 32 << 20, MemorySwap: 32 << 20},
		Argv: []string{"dd", "if=/dev/zero", "of=/dev/shm/much", "bs=1M", "count=60"},
	})
	if r.ExitCode != 137 || r.Signal != 9 || !r.OOMKilled {
		t.Errorf("code %d, signal %d, out of memory %v: %s", r.ExitCode, r.Signal, r.OOMKilled, r.Stderr)
	}
}

func TestOutOfMemoryIsOnRecord(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	c := start(t, e, Spec{
		Limits: cgroup.Limits{Memory: 32 << 20, MemorySwap: 32 << 20},
		Argv:   []string{"dd", "if=/dev/zero", "of=/dev/shm/much", "bs=1M", "count=60"},
	})
	if end, err := c.Wait(t.Context()); err != nil || end.Code != 137 || !end.OOM {
		t.Errorf("%+v, %v", end, err)
	}
	wantState(t, c, container.Exited)
	if seen, err := c.Inspect(t.Context()); err != nil || !seen.State.OOMKilled || seen.State.ExitCode != 137 {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestNoMoreProcessesThanAllowed(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	c := start(t, e, Spec{
		Limits: cgroup.Limits{Pids: 25},
		Argv:   []string{"sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5; do (while :; do sleep 1000; done) & done; done; wait"},
	})
	pid := pidOf(t, c)
	refused := knob{"pids", "pids.events", "max 0", "pids.events", "max 0"}
	testenv.Eventually(t, time.Minute, func() bool {
		got, none := refused.read(t, pid)
		return got != none
	}, "the kernel refuses one more")
	var tasks int
	got, _ := knob{controller: "pids", file1: "pids.current", file2: "pids.current"}.read(t, pid)
	if _, err := fmt.Sscan(got, &tasks); err != nil || tasks < 2 || tasks > 25 {
		t.Errorf("%q tasks, %v", got, err)
	}
}

func TestNoMoreProcessorThanAllowed(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	c := start(t, e, Spec{Limits: cgroup.Limits{NanoCPUs: 1e8}, Argv: []string{"sh", "-c", "while :; do :; done"}})
	pid := pidOf(t, c)
	testenv.Eventually(t, time.Minute, func() bool {
		stat, _ := knob{controller: "cpu", file1: "cpu.stat", file2: "cpu.stat"}.read(t, pid)
		return strings.Contains(stat, "nr_throttled ") && !strings.Contains(stat, "nr_throttled 0\n")
	}, "the kernel makes it wait")
}

func TestExecIsInTheCgroup(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	c := start(t, e, Spec{Argv: []string{"sleep", "1000"}})
	x, err := c.Spawn(t.Context(), ExecSpec{Argv: []string{"cat"}})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	first := groups(t, pidOf(t, c))
	for controller, dir := range first {
		if path.Base(dir) != c.ID() { // one that limits nothing: there it is with the keeper
			continue
		}
		body, err := os.ReadFile(filepath.Join(hierarchy(t, controller), dir, "cgroup.procs"))
		if pids := strings.Fields(string(body)); err != nil || len(pids) != 2 {
			t.Errorf("%s%s has %v, %v", controller, dir, pids, err)
		}
	}
	pids, err := c.c.Group().Pids()
	if err != nil || len(pids) != 2 || !slices.Contains(pids, pidOf(t, c)) {
		t.Fatalf("%v, %v", pids, err)
	}
	for _, pid := range pids {
		if its := groups(t, pid); fmt.Sprint(its) != fmt.Sprint(first) {
			t.Errorf("%d is in %v, the container in %v", pid, its, first)
		}
	}
}

// hierarchy is where a v1 controller's, or "" the v2, hierarchy is mounted.
func hierarchy(t *testing.T, controller string) string {
	t.Helper()
	for _, dir := range []string{"/sys/fs/cgroup/" + controller, "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil {
			return dir
		}
	}
	t.Fatalf("the %s hierarchy is not mounted", controller)
	return ""
}

// A node may be made, and not opened.
func TestDevicesAreRefused(t *testing.T) {
	testenv.Clean(t)
	e := open(t)
	s := Spec{
		Image: "box", Network: "none", Volumes: []string{testenv.Busybox(t) + ":/bin/busybox:ro"},
		Argv: []string{"/bin/busybox", "sh", "-c", "mknod /disk b 254 0 && echo made; cat /disk; mknod /log c 1 11; cat /log; echo x >/dev/null && echo well"},
	}
	r := run(t, e, s)
	if string(r.Stdout) != "made\nwell\n" || strings.Count(string(r.Stderr), "Operation not permitted") != 2 {
		t.Errorf("%q, %q", r.Stdout, r.Stderr)
	}
	s.Privileged, s.Argv = true, []string{"/bin/busybox", "sh", "-c", "mknod /null c 1 3; echo x >/null && mknod /mem c 1 11 && : </mem && echo well"}
	if r := run(t, e, s); string(r.Stdout) != "well\n" {
		t.Errorf("privileged: %q, %q", r.Stdout, r.Stderr)
	}
}
