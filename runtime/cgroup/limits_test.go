package cgroup

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/runtime/fault"
	"neap/runtime/testenv"
)

func TestCheckRefusesNonsense(t *testing.T) {
	swappiness := uint64(101)
	for want, l := range map[string]Limits{
		"together with a cpu quota":    {NanoCPUs: 1e9, CPUQuota: 1000},
		"positive number":              {Memory: -2},
		"needs a limit of memory":      {MemorySwap: 1 << 20},
		"cannot be less than memory":   {Memory: 2 << 20, MemorySwap: 1 << 20},
		"above the memory limit":       {Memory: 1 << 20, MemoryReservation: 2 << 20},
		"swappiness":                   {Swappiness: &swappiness},
		"cpu period":                   {CPUPeriod: 10},
		"0.01 cpus":                    {NanoCPUs: 1},
		"cpu shares":                   {CPUShares: 1},
		"weight":                       {BlkioWeight: 5},
		`"x" 1:3 "rwm" is not a`:       {Devices: []DeviceRule{{true, "x", 1, 3, "rwm"}}},
		`"c" 1:3 "rwx" is not a`:       {Devices: []DeviceRule{{true, "c", 1, 3, "rwx"}}},
		`"c" 1:-7 "rwm" is not a devi`: {Devices: []DeviceRule{{true, "c", 1, -7, "rwm"}}},
	} {
		if err := l.Check(); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", l, err, want)
		}
	}
	if err := (Limits{Memory: -1, NanoCPUs: -1, Pids: -1, Devices: DefaultDevices()}).Check(); err != nil {
		t.Error(err)
	}
}

// knob reads what the kernel has for a limit, wherever its controller is.
func value(t *testing.T, g *Group, controller, file string) string {
	t.Helper()
	h, ok := g.tree.home(controller)
	if !ok {
		t.Fatalf("no %s", controller)
	}
	text, err := read(g.dir(h), file)
	must(t, err)
	return text
}

func TestLimitsReachTheKernelAndCanBeLifted(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		if h, ok := tree.home("memory"); !ok || h.v2 {
			t.Skip("needs v1 controllers")
		}
		g := group(t, tree, Limits{
			Memory: 64 << 20, MemoryReservation: 32 << 20, NanoCPUs: 5e8, CPUShares: 512, CpusetCpus: "0", Pids: 20, OOMKillDisable: true,
			ReadBps: []Throttle{{254, 0, 1 << 20}},
		})
		wantValues(t, g, map[string]string{
			"memory memory.limit_in_bytes": "67108864", "memory memory.memsw.limit_in_bytes": "134217728", "memory memory.soft_limit_in_bytes": "33554432",
			"cpu cpu.cfs_quota_us": "50000", "cpu cpu.cfs_period_us": "100000", "cpu cpu.shares": "512", "cpuset cpuset.cpus": "0", "pids pids.max": "20",
			"blkio blkio.throttle.read_bps_device": "254:0 1048576",
		})
		must(t, g.Update(Limits{Memory: 256 << 20, MemorySwap: 300 << 20, Pids: 30, CPUQuota: 20000}))
		wantValues(t, g, map[string]string{
			"memory memory.limit_in_bytes": "268435456", "memory memory.memsw.limit_in_bytes": "314572800", "pids pids.max": "30",
			"cpu cpu.cfs_quota_us": "20000", "cpu cpu.shares": "512", "cpuset cpuset.cpus": "0",
		})
		must(t, g.Update(Limits{Memory: 16 << 20, MemorySwap: 16 << 20}))
		wantValues(t, g, map[string]string{"memory memory.limit_in_bytes": "16777216", "memory memory.memsw.limit_in_bytes": "16777216"})
		must(t, g.Update(Limits{Memory: -1, Pids: -1, NanoCPUs: -1}))
		const none = "9223372036854771712"
		wantValues(t, g, map[string]string{
			"memory memory.limit_in_bytes": none, "memory memory.memsw.limit_in_bytes": none, "pids pids.max": "max", "cpu cpu.cfs_quota_us": "-1",
		})
	})
}

func wantValues(t *testing.T, g *Group, want map[string]string) {
	t.Helper()
	for knob, text := range want {
		controller, file, _ := strings.Cut(knob, " ")
		if got := value(t, g, controller, file); got != text {
			t.Errorf("%s is %s, want %s", knob, got, text)
		}
	}
}

