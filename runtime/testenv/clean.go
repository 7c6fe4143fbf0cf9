package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long ends may take that nobody waits for: dying network
// namespaces, orphans, cgroups with a last zombie.
const patience = 10 * time.Second

// Clean looks at the machine now and again after everything that the test
// cleans up, so it must be the first call of a test. It fails the test with a
// list of what is there then and was not before: mounts, cgroups, links,
// packet rules, processes, zombies, listening sockets, roots, and files of the
// default root. Traces that carry the root of another live test process do
// not count; while there are such processes, traces that carry no root at all
// are told in the log only.
func Clean(t testing.TB) {
	t.Helper()
	before := look()
	t.Cleanup(func() {
		t.Helper()
		left, told := settle(before)
		for _, trace := range told {
			t.Logf("left behind, perhaps by another test: %s", trace)
		}
		for _, trace := range left {
			t.Errorf("left behind: %s", trace)
		}
	})
}

// settle waits until nothing is left, or patience ends.
func settle(before []string) (left, told []string) {
	others := foreign()
	poll(patience, func() bool {
		others = append(others, foreign()...)
		left, told = sort(added(before, look()), others)
		return len(left) == 0
	})
	return left, told
}

func added(before, after []string) []string {
	return slices.DeleteFunc(after, func(trace string) bool { return slices.Contains(before, trace) })
}

// sort parts traces into those that fail the test and those that another live
// test process may have made.
func sort(traces []string, others []string) (left, told []string) {
	for _, trace := range traces {
		switch {
		case slices.ContainsFunc(others, func(mark string) bool { return strings.Contains(trace, mark) }):
		case len(others) > 0 && !strings.Contains(trace, own()) && !tagged(trace):
			told = append(told, trace)
		default:
			left = append(left, trace)
		}
	}
	return left, told
}

func own() string { return roots + strconv.Itoa(os.Getpid()) + "-" }

// foreign lists the roots, and their tags, of other live test processes.
func foreign() []string {
	dirs, _ := filepath.Glob(roots + "*")
	var marks []string
	for _, dir := range dirs {
		pid, _, _ := strings.Cut(strings.TrimPrefix(dir, roots), "-")
		if n, err := strconv.Atoi(pid); err == nil && n != os.Getpid() && alive(n) {
			marks = append(marks, dir, tag(dir))
		}
	}
	return marks
}

// tag is what package store makes of the path of a root.
func tag(root string) string {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	sum := sha256.Sum256([]byte(root))
	return hex.EncodeToString(sum[:4])
}

// tagged says whether trace carries a tag: then it has an owner.
func tagged(trace string) bool {
	for rest := trace; ; {
		_, after, found := strings.Cut(rest, "neap-")
		if !found {
			return false
		}
		if len(after) >= 8 {
			if _, err := hex.DecodeString(after[:8]); err == nil {
				return true
			}
		}
		rest = after
	}
}
