package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// begins is what packages make before main runs, in bytes: those that make more
// than a page. Every start of neap pays for it, so a package that is not here,
// or makes more than it did, has to be looked at before it comes in.
func begins() map[string]int {
	return map[string]int{
		"compress/flate":         8 << 10,
		"debug/dwarf":            8 << 10, // through cilium/ebpf
		"github.com/cilium/ebpf": 8 << 10,
		"github.com/containerd/cgroups/v3/cgroup1/stats":                 24 << 10, // protobuf
		"github.com/containerd/cgroups/v3/cgroup2/stats":                 16 << 10,
		"github.com/google/go-containerregistry/pkg/name":                32 << 10, // regular expressions
		"github.com/google/go-containerregistry/pkg/v1/remote/transport": 8 << 10,
		"github.com/klauspost/compress/flate":                            32 << 10,
		"github.com/klauspost/compress/internal/snapref":                 12 << 10, // checksums of snappy
		"github.com/opencontainers/go-digest":                            96 << 10, // regular expressions
		"github.com/rogpeppe/go-internal/testscript":                     16 << 10, // in the test's binary only
		"github.com/vishvananda/netlink":                                 8 << 10,
		"github.com/yuin/gopher-lua":                                     12 << 10,
		"net/http":                                                       8 << 10,
		"unicode":                                                        16 << 10,
		"vendor/golang.org/x/net/http2/hpack":                            12 << 10,
	}
}

// TestWhatPackagesMakeAtStart holds the list above.
func TestWhatPackagesMakeAtStart(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Env = []string{"neap", "--version"}, []string{"GODEBUG=inittrace=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	known, seen := begins(), 0
	for line := range strings.Lines(string(out)) {
		// init PACKAGE @0.1 ms, 0.1 ms clock, 9216 bytes, 1 allocs
		words := strings.Fields(line)
		if len(words) < 11 || words[0] != "init" {
			continue
		}
		seen++
		bytes, err := strconv.Atoi(words[7])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if limit := max(known[words[1]], 4<<10); bytes > limit {
			t.Errorf("%s makes %d bytes before main, at most %d are known of: see what for, and whether it can be had later", words[1], bytes, limit)
		}
	}
	if seen < 20 {
		t.Errorf("the trace shows %d packages:\n%s", seen, out)
	}
}

// begin makes all that a caller makes before its script runs.
func begin(tb testing.TB) *session {
	s := &session{outlet: &outlet{f: os.Stdout}}
	s.terminal = newConsole(s.outlet)
	var err error
	if s.host, err = s.newHost(s.outlet); err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestWhatACallerMakesAtStart bounds that. Modules, their functions and classes
// are made when a script first touches them: whoever makes something for every
// start finds it here.
func TestWhatACallerMakesAtStart(t *testing.T) {
	const things, bytes = 740, 85 << 10
	begin(t).host.Close() // what is made once, for all
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const rounds = 20
	for range rounds {
		begin(t).host.Close()
	}
	runtime.ReadMemStats(&after)
	if n := (after.Mallocs - before.Mallocs) / rounds; n > things {
		t.Errorf("a start makes %d things, more than %d", n, things)
	}
	if n := (after.TotalAlloc - before.TotalAlloc) / rounds; n > bytes {
		t.Errorf("a start makes %d bytes, more than %d", n, bytes)
	}
}

// BenchmarkStart is a caller's part of neap -e ”, in a process that is warm.
func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := begin(b)
		if err := s.host.RunString(context.Background(), "-e", "", nil); err != nil {
			b.Fatal(err)
		}
		s.host.Close()
	}
}