func TestALimitThatCannotBeSetUndoesTheGroup(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := tree.Group(id)
		if err := g.Make(Limits{CpusetCpus: "4000"}); err == nil || g.Exists() {
			t.Errorf("processor 4000: %v, exists %v", err, g.Exists())
		}
		if _, ok := tree.home("memory"); ok {
			return
		}
		if err := g.Make(Limits{Memory: 1 << 30}); !fault.Is(err, fault.Unsupported) || g.Exists() {
			t.Errorf("memory without its controller: %v", err)
		}
	})
}

func TestOutOfMemoryIsCounted(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		if _, ok := tree.home("memory"); !ok {
			t.Skip("no memory controller")
		}
		g := group(t, tree, Limits{Memory: 8 << 20, MemorySwap: 8 << 20})
		cmd := member(t, g, "exec dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null")
		must(t, cmd.Start())
		if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Errorf("dd: %v", err)
		}
		if n, err := g.OOMKills(); n != 1 || err != nil {
			t.Errorf("%d oom kills, %v", n, err)
		}
	})
}

func TestStatsCount(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		shell(t, g, "x=$(head -c 3000000 /dev/zero | tr '\\0' x); while :; do :; done")
		_, counts := tree.home("memory")
		var s Stats
		testenv.Eventually(t, time.Minute, func() (ready bool) {
			var err error
			s, err = g.Stats()
			begun := !counts || s.Memory > 3000000 // the text is there, and who made it is gone
			return err == nil && begun && s.CPU > 10*time.Millisecond && s.User+s.System > 0 && s.Pids <= 1
		}, "time of the processors is counted")
		t.Logf("%+v", s)
		if counts && (s.MemoryPeak < s.Memory || s.MemoryLimit != 0 || s.Pids != 1 || s.PidsLimit != 0) {
			t.Errorf("%+v", s)
		}
	})
}

// S12, the part of this package: a node may be made but not opened.
func TestDevices(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		disk := filepath.Join(testenv.Dir(t), "disk")
		for script, works := range map[string]bool{
			"exec dd if=/dev/zero of=/dev/null count=1":           true,
			"exec dd if=/dev/urandom of=/dev/full count=0":        true,
			"exec mknod " + disk + " b 254 0":                     true,
			"exec dd if=/dev/kmsg of=/dev/null count=1":           false,
			"exec dd if=/dev/mem of=/dev/null count=1":            false,
			"exec dd if=/dev/vda of=/dev/null count=1":            false,
			"mknod " + disk + "2 b 254 0; exec cat " + disk + "2": false,
		} {
			out, err := output(t, g, script)
			if works != (err == nil) {
				t.Errorf("%s: %v: %s", script, err, out)
			}
			if !works && !strings.Contains(out, "Operation not permitted") && !strings.Contains(out, "No such file") {
				t.Errorf("%s: %s", script, out)
			}
		}
	})
}

func output(t *testing.T, g *Group, script string) (string, error) {
	t.Helper()
	cmd := member(t, g, script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func TestDevicesCanBeGivenInPart(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		if _, err := os.Stat("/dev/kmsg"); err != nil {
			t.Skip("no /dev/kmsg")
		}
		g := group(t, tree, Limits{Devices: append(DefaultDevices(), DeviceRule{true, "c", 1, 11, "r"})})
		for script, works := range map[string]bool{
			"exec 9</dev/kmsg":  true,
			"exec 9>/dev/kmsg":  false,
			"exec 9<>/dev/kmsg": false,
		} {
			if out, err := output(t, g, script); works != (err == nil) {
				t.Errorf("%s: %v: %s", script, err, out)
			}
		}
	})
}

