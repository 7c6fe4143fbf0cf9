package engine

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/cgroup"
	"neap/runtime/sandbox"
)

// The tests named by S-numbers are the checks of the security list, made in
// whole containers. Beside them: sandbox (walls_test.go, hostile_test.go,
// seccomp_amd64_test.go) checks the same walls one by one, network
// (walls_test.go) and firewall have S43 to S49 with neighbours of their own,
// rootfs (corpus_test.go) and image (bounds_test.go) have S32 and S33.

const (
	noCaps    = "0000000000000000"
	dockerSet = "00000000a80425fb"
)

func TestWalls(t *testing.T) {
	a := newArena(t)
	must(t, a.imported("walls", entry{name: "bin/suid", link: suid(t), mode: 0o4755}))
	listener, err := net.Listen("unix", "@neap-test-"+filepath.Base(filepath.Dir(a.canary)))
	must(t, err)
	defer listener.Close()
	shm := hostShm(t)
	q := questions{
		Masked: sandbox.DefaultMasked(), Writes: forbidden(), NodeDirs: []string{"/tmp", "/dev", "/dev/shm"}, Nodes: hostNodes(t),
		Exist: []string{a.canary, a.e.opt.Root, shm, "/dev/kmsg", "/dev/mem"}, Abstract: listener.Addr().String(),
	}
	seen := map[string]report{}
	for _, door := range doors() {
		seen[door] = a.look(t, door, Spec{}, q)
	}
	for _, c := range []struct {
		name  string
		check func(t *testing.T, door string, r report)
	}{
		{"S01 capabilities", sameCaps},
		{"S03 S04 S05 system calls", refusedCalls},
		{"S07 masked paths", maskedPaths},
		{"S08 read-only paths", func(t *testing.T, door string, r report) {
			allWant(t, door, r.Writes, "EROFS", "ENOENT", "EACCES", "EPERM")
			wants(t, door, r.Writes, map[string]string{"/proc/sys/kernel/core_pattern": "EROFS"})
		}},
		{"S09 cgroups and sys", func(t *testing.T, door string, r report) {
			if len(r.Cgroups) < 2 {
				t.Errorf("%s: no cgroup is to be seen", door)
			}
			allWant(t, door, r.Cgroups, "EROFS")
		}},
		{"S10 mount table", mountTable},
		{"S11 devices", deviceTable},
		{"S12 made devices", func(t *testing.T, door string, r report) { madeDevices(t, door, r, len(q.NodeDirs)*len(q.Nodes)) }},
		{"S13 descriptors", onlyStreams},
		{"S14 namespaces", namespacesDiffer},
		{"S15 magic links", func(t *testing.T, door string, r report) {
			allWant(t, door, r.Links, "/", "/bin/probe", "EACCES") // --init keeps its process 1 to itself
			if r.Exist != nil {
				t.Errorf("%s: sees %v", door, r.Exist)
			}
		}},
		{"S16 abstract sockets", func(t *testing.T, door string, r report) {
			if r.Abstract != "ECONNREFUSED" {
				t.Errorf("%s: %s", door, r.Abstract)
			}
		}},
		{"S17 limits", func(t *testing.T, door string, r report) {
			wants(t, door, r.Raised, map[string]string{"nofile": "EPERM", "oom": "EACCES"})
			if r.OOM != "0" {
				t.Errorf("%s: oom_score_adj %s", door, r.OOM)
			}
		}},
		{"S19 environment", plainEnvironment},
		{"S21 state", plainState},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, door := range doors() {
				c.check(t, door, seen[door])
			}
		})
	}
	t.Run("S02 another user", a.anotherUser)
	t.Run("S05 calls of 32 bits", a.noOldCalls)
	t.Run("S06 no new privileges", a.noNewPrivileges)
	t.Run("S14 kill all", a.killAll)
	t.Run("S17 given limits", a.givenLimits)
	t.Run("S18 processes", a.processLimit)
}

func suid(t *testing.T) string {
	t.Helper()
	program, err := probe()
	must(t, err)
	return string(program)
}

// hostShm is a file in the shared memory of the host.
func hostShm(t *testing.T) string {
	t.Helper()
	f, err := os.CreateTemp("/dev/shm", "neap-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.Remove(f.Name()) })
	must(t, f.Close())
	return f.Name()
}

func forbidden() []string {
	return []string{
		"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches", "/proc/sys/fs/binfmt_misc/register",
		"/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/proc/bus/pci/00/00.0", "/sys/kernel/uevent_helper",
		"/sys/kernel/mm/ksm/run", "/sys/power/state", "/sys/module/kernel/parameters/panic", "/sys/fs/cgroup/devices/devices.allow",
	}
}

// hostNodes are devices that nobody inside may use: the host's disk first.
func hostNodes(t *testing.T) []node {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat("/", &st))
	return []node{
		{"disk", unix.S_IFBLK, unix.Major(st.Dev), unix.Minor(st.Dev)},
		{"loop", unix.S_IFBLK, 7, 0},
		{"kmsg", unix.S_IFCHR, 1, 11},
		{"mem", unix.S_IFCHR, 1, 1},
		{"port", unix.S_IFCHR, 1, 4},
		{"fuse", unix.S_IFCHR, 10, 229},
		{"tty0", unix.S_IFCHR, 4, 0},
		{"kvm", unix.S_IFCHR, 10, 232},
	}
}

