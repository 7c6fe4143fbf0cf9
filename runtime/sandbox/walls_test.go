package sandbox_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"neap/runtime/sandbox"
)

// probe puts the probe into the lab's root file system.
func (l *lab) probe() {
	l.t.Helper()
	build := exec.Command("go", "build", "-o", filepath.Join(l.rootfs, "bin/probe"), "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		l.t.Fatalf("build the probe: %v\n%s", err, out)
	}
}

func status(text, field string) string {
	_, rest, _ := strings.Cut(text, field+":\t")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

const docker14 = "00000000a80425fb"

func TestCapabilities(t *testing.T) { // S01 S02
	l := newLab(t)
	check := func(text string, want map[string]string) {
		t.Helper()
		for field, value := range want {
			if have := status(text, field); have != value {
				t.Errorf("%s is %s, not %s", field, have, value)
			}
		}
	}
	none := "0000000000000000"
	check(l.sh("cat /proc/self/status"), map[string]string{
		"CapEff": docker14, "CapPrm": docker14, "CapBnd": docker14, "CapInh": none, "CapAmb": none, "NoNewPrivs": "0", "Seccomp": "0",
	})
	c := l.config("cat /proc/self/status; id")
	c.UID, c.GID, c.Groups, c.NoNewPrivs = 1000, 1001, []uint32{1001, 7}, true
	c.Seccomp, _ = l.spawner.Seccomp(c.Caps)
	out, _ := l.run(c)
	check(out, map[string]string{"CapEff": none, "CapPrm": none, "CapBnd": docker14, "CapInh": none, "CapAmb": none, "NoNewPrivs": "1", "Seccomp": "2"})
	if !strings.Contains(out, "uid=1000 gid=1001 groups=7,1001") {
		t.Errorf("ids: %s", out)
	}
}

func TestSeccompInside(t *testing.T) { // S03 S04 S05
	l := newLab(t)
	l.probe()
	const eperm, enosys = 1, 38
	calls := []struct {
		call string
		want int
	}{
		{fmt.Sprint(unix.SYS_MOUNT), eperm},
		{fmt.Sprint(unix.SYS_UNSHARE, " ", unix.CLONE_NEWUSER), eperm},
		{fmt.Sprint(unix.SYS_SETNS), eperm},
		{fmt.Sprint(unix.SYS_KEYCTL), eperm},
		{fmt.Sprint(unix.SYS_BPF), eperm},
		{fmt.Sprint(unix.SYS_PERF_EVENT_OPEN), eperm},
		{fmt.Sprint(unix.SYS_USERFAULTFD), eperm},
		{fmt.Sprint(unix.SYS_IO_URING_SETUP), eperm},
		{fmt.Sprint(unix.SYS_KEXEC_LOAD), eperm},
		{fmt.Sprint(unix.SYS_INIT_MODULE), eperm},
		{fmt.Sprint(unix.SYS_OPEN_BY_HANDLE_AT), eperm},
		{fmt.Sprint(unix.SYS_SWAPON), eperm},
		{fmt.Sprint(unix.SYS_REBOOT), eperm},
		{fmt.Sprint(unix.SYS_CLONE3), enosys},
		{fmt.Sprint(unix.SYS_CLONE, " ", unix.CLONE_NEWUSER), eperm},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_ALG, " ", unix.SOCK_SEQPACKET), eperm},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_VSOCK, " ", unix.SOCK_STREAM), eperm},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_INET, " ", unix.SOCK_STREAM), 0},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_INET6, " ", unix.SOCK_STREAM), 0},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_UNIX, " ", unix.SOCK_STREAM), 0},
		{fmt.Sprint(unix.SYS_SOCKET, " ", unix.AF_NETLINK, " ", unix.SOCK_RAW), 0},
		{"0x40000027", enosys}, // getpid of x32
		{"590", enosys},
	}
	script := ""
	for _, c := range calls {
		script += "probe call " + c.call + "\n"
	}
	c := l.config(script)
	var err error
	c.Seccomp, err = l.spawner.Seccomp(c.Caps)
	must(t, err)
	out, _ := l.run(c)
	answers := strings.Fields(out)
	for i, c := range calls {
		if i >= len(answers) || answers[i] != strconv.Itoa(c.want) {
			t.Errorf("call %s: want %d in %q", c.call, c.want, answers)
		}
	}
}

