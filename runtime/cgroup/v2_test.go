package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/runtime/fault"
)

// A v2 host with controllers is played by plain files: what is written to them
// is what the kernel would get.
func playV2(t *testing.T, files map[string]string) *Group {
	t.Helper()
	tree := &Tree{parent: "neap", all: []hierarchy{{point: t.TempDir(), v2: true, controllers: []string{"cpuset", "cpu", "io", "memory", "pids"}}}}
	g := tree.Group("g")
	dir := g.dir(tree.all[0])
	must(t, os.MkdirAll(dir, 0o755))
	files["cgroup.controllers"] = "cpuset cpu io memory pids"
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return g
}

// has says whether the file begins with want: plain files keep the tail of a
// longer text that was there.
func has(t *testing.T, g *Group, file, want string) {
	t.Helper()
	got, err := read(g.dir(g.tree.all[0]), file)
	if err != nil || !strings.HasPrefix(got, want) {
		t.Errorf("%s is %q, %v, want %q", file, got, err, want)
	}
}

func v2Files() map[string]string {
	return map[string]string{
		"memory.max": "", "memory.swap.max": "", "memory.low": "", "cpu.max": "max 100000", "cpu.weight": "", "cpuset.cpus": "", "cpuset.mems": "",
		"pids.max": "", "io.weight": "", "io.max": "",
	}
}

func TestLimitsInV2Terms(t *testing.T) {
	g := playV2(t, v2Files())
	must(t, g.apply(Limits{
		Memory: 64 << 20, MemorySwap: 96 << 20, MemoryReservation: 32 << 20, NanoCPUs: 15e8, CPUShares: 1024, CpusetCpus: "0-1", CpusetMems: "0",
		Pids: 20, BlkioWeight: 1000, WriteBps: []Throttle{{8, 16, 1 << 20}},
	}))
	for file, want := range map[string]string{
		"memory.max": "67108864", "memory.swap.max": "33554432", "memory.low": "33554432", "cpu.max": "150000 100000", "cpu.weight": "100",
		"cpuset.cpus": "0-1", "cpuset.mems": "0", "pids.max": "20", "io.weight": "10000", "io.max": "8:16 wbps=1048576",
	} {
		has(t, g, file, want)
	}
}

func TestNoLimitInV2Terms(t *testing.T) {
	g := playV2(t, v2Files())
	must(t, g.apply(Limits{Memory: -1, MemorySwap: -1, MemoryReservation: -1, CPUQuota: -1, Pids: -1}))
	for file, want := range map[string]string{
		"memory.max": "max", "memory.swap.max": "max", "memory.low": "0", "cpu.max": "max", "pids.max": "max",
	} {
		has(t, g, file, want)
	}
}

func TestAPeriodAloneKeepsTheQuota(t *testing.T) {
	files := v2Files()
	files["cpu.max"] = "20000 100000"
	g := playV2(t, files)
	must(t, g.apply(Limits{CPUPeriod: 50000}))
	has(t, g, "cpu.max", "20000 50000")
}

func TestSwapThatIsNotCounted(t *testing.T) {
	files := v2Files()
	delete(files, "memory.swap.max")
	g := playV2(t, files)
	must(t, g.apply(Limits{Memory: 1 << 20, MemorySwap: 2 << 20})) // what Make adds by itself
	has(t, g, "memory.max", "1048576")
	if err := g.apply(Limits{Memory: 1 << 20, MemorySwap: 1 << 20}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("swap that was asked for: %v", err)
	}
}

func TestWhatV2CannotDo(t *testing.T) {
	g := playV2(t, v2Files())
	swappiness := uint64(10)
	for _, l := range []Limits{{OOMKillDisable: true}, {Swappiness: &swappiness}} {
		if err := g.apply(l); !fault.Is(err, fault.Unsupported) {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if err := g.Update(Limits{Devices: AllDevices()}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("devices: %v", err)
	}
}

func TestOutOfMemoryInV2Terms(t *testing.T) {
	g := playV2(t, map[string]string{"memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n"})
	if n, err := g.OOMKills(); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
