package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// facts is what a run depends on.
type facts struct {
	Time    time.Time         `json:"time"`
	Commit  string            `json:"commit"`
	Kernel  string            `json:"kernel"`
	Arch    string            `json:"arch"`
	Cores   int               `json:"cores"`
	Memory  int64             `json:"memory_bytes"`
	Load    string            `json:"load"`
	Disk    string            `json:"disk"`
	Cgroups string            `json:"cgroups"`
	Go      string            `json:"go"`
	Peers   map[string]string `json:"peers"`
}

func (y *yard) facts() facts {
	f := facts{Time: time.Now(), Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), Cgroups: layout(), Peers: map[string]string{}}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		f.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) == nil {
		f.Memory = int64(s.Totalram) * int64(s.Unit)
	}
	load, _ := os.ReadFile("/proc/loadavg")
	f.Load = strings.TrimSpace(string(load))
	f.Disk = diskOf(y.dir)
	commit, _ := y.tool("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
	f.Commit = strings.TrimSpace(commit)
	return f
}

// layout names how cgroups are mounted.
func layout() string {
	v1, v2 := controllers(), false
	for line := range strings.Lines(mountTable()) {
		fields := strings.Fields(line)
		v2 = v2 || len(fields) > 2 && fields[2] == "cgroup2"
	}
	switch {
	case len(v1) > 0 && v2:
		return "v1 (" + strings.Join(v1, " ") + ") and v2 without controllers"
	case len(v1) > 0:
		return "v1 (" + strings.Join(v1, " ") + ")"
	default:
		return "v2"
	}
}

// mountTable is that of the place where it is asked for.
func mountTable() string {
	table, _ := os.ReadFile("/proc/thread-self/mounts")
	return string(table)
}

// diskOf names the file system of dir, by its longest mount point.
func diskOf(dir string) string {
	best, kind := "", ""
	for line := range strings.Lines(mountTable()) {
		f := strings.Fields(line)
		if len(f) > 2 && len(f[1]) >= len(best) && strings.HasPrefix(dir+"/", strings.TrimSuffix(f[1], "/")+"/") {
			best, kind = f[1], f[2]
		}
	}
	return kind
}

func (f facts) String() string {
	peers := ""
	for _, name := range []string{"docker", "podman", "crun", "runc"} {
		if v := f.Peers[name]; v != "" {
			peers += ", " + name + " " + v
		}
	}
	return fmt.Sprintf("neap %s; Linux %s, %s, %d cores, %d GB, %s, cgroups %s%s; load %s", f.Commit, f.Kernel, f.Arch, f.Cores, f.Memory>>30, f.Disk, f.Cgroups, peers, f.Load)
}