func TestNoNewPrivileges(t *testing.T) { // S06
	l := newLab(t)
	l.probe()
	must(t, os.Chmod(filepath.Join(l.rootfs, "bin/probe"), 0o755|os.ModeSetuid))
	for _, on := range []bool{true, false} {
		c := l.config("probe euid")
		c.UID, c.GID, c.NoNewPrivs = 1000, 1000, on
		c.Seccomp, _ = l.spawner.Seccomp(c.Caps)
		want := map[bool]string{true: "1000\n", false: "0\n"}[on]
		if out, _ := l.run(c); out != want {
			t.Errorf("no_new_privs %v: uid %s", on, out)
		}
	}
}

func TestMaskedAndReadOnly(t *testing.T) { // S07 S08 S09
	l := newLab(t)
	out := l.sh(`
for p in ` + strings.Join(sandbox.DefaultMasked(), " ") + `; do
  if [ -d $p ]; then [ -z "$(ls -A $p)" ] || echo "full directory $p"; touch $p/x 2>/dev/null && echo "writable $p"; 
  elif [ -e $p ]; then [ -z "$(cat $p)" ] || echo "full file $p"; fi
  umount $p 2>/dev/null && echo "unmounted $p"
done
for p in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches /proc/irq/default_smp_affinity /sys/kernel/mm/ksm/run; do
  [ -e $p ] && (echo 0 > $p) 2>/dev/null && echo "writable $p"
done
mkdir /sys/fs/cgroup/x 2>/dev/null && echo "cgroup made"
mkdir /sys/kernel/x 2>/dev/null && echo "sys made"
[ -e /proc/keys ] || echo "nothing was looked at"
true`)
	if out != "" {
		t.Error(out)
	}
}

func TestCgroupView(t *testing.T) { // S09
	l := newLab(t)
	c := l.config("ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/first/x 2>&1; mkdir /sys/fs/cgroup/y 2>&1; readlink /sys/fs/cgroup/short")
	source, err := sandbox.Bind(l.dir, sandbox.BindOptions{})
	must(t, err)
	defer source.Close()
	c.CgroupMounts = []sandbox.CgroupMount{{Name: "first", Source: source}}
	c.CgroupLinks = []sandbox.CgroupLink{{Name: "short", Target: "first"}}
	out, _ := l.run(c)
	if !strings.HasPrefix(out, "first\nshort\nmkdir: ") || strings.Count(out, "Read-only") != 2 || !strings.HasSuffix(out, "\nfirst\n") {
		t.Error(out)
	}
}

func TestMountTable(t *testing.T) { // S10
	l := newLab(t)
	var have []string
	for line := range strings.Lines(l.sh("cat /proc/self/mountinfo")) {
		f := strings.Fields(line)
		dash := slices.Index(f, "-")
		have = append(have, strings.Join([]string{f[4], f[dash+1], f[5], strings.Join(f[6:dash], " ")}, " "))
		if root := f[3]; f[4] != "/" && root != "/" && !strings.HasPrefix(f[4], "/proc/") && !strings.HasPrefix(f[4], "/sys/") {
			t.Errorf("%s shows %s", f[4], root)
		}
	}
	for _, want := range []string{
		"/ overlay rw,relatime ",
		"/dev tmpfs rw,nosuid,relatime ",
		"/dev/pts devpts rw,nosuid,noexec,relatime ",
		"/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime ",
		"/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime ",
		"/sys sysfs ro,nosuid,nodev,noexec,relatime ",
		"/proc proc rw,nosuid,nodev,noexec,relatime ",
		"/proc/sys proc ro,nosuid,nodev,noexec,relatime ",
		"/proc/keys tmpfs ro,nosuid,noexec,relatime ",
	} {
		if !slices.Contains(have, want) {
			t.Errorf("no mount %q", want)
		}
	}
	for _, line := range have {
		if strings.Contains(line, "shared:") || strings.Contains(line, "master:") {
			t.Errorf("it is not private: %s", line)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(have, "\n"))
	}
}

func TestDevices(t *testing.T) { // S11
	l := newLab(t)
	want := "core\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n" +
		"1 3\n1 5\n1 7\n1 8\n1 9\n5 0\nptmx\n"
	if have := l.sh("ls /dev; cd /dev; stat -c '%t %T' null zero full random urandom tty; ls pts; echo x >/dev/null"); have != want {
		t.Errorf("/dev has %s", have)
	}
	c := l.config("stat -c '%t %T %a %u' /dev/net/mine")
	c.Devices = []sandbox.Device{{Path: "/dev/net/mine", Kind: 'c', Major: 10, Minor: 200, Mode: 0o620, UID: 12}}
	if out, _ := l.run(c); out != "a c8 620 12\n" {
		t.Errorf("device: %s", out)
	}
}