func sameCaps(t *testing.T, door string, r report) {
	wants(t, door, r.Status, map[string]string{
		"CapEff": dockerSet, "CapPrm": dockerSet, "CapBnd": dockerSet, "CapInh": noCaps, "CapAmb": noCaps,
		"NoNewPrivs": "0", "Seccomp": "2", "Seccomp_filters": "1",
	})
}

func refusedCalls(t *testing.T, door string, r report) {
	want := map[string]string{
		"clone3": "ENOSYS", "none": "ENOSYS", "x32 getpid": "ENOSYS",
		"AF_INET": "done", "AF_INET6": "done", "AF_UNIX": "done", "AF_NETLINK": "done",
	}
	for name, answer := range r.Calls {
		if want[name] == "" {
			want[name] = "EPERM"
		}
		_ = answer
	}
	if len(want) < 40 {
		t.Errorf("%s: only %d calls were made", door, len(want))
	}
	wants(t, door, r.Calls, want)
}

func maskedPaths(t *testing.T, door string, r report) {
	allWant(t, door, r.Masked, "empty", "absent")
	there := 0
	for _, found := range r.Masked {
		if found == "empty" {
			there++
		}
	}
	if there < 4 {
		t.Errorf("%s: only %d masked paths are there", door, there)
	}
}

func mountTable(t *testing.T, door string, r report) {
	want := map[string]string{
		"/": "overlay rw,relatime", "/dev": "tmpfs rw,nosuid,relatime", "/dev/pts": "devpts rw,nosuid,noexec,relatime",
		"/dev/mqueue": "mqueue rw,nosuid,nodev,noexec,relatime", "/dev/shm": "tmpfs rw,nosuid,nodev,noexec,relatime",
		"/proc": "proc rw,nosuid,nodev,noexec,relatime", "/sys": "sysfs ro,nosuid,nodev,noexec,relatime",
	}
	for _, name := range append(sandbox.DefaultMasked(), sandbox.DefaultReadOnly()...) {
		want[name] = "" // as they are in the sandbox's own tests
	}
	for _, name := range etcFiles() {
		want["/etc/"+name] = ""
	}
	if strings.Contains(door, "tty") {
		want["/dev/console"] = ""
	}
	for _, line := range r.Mounts {
		f := strings.Fields(line)
		dash := slices.Index(f, "-")
		target, kind := f[4], f[dash+1]+" "+f[5]
		known, ok := want[target]
		switch {
		case strings.HasPrefix(target, "/sys/fs/cgroup"):
			if !strings.HasPrefix(f[5], "ro,nosuid,nodev,noexec") {
				t.Errorf("%s: %s", door, line)
			}
		case !ok:
			t.Errorf("%s: who mounted %s", door, line)
		case known != "" && known != kind:
			t.Errorf("%s: %s is %q, not %q", door, target, kind, known)
		}
		if len(f[6:dash]) > 0 {
			t.Errorf("%s: it is not private: %s", door, line)
		}
		if known != "" && f[3] != "/" {
			t.Errorf("%s: %s shows %s", door, target, f[3])
		}
	}
}

func deviceTable(t *testing.T, door string, r report) {
	want := []string{
		"core -> /proc/kcore", "fd -> /proc/self/fd", "full 020666 1:7", "mqueue dir", "null 020666 1:3", "ptmx -> pts/ptmx", "pts dir",
		"random 020666 1:8", "shm dir", "stderr -> /proc/self/fd/2", "stdin -> /proc/self/fd/0", "stdout -> /proc/self/fd/1",
		"tty 020666 5:0", "urandom 020666 1:9", "zero 020666 1:5",
	}
	have := slices.DeleteFunc(slices.Clone(r.Dev), func(line string) bool { return door == "tty" && strings.HasPrefix(line, "console 0206") })
	if !slices.Equal(have, want) {
		t.Errorf("%s: /dev has %q", door, have)
	}
	if r.Ptmx != "fine" {
		t.Errorf("%s: ptmx: %s", door, r.Ptmx)
	}
}

func madeDevices(t *testing.T, door string, r report, n int) {
	allWant(t, door, r.Nodes, "open EPERM", "open EACCES", "mknod EPERM")
	if len(r.Nodes) != n || r.Nodes["/tmp/disk"] != "open EPERM" {
		t.Errorf("%s: %d nodes, the disk: %s", door, len(r.Nodes), r.Nodes["/tmp/disk"])
	}
}

func onlyStreams(t *testing.T, door string, r report) {
	if len(r.FDs) != 3 {
		t.Errorf("%s: open are %q", door, r.FDs)
	}
	for i, fd := range r.FDs {
		number, to, _ := strings.Cut(fd, " ")
		kind, _, _ := strings.Cut(to, ":")
		if strings.HasSuffix(to, "O_NONBLOCK") {
			t.Errorf("%s: descriptor %s does not wait", door, fd)
		}
		if number != fmt.Sprint(i) || !slices.Contains([]string{"/dev/null", "pipe", "/dev/pts/0", "/dev/console"}, kind) {
			t.Errorf("%s: descriptor %s", door, fd)
		}
	}
}

