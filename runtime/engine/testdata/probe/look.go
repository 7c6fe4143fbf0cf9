package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// questions are what the test wants to know beside what is always told.
type questions struct {
	Masked   []string
	Writes   []string
	Exist    []string
	Nodes    []node
	NodeDirs []string
	Abstract string
}

type node struct {
	Name  string
	Kind  uint32
	Major uint32
	Minor uint32
}

type report struct {
	FDs      []string
	Status   map[string]string
	Mounts   []string
	NS       map[string]string
	Limits   map[string][2]uint64
	Env      []string
	Dev      []string
	Cwd      string
	Umask    int
	Hostname string
	OOM      string
	Calls    map[string]string
	Masked   map[string]string
	Writes   map[string]string
	Exist    []string
	Nodes    map[string]string
	Pids     []string
	Links    map[string]string
	Cgroups  map[string]string
	Raised   map[string]string
	Abstract string
	Session  string // of the keyring
	Ptmx     string
}

func look(fds []string, q questions) report {
	r := report{
		FDs: fds, Status: status(), Mounts: lines("/proc/self/mountinfo"), NS: namespaces(), Limits: limits(),
		Env: os.Environ(), Dev: devices(), Umask: unix.Umask(0), OOM: text("/proc/self/oom_score_adj"),
		Calls: calls(), Masked: map[string]string{}, Writes: map[string]string{}, Nodes: map[string]string{},
		Links: links(), Cgroups: cgroups(), Raised: raised(),
	}
	r.Cwd, _ = os.Getwd()
	r.Hostname, _ = os.Hostname()
	r.Pids, _ = filepath.Glob("/proc/[0-9]*")
	for _, name := range q.Masked {
		r.Masked[name] = masked(name)
	}
	for _, name := range q.Writes {
		r.Writes[name] = tryWrite(name)
	}
	for _, name := range q.Exist {
		if _, err := os.Lstat(name); err == nil {
			r.Exist = append(r.Exist, name)
		}
	}
	for _, dir := range q.NodeDirs {
		for _, n := range q.Nodes {
			r.Nodes[dir+"/"+n.Name] = makeAndOpen(dir+"/"+n.Name, n)
		}
	}
	if q.Abstract != "" {
		r.Abstract = "connected"
		if _, err := net.Dial("unix", q.Abstract); err != nil {
			r.Abstract = reason(err)
		}
	}
	r.Ptmx = "fine"
	if f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		r.Ptmx = reason(err)
	} else {
		_ = f.Close()
	}
	return r
}

func text(name string) string {
	body, err := os.ReadFile(name)
	if err != nil {
		return reason(err)
	}
	return strings.TrimSpace(string(body))
}

func lines(name string) []string {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []string
	for s := bufio.NewScanner(f); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

func status() map[string]string {
	all := map[string]string{}
	for _, line := range lines("/proc/thread-self/status") {
		key, value, _ := strings.Cut(line, ":")
		all[key] = strings.TrimSpace(value)
	}
	return all
}

func namespaces() map[string]string {
	all := map[string]string{}
	for _, n := range []string{"mnt", "net", "uts", "pid", "ipc", "user", "cgroup"} {
		all[n], _ = os.Readlink("/proc/self/ns/" + n)
	}
	return all
}

func limits() map[string][2]uint64 {
	all := map[string][2]uint64{}
	for name, n := range map[string]int{"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "core": unix.RLIMIT_CORE} {
		var l unix.Rlimit
		_ = unix.Prlimit(0, n, nil, &l)
		all[name] = [2]uint64{l.Cur, l.Max}
	}
	return all
}

// raised tries to get more than was given.
func raised() map[string]string {
	var l unix.Rlimit
	_ = unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &l)
	more := unix.Rlimit{Cur: l.Max + 1, Max: l.Max + 1}
	return map[string]string{
		"nofile": outcome(unix.Prlimit(0, unix.RLIMIT_NOFILE, &more, nil)),
		"oom":    outcome(os.WriteFile("/proc/self/oom_score_adj", []byte("-500"), 0)),
	}
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return reason(err)
}

// devices tells each entry of /dev with what it is.
func devices() []string {
	var all []string
	entries, _ := os.ReadDir("/dev")
	for _, e := range entries {
		var st unix.Stat_t
		name := "/dev/" + e.Name()
		_ = unix.Lstat(name, &st)
		what := "other"
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFCHR, unix.S_IFBLK:
			what = fmt.Sprintf("%#o %d:%d", st.Mode, unix.Major(st.Rdev), unix.Minor(st.Rdev))
		case unix.S_IFLNK:
			target, _ := os.Readlink(name)
			what = "-> " + target
		case unix.S_IFDIR:
			what = "dir"
		}
		all = append(all, e.Name()+" "+what)
	}
	return all
}

// masked says how a path that must tell nothing behaves.
func masked(name string) string {
	st, err := os.Stat(name)
	if err != nil {
		return "absent"
	}
	if unix.Unmount(name, unix.MNT_DETACH) == nil {
		return "unmounted"
	}
	if !st.IsDir() {
		body, err := os.ReadFile(name)
		if err != nil || len(body) > 0 {
			return fmt.Sprintf("file of %d bytes, %v", len(body), err)
		}
		return "empty"
	}
	entries, err := os.ReadDir(name)
	if err != nil || len(entries) > 0 {
		return fmt.Sprintf("directory of %d entries, %v", len(entries), err)
	}
	if err := os.Mkdir(name+"/x", 0o755); err == nil {
		return "writable"
	}
	return "empty"
}

func makeAndOpen(name string, n node) string {
	if err := unix.Mknod(name, n.Kind|0o666, int(unix.Mkdev(n.Major, n.Minor))); err != nil {
		return "mknod " + reason(err)
	}
	defer func() { _ = os.Remove(name) }()
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return "open " + reason(err)
	}
	_ = unix.Close(fd)
	return "opened"
}

// links are the magic links that must not lead outside.
func links() map[string]string {
	all := map[string]string{}
	for _, name := range []string{"/proc/1/root", "/proc/1/cwd", "/proc/1/exe", "/proc/self/root", "/proc/self/cwd", "/proc/self/exe"} {
		target, err := os.Readlink(name)
		if err != nil {
			target = reason(err)
		}
		all[name] = target
	}
	return all
}

// cgroups tries to make a group in each tree, and to write where it would
// hurt.
func cgroups() map[string]string {
	all := map[string]string{}
	tops, _ := filepath.Glob("/sys/fs/cgroup/*")
	for _, top := range append(tops, "/sys/fs/cgroup") {
		if st, err := os.Lstat(top); err != nil || !st.IsDir() {
			continue
		}
		all["mkdir "+top] = outcome(os.Mkdir(top+"/probe", 0o755))
		for _, file := range []string{"release_agent", "notify_on_release", "cgroup.procs", "tasks", "pids.max", "memory.limit_in_bytes", "devices.allow"} {
			if _, err := os.Lstat(top + "/" + file); err == nil {
				all[top+"/"+file] = tryWrite(top + "/" + file)
			}
		}
	}
	return all
}
