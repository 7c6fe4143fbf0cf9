// Package testenv is what tests may ask of the machine: root, a directory on
// a real disk, a small root file system, patience; and the check that a test
// left the machine as it found it.
//
// It knows where neap's traces can lie (mounts, cgroups, links, rules,
// processes, sockets, files). It does not know how any of them is made. Only
// tests import it, so it may read the environment.
package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roots is where the roots of tests lie: on the disk, as an overlay's upper
// directory cannot be on every tmpfs. The name tells whose a root is.
const roots = "/var/tmp/neap-test-"

// Root skips the test when it does not run as root, saying so. With
// REQUIRE_ROOT=1 in the environment it fails it instead.
func Root(t testing.TB) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("REQUIRE_ROOT") == "1":
		t.Fatal("needs root, and REQUIRE_ROOT=1 forbids to skip")
	default:
		t.Skip("needs root: it makes namespaces, mounts and cgroups")
	}
}

// Dir makes an empty directory (0700) on a real disk for a root and removes it
// at the end of the test; that it cannot be removed fails the test. Roots that
// lie elsewhere are not told from another test's by Clean.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(roots), fmt.Sprintf("%s%d-", filepath.Base(roots), os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("the root of the test stays: %v", err)
		}
	})
	return dir
}

// Name makes up a name of the form neap-xxxxxxxx, as the cgroup parent or
// chain of a root of its own has, for a test of a part that needs no root
// directory. It is unique on this machine and Clean knows whose it is.
func Name(t testing.TB) string { return "neap-" + tag(Dir(t)) }

// Busybox is the path of a statically linked busybox. Without one the test is
// skipped, or fails with REQUIRE_ROOT=1.
func Busybox(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"/usr/bin/busybox", "/bin/busybox", "/usr/lib/busybox/busybox-static"} {
		if static(path) {
			return path
		}
	}
	if os.Getenv("REQUIRE_ROOT") == "1" {
		t.Fatal("needs a static busybox (Debian: busybox-static)")
	}
	t.Skip("needs a static busybox (Debian: busybox-static)")
	return ""
}

// Rootfs makes a root file system with every command of busybox below dir,
// which is made, and returns its path.
func Rootfs(t testing.TB, dir string) string {
	t.Helper()
	box := Busybox(t)
	for _, d := range []string{"bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr", "var"} {
		must(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	must(t, os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky))
	must(t, os.WriteFile(filepath.Join(dir, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "etc/group"), []byte("root:x:0:\nnogroup:x:65534:\n"), 0o644))
	body, err := os.ReadFile(box)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "bin/busybox"), body, 0o755))
	for _, name := range applets(t, box) {
		if name != "busybox" {
			must(t, os.Symlink("busybox", filepath.Join(dir, "bin", name)))
		}
	}
	return dir
}

func applets(t testing.TB, box string) []string {
	t.Helper()
	out, err := exec.Command(box, "--list").Output()
	must(t, err)
	return strings.Fields(string(out))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Eventually asks every few milliseconds until ok is true, and fails the test
// with message when it still is not after limit.
func Eventually(t testing.TB, limit time.Duration, ok func() bool, message string) {
	t.Helper()
	if !poll(limit, ok) {
		t.Fatalf("not within %v: %s", limit, message)
	}
}

func poll(limit time.Duration, ok func() bool) bool {
	end := time.Now().Add(limit)
	for pause := time.Millisecond; !ok(); pause = min(2*pause, 100*time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}

func alive(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