func TestNothingIsOpen(t *testing.T) { // S13
	l := newLab(t)
	if out := l.sh("exec ls /proc/self/fd"); out != "0\n1\n2\n3\n" { // 3 is ls's own
		t.Errorf("open: %q", out)
	}
	if out := l.sh("readlink /proc/self/fd/0"); out != "/dev/null\n" {
		t.Errorf("input: %q", out)
	}
}

func TestNamespaces(t *testing.T) { // S14 S15 S16
	l := newLab(t)
	out := l.sh("for n in mnt pid ipc uts net; do readlink /proc/self/ns/$n; done; hostname other 2>&1; kill -9 -1; [ $(ls -d /proc/[0-9]* | wc -l) -lt 6 ] && echo few; for l in root cwd exe; do readlink /proc/1/$l; done; ip addr show lo | grep -c 'LOOPBACK,UP'; cat /proc/net/unix | wc -l")
	lines := strings.Split(out, "\n")
	for i, n := range []string{"mnt", "pid", "ipc", "uts", "net"} {
		host, err := os.Readlink("/proc/self/ns/" + n)
		must(t, err)
		if lines[i] == host {
			t.Errorf("the %s namespace is the host's", n)
		}
	}
	if rest := strings.Join(lines[5:], " "); rest != "hostname: sethostname: Operation not permitted sh: can't kill pid -1: No such process few / / /bin/busybox 1 1 " {
		t.Errorf("inside: %q", rest)
	}
}

func TestLimitsAndState(t *testing.T) { // S17 S21
	l := newLab(t)
	c := l.config("ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; umask; pwd; grep -E 'Sig(Blk|Ign)' /proc/self/status; ulimit -n 300 2>&1; trap")
	score := 123
	c.OOMScoreAdj, c.Workdir, c.Umask = &score, "/tmp", 0o027
	c.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: 100, Hard: 200}, {Name: "RLIMIT_CORE", Soft: 0, Hard: 0}}
	out, _ := l.run(c)
	want := "100\n200\n123\n0027\n/tmp\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
	if !strings.HasPrefix(out, want) || !strings.Contains(out, "not permitted") {
		t.Errorf("limits: %s", out)
	}
}

func TestSysctls(t *testing.T) {
	l := newLab(t)
	c := l.config("cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced")
	c.Sysctls = map[string]string{"net.ipv4.ip_unprivileged_port_start": "0", "kernel/shm_rmid_forced": "1"}
	if out, _ := l.run(c); out != "0\n1\n" {
		t.Errorf("sysctls: %q", out)
	}
	for _, name := range []string{"kernel.core_pattern", "vm.swappiness", "net/../kernel/core_pattern", "kernel.shmmax/../x"} {
		c := l.config("")
		c.Sysctls = map[string]string{name: "0"}
		if p, err := l.spawner.Start(deadline(t), c); err == nil {
			p.Abort()
			t.Errorf("%s is taken", name)
		}
	}
}

func TestPrivileged(t *testing.T) {
	l := newLab(t)
	c := l.config("grep -E 'CapBnd' /proc/self/status; mount -t tmpfs none /tmp && echo mounted; (echo > /proc/sys/kernel/domainname) && echo written; mkdir /sys/fs/x 2>&1; ls /dev | wc -l")
	c.Privileged = true
	var err error
	c.Caps, err = sandbox.Capabilities(nil, nil, true)
	must(t, err)
	out, _ := l.run(c)
	bounding, err := os.ReadFile("/proc/self/status")
	must(t, err)
	if status(out, "CapBnd") != status(string(bounding), "CapBnd") || !strings.Contains(out, "mounted\nwritten\n") || strings.Contains(out, "Read-only") {
		t.Errorf("privileged: %s", out)
	}
}

func TestReadOnlyRoot(t *testing.T) {
	l := newLab(t)
	c := l.config("touch /x 2>&1; touch /dev/shm/x && touch /data/x && echo fine; stat -f -c %T /data; df -k /data | tail -n 1 | awk '{print $2}'")
	c.ReadOnlyRoot = true
	c.Mounts = []sandbox.Mount{{Type: "tmpfs", Target: "/data", Data: "size=2m,mode=700,noexec"}}
	if out, _ := l.run(c); out != "touch: /x: Read-only file system\nfine\ntmpfs\n2048\n" {
		t.Errorf("read-only: %q", out)
	}
}
