package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLookFindsWhatIsLeft(t *testing.T) {
	Root(t)
	Clean(t)
	before := look()
	name := Name(t)
	dir := filepath.Join(hierarchies()[0], name)
	if err := os.MkdirAll(filepath.Join(dir, "child"), 0o755); err != nil {
		t.Fatal(err)
	}
	zombie := exec.Command("true")
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, patience, func() bool {
		new := strings.Join(added(before, look()), "\n")
		return strings.Contains(new, name+"/child") && strings.Contains(new, "zombie") && strings.Contains(new, own())
	}, "cgroup, zombie and root are seen")
	if err := zombie.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "child")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
}

func TestForeignTracesAreNotOurs(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp(filepath.Dir(roots), fmt.Sprintf("neap-test-%d-", other.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
		_ = os.Remove(root)
	})
	marks := foreign()
	if !slices.Contains(marks, root) {
		t.Fatalf("%v lacks %s", marks, root)
	}
	left, told := sort([]string{"cgroup /x/neap-" + tag(root), "link np0", "cgroup /x/neap-0123abcd", "directory " + own() + "1"}, marks)
	if !slices.Equal(left, []string{"cgroup /x/neap-0123abcd", "directory " + own() + "1"}) || !slices.Equal(told, []string{"link np0"}) {
		t.Errorf("left %q, told %q", left, told)
	}
}

func TestRootfsRuns(t *testing.T) {
	Root(t)
	Clean(t)
	root := Rootfs(t, filepath.Join(Dir(t), "rootfs"))
	out, err := exec.Command("chroot", root, "/bin/sh", "-c", "echo hi").CombinedOutput()
	if err != nil || string(out) != "hi\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestEventually(t *testing.T) {
	calls := 0
	Eventually(t, time.Second, func() bool { calls++; return calls == 3 }, "three calls")
	if poll(time.Millisecond, func() bool { return false }) {
		t.Error("poll must give up")
	}
}