func namespacesDiffer(t *testing.T, door string, r report) {
	for _, name := range []string{"mnt", "net", "uts", "pid", "ipc"} {
		host, err := os.Readlink("/proc/self/ns/" + name)
		must(t, err)
		if r.NS[name] == host || r.NS[name] == "" {
			t.Errorf("%s: the %s namespace is the host's", door, name)
		}
	}
	if len(r.Pids) > 2 {
		t.Errorf("%s: sees %v", door, r.Pids)
	}
	if host, _ := os.Hostname(); r.Hostname == host {
		t.Errorf("%s: the host's name", door)
	}
}

func plainEnvironment(t *testing.T, door string, r report) {
	for _, kv := range r.Env {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.Contains([]string{"PATH", "HOME", "HOSTNAME", "TERM"}, name) {
			t.Errorf("%s: has %s", door, kv)
		}
	}
}

func plainState(t *testing.T, door string, r report) {
	wants(t, door, r.Status, map[string]string{"SigBlk": noCaps, "SigIgn": noCaps})
	if r.Umask != 0o022 || r.Cwd != "/" {
		t.Errorf("%s: umask %#o in %s", door, r.Umask, r.Cwd)
	}
}

func (a *arena) anotherUser(t *testing.T) {
	for _, door := range doors() {
		r := a.look(t, door, Spec{User: "joe"}, questions{})
		wants(t, door, r.Status, map[string]string{
			"CapEff": noCaps, "CapPrm": noCaps, "CapInh": noCaps, "CapAmb": noCaps, "CapBnd": dockerSet,
			"Uid": "1000\t1000\t1000\t1000", "Gid": "100\t100\t100\t100", "Groups": "7 100", "Seccomp": "2",
		})
	}
}

func (a *arena) noOldCalls(t *testing.T) {
	r := run(t, a.e, Spec{Image: "walls", Network: "none", Argv: []string{"probe", "int80"}})
	if answer := strings.TrimSpace(string(r.Stdout)); r.ExitCode == 0 && !strings.HasPrefix(answer, "-") {
		t.Errorf("getpid is %s", answer)
	}
}

func (a *arena) noNewPrivileges(t *testing.T) {
	for option, want := range map[string]string{"no-new-privileges": "1000", "no-new-privileges=false": "0"} {
		s := Spec{Image: "walls", User: "joe", SecurityOpt: []string{option}, Argv: []string{"suid", "id"}}
		out, err := a.try(s)
		must(t, err)
		s.Argv = []string{"probe", "sleep"}
		r, err := start(t, a.e, s).Exec(t.Context(), ExecSpec{Argv: []string{"suid", "id"}}, nil, nil)
		must(t, err)
		for door, said := range map[string]string{"run": out, "exec": string(r.Stdout)} {
			if uid, _, _ := strings.Cut(said, " "); uid != want {
				t.Errorf("%s with %s: %s", door, option, said)
			}
		}
	}
}

func (a *arena) killAll(t *testing.T) {
	victim := start(t, a.e, Spec{Image: "walls", Argv: []string{"probe", "sleep"}})
	killer := start(t, a.e, Spec{Image: "walls", Argv: []string{"probe", "sleep"}})
	if _, err := killer.Exec(t.Context(), ExecSpec{Argv: []string{"probe", "killall"}}, nil, nil); err != nil {
		t.Error(err)
	}
	if out, err := a.try(Spec{Image: "walls", Argv: []string{"probe", "killall"}}); err != nil || !strings.Contains(out, "no such process") {
		t.Errorf("%q, %v", out, err)
	}
	wantState(t, victim, "running")
	wantState(t, killer, "running")
}

func (a *arena) givenLimits(t *testing.T) {
	score := 300
	for _, door := range doors() {
		r := a.look(t, door, Spec{Ulimits: []string{"nofile=100:200", "core=0", "nproc=50"}, OOMScoreAdj: &score}, questions{})
		if r.Limits["nofile"][1] != 200 || r.Limits["core"] != [2]uint64{} || r.Limits["nproc"] != [2]uint64{50, 50} {
			t.Errorf("%s: limits %v", door, r.Limits)
		}
		wants(t, door, r.Raised, map[string]string{"nofile": "EPERM", "oom": "EACCES"})
		if r.OOM != "300" {
			t.Errorf("%s: oom_score_adj %s", door, r.OOM)
		}
	}
}

func (a *arena) processLimit(t *testing.T) {
	pids := int64(40)
	out, err := a.try(Spec{Image: "walls", Limits: cgroup.Limits{Pids: pids}, Argv: []string{"probe", "fork"}})
	if err != nil || !strings.HasSuffix(out, "EAGAIN\n") {
		t.Errorf("%q, %v", out, err)
	}
}