func TestPrivilegedMayOpenAll(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{Devices: AllDevices()})
		if out, err := output(t, g, "exec 9</dev/kmsg"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestStrictRules(t *testing.T) {
	var got []string
	for _, r := range strict([]DeviceRule{
		{false, "a", -1, -1, "rwm"}, {true, "c", 1, 3, "r"}, {true, "c", 1, 3, "w"}, {true, "b", 8, 0, "rm"}, {true, "c", 1, 5, "w"}, {false, "c", 1, 7, "r"}, {true, "c", -1, -1, "m"},
	}) {
		got = append(got, fmt.Sprint(r.Allow, " ", r))
	}
	want := []string{
		"false a *:* rwm", "true c 1:3 rw", "true b 8:0 rm", "false b 8:0 w", "true c 1:5 w", "false c 1:5 r", "false c 1:7 r", "true c *:* m",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestView(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		g := group(t, tree, Limits{})
		v := g.View()
		if v.Unified != (tree.Version() == "v2") || v.Unified != (len(v.Mounts) == 0) {
			t.Errorf("%+v", v)
		}
		for _, m := range v.Mounts {
			if !isDir(m.HostPath) || !strings.HasSuffix(m.HostPath, "/"+id) {
				t.Errorf("%+v", m)
			}
		}
	})
}

func TestHierarchiesOfOtherHosts(t *testing.T) {
	for line, want := range map[string]string{
		`30 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct`: "[cpu cpuacct] false",
		`31 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd`:              "[] false",
		`32 23 0:28 / /sys/fs/cgroup/pids rw master:4 - cgroup none rw,pids`:                        "[pids] false",
	} {
		h, _, ok := parse(line)
		if got := fmt.Sprint(h.controllers, h.v2); !ok || got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
	for _, line := range []string{"", "1 2 3", "27 1 254:0 / / rw - ext4 /dev/vda rw"} {
		if _, _, ok := parse(line); ok {
			t.Errorf("%q is no cgroup", line)
		}
	}
	if _, err := open("neap", "27 1 254:0 / / rw - ext4 /dev/vda rw\n"); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	if got := unescape(`/a\040b\134c`); got != `/a b\c` {
		t.Error(got)
	}
}

// TestKeeperMovesItself runs itself in another process, which moves.
func TestKeeperMovesItself(t *testing.T) {
	testenv.Root(t)
	if parent := os.Getenv("CGROUP_TEST_PARENT"); parent != "" {
		tree, err := Open(parent)
		must(t, err)
		must(t, tree.Keeper())
		must(t, tree.Keeper()) // again
		body, err := os.ReadFile("/proc/self/cgroup")
		must(t, err)
		for line := range strings.Lines(string(body)) {
			if !strings.Contains(line, "/"+parent+"/"+keeper) && !strings.Contains(line, "/"+parent+"-"+keeper) {
				t.Errorf("not moved: %s", line)
			}
		}
		if h, ok := tree.home("cpu"); ok {
			old, _ := read(tree.seat(h), "cpu.shares")
			unified, _ := read(tree.seat(h), "cpu.weight")
			if old != shares && unified != weight {
				t.Errorf("the keeper's weight is %s%s", old, unified)
			}
		}
		ids, err := tree.List()
		if err != nil || len(ids) != 0 {
			t.Errorf("%v, %v", ids, err)
		}
		if err := tree.Remove(); !fault.Is(err, fault.Busy) {
			t.Errorf("remove with a keeper: %v", err)
		}
		return
	}
	testenv.Clean(t)
	parent := testenv.Name(t)
	self := exec.Command(os.Args[0], "-test.run=^TestKeeperMovesItself$")
	self.Env = append(os.Environ(), "CGROUP_TEST_PARENT="+parent)
	if out, err := self.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	tree, err := Open(parent)
	must(t, err)
	must(t, tree.Remove())
	must(t, tree.Remove())
}

// Two callers make groups and the parent at the same time.
func TestMakeTogether(t *testing.T) {
	trees(t, func(t *testing.T, tree *Tree) {
		done := make(chan error)
		const many = 8
		for i := range many {
			go func() { done <- tree.Group(fmt.Sprint("g", i)).Make(Limits{}) }()
		}
		for range many {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		ids, err := tree.List()
		must(t, err)
		if len(ids) != many || !slices.IsSorted(ids) {
			t.Errorf("%v", ids)
		}
		for _, id := range ids {
			shell(t, tree.Group(id), "exec sleep 1000") // a cpuset without processors refuses
			must(t, tree.Group(id).Kill(ctx(t)))
			must(t, tree.Group(id).Delete(ctx(t)))
		}
	})
}

func BenchmarkMakeDelete(b *testing.B) {
	testenv.Root(b)
	tree, err := Open(testenv.Name(b))
	if err != nil {
		b.Fatal(err)
	}
	defer tree.Remove() //nolint:errcheck // the leak check of the tests sees it
	g := tree.Group(id)
	var gone time.Duration
	for b.Loop() {
		if err := g.Make(Limits{}); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := g.Delete(b.Context()); err != nil {
			b.Fatal(err)
		}
		gone += time.Since(start)
	}
	b.ReportMetric(float64(gone.Microseconds())/float64(b.N), "µs/delete")
}
