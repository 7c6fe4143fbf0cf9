package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/warden"
)

// callerRole is argument 0 of a process that starts one container and ends: a
// caller with surroundings of its own.
const callerRole = "test-caller"

func callOnce(root string) error {
	e, err := Open(testOptions(root))
	if err != nil {
		return err
	}
	defer e.Close()
	_, err = e.Run(context.Background(), Spec{Image: "box", Name: "first", Network: "none", Argv: []string{"sleep", "60"}})
	return err
}

// TestSurroundings starts the keeper under nice, taskset, ulimit, another
// directory, a mask and a small memory cgroup: a container that another caller
// starts shows none of it.
func TestSurroundings(t *testing.T) {
	e := open(t)
	script := `ulimit -S -n 100; ulimit -S -f 100000; umask 077; cd /tmp; exec nice -n 7 taskset -c 0 bash -c 'exec -a ` +
		callerRole + ` "$0" "$1"' "$0" "$1"`
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", script, self, e.opt.Root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := start(t, e, Spec{Argv: []string{"sleep", "60"}})
	facts, err := c.c.Facts()
	if err != nil {
		t.Fatal(err)
	}
	for role, pid := range map[string]int{
		"container": facts.Pid, "warden": pidOfRole(e, warden.Role), "keeper": pidOfRole(e, warden.KeeperRole),
	} {
		checkSurroundings(t, role, pid)
	}
}

func checkSurroundings(t *testing.T, role string, pid int) {
	t.Helper()
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, pid); err != nil || nice != 20 { // 20 minus the nice value
		t.Errorf("%s: priority %d, %v", role, nice, err)
	}
	var here, there unix.CPUSet
	if err := unix.SchedGetaffinity(0, &here); err != nil {
		t.Fatal(err)
	}
	if err := unix.SchedGetaffinity(pid, &there); err != nil || here != there {
		t.Errorf("%s: processors %v, %v", role, there.Count(), err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil || !strings.Contains(string(status), "Umask:\t0022") {
		t.Errorf("%s: %v %s", role, err, status)
	}
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil || limit.Cur == 100000*1024 {
		t.Errorf("%s: file size limit %+v, %v", role, limit, err)
	}
	if dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || dir != "/" {
		t.Errorf("%s: directory %s, %v", role, dir, err)
	}
}
