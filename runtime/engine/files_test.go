package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/testenv"
	"neap/runtime/warden"
)

// descriptors is how many files the process of a role has open.
func descriptors(t *testing.T, e *Engine, role string) uint64 {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pidOfRole(e, role)))
	if err != nil {
		t.Fatal(err)
	}
	return uint64(len(entries))
}

// TestDescriptorsRunOut lowers the keeper's limit of open files: a start is
// refused with the limit's name and the way out, what runs can end, and a
// higher limit lets it go on at once.
func TestDescriptorsRunOut(t *testing.T) {
	e := open(t)
	first := start(t, e, Spec{Argv: []string{"sleep", "60"}})
	second, err := e.Create(t.Context(), Spec{Image: "box", Argv: []string{"sleep", "60"}, Network: "none"})
	if err != nil {
		t.Fatal(err)
	}
	var before unix.Rlimit
	keeper := pidOfRole(e, warden.KeeperRole)
	if err := unix.Prlimit(keeper, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: descriptors(t, e, warden.KeeperRole) + 40, Max: before.Max}
	if err := unix.Prlimit(keeper, unix.RLIMIT_NOFILE, &low, nil); err != nil {
		t.Fatal(err)
	}
	err = second.Start(t.Context())
	if !fault.Is(err, fault.Unsupported) || !strings.Contains(fmt.Sprintf("%+v", err), "RLIMIT_NOFILE") {
		t.Errorf("start at the limit: %v", err)
	}
	wantState(t, second, container.Created)
	if err := first.Remove(t.Context(), RemoveOptions{Force: true}); err != nil {
		t.Errorf("end at the limit: %v", err)
	}
	if err := unix.Prlimit(keeper, unix.RLIMIT_NOFILE, &before, nil); err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

// kept is how many pipes and pidfds the process of a role has open: what a
// container costs it, without what it holds for itself or for a moment.
func kept(t *testing.T, e *Engine, role string) (count int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", pidOfRole(e, role))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		target, _ := os.Readlink(dir + entry.Name())
		if strings.HasPrefix(target, "pipe:") || strings.Contains(target, "pidfd") {
			count++
		}
	}
	return count
}

// TestThreeDescriptorsEach counts what a running container costs the keeper
// and the warden. What a start needs for a moment may still be there when it
// is answered, so the first count is of a moment when nothing changes.
func TestThreeDescriptorsEach(t *testing.T) {
	e := open(t)
	start(t, e, Spec{Argv: []string{"sleep", "60"}})
	roles := []string{warden.KeeperRole, warden.Role}
	var before [2]int
	for i, role := range roles {
		quiet := 0
		testenv.Eventually(t, time.Minute, func() bool {
			now := kept(t, e, role)
			if now != before[i] {
				quiet = 0
			}
			before[i] = now
			quiet++
			return quiet > 8 // the pauses between the looks grow to a tenth of a second
		}, role+" comes to rest")
	}
	const more = 5
	for range more {
		start(t, e, Spec{Argv: []string{"sleep", "60"}})
	}
	for i, role := range roles {
		testenv.Eventually(t, time.Minute, func() bool { return kept(t, e, role) == before[i]+3*more }, role+" has three more for each")
	}
}
