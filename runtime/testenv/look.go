package testenv

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// look lists every trace of neap on the machine, one text each.
func look() []string {
	return slices.Concat(mounts(), cgroups(), links(), rules(), processes(), listeners(), files())
}

func mounts() []string {
	body, _ := os.ReadFile("/proc/self/mountinfo")
	var found []string
	for line := range strings.Lines(string(body)) {
		fields := strings.Fields(line)
		if len(fields) > 6 && strings.Contains(line, "neap") {
			found = append(found, "mount "+fields[4]+" "+strings.Join(fields[6:], " "))
		}
	}
	return found
}

// cgroups lists neap's directories at the top of each hierarchy and in a
// slice, with all below them.
func cgroups() []string {
	var found []string
	for _, top := range hierarchies() {
		for _, pattern := range []string{"neap*", "*/neap*"} {
			tops, _ := filepath.Glob(filepath.Join(top, pattern))
			for _, dir := range tops {
				found = append(found, directories("cgroup ", dir)...)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func hierarchies() []string {
	body, _ := os.ReadFile("/proc/self/mountinfo")
	var tops []string
	for line := range strings.Lines(string(body)) {
		if before, after, ok := strings.Cut(line, " - "); ok && strings.HasPrefix(after, "cgroup") {
			tops = append(tops, strings.Fields(before)[4])
		}
	}
	return tops
}

func directories(label, top string) []string {
	var found []string
	_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			found = append(found, label+path)
		}
		return nil
	})
	return found
}

func links() []string {
	all, _ := net.Interfaces()
	var found []string
	for _, link := range all {
		for _, prefix := range []string{"neap", "np", "nv"} {
			if strings.HasPrefix(link.Name, prefix) {
				found = append(found, "link "+link.Name)
			}
		}
	}
	return found
}

func rules() []string {
	counters := regexp.MustCompile(`\[\d+:\d+\]`)
	var found []string
	for _, tool := range []string{"iptables-save", "ip6tables-save"} {
		out, _ := exec.Command(tool).Output()
		for line := range strings.Lines(string(out)) {
			if strings.Contains(strings.ToLower(line), "neap") && !strings.HasPrefix(line, "#") {
				found = append(found, tool+" "+strings.TrimSpace(counters.ReplaceAllString(line, "")))
			}
		}
	}
	return found
}

// processes lists the programs named neap, whatever carries one of this
// process's roots, and this process's zombies.
func processes() []string {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var found []string
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if trace := process(dir); trace != "" && pid != os.Getpid() {
			found = append(found, fmt.Sprintf("process %d %s", pid, trace))
		}
	}
	return found
}

func process(dir string) string {
	comm, state, parent := stat(dir)
	if state == "Z" {
		if parent == os.Getpid() {
			return comm + " (zombie)"
		}
		return ""
	}
	argv := read(dir, "cmdline")
	told := comm + " " + string(bytes.ReplaceAll(bytes.TrimRight(argv, "\x00"), []byte{0}, []byte{' '}))
	exe, _ := os.Readlink(filepath.Join(dir, "exe"))
	env := read(dir, "environ")
	root := regexp.MustCompile(regexp.QuoteMeta(roots) + `[^/\x00 ]+`)
	mark := root.Find(slices.Concat(argv, []byte{0}, env))
	switch {
	case comm == "neap", filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == "neap":
		return told + " " + string(mark)
	case bytes.HasPrefix(mark, []byte(own())):
		return told + " " + string(mark)
	}
	return ""
}

func read(dir, name string) []byte {
	body, _ := os.ReadFile(filepath.Join(dir, name))
	return body
}

func stat(dir string) (comm, state string, parent int) {
	head, tail, ok := strings.Cut(string(read(dir, "stat")), " (")
	end := strings.LastIndex(tail, ") ")
	if !ok || head == "" || end < 0 {
		return "", "", 0
	}
	fields := strings.Fields(tail[end+2:])
	parent, _ = strconv.Atoi(fields[1])
	return tail[:end], fields[0], parent
}

// listeners lists the TCP sockets that this process listens on, and the unix
// sockets of neap's roots.
func listeners() []string {
	mine := sockets()
	var found []string
	for _, table := range []string{"tcp", "tcp6"} {
		for line := range strings.Lines(string(read("/proc/self/net", table))) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && slices.Contains(mine, f[9]) {
				found = append(found, table+" listener "+f[1])
			}
		}
	}
	for line := range strings.Lines(string(read("/proc/self/net", "unix"))) {
		f := strings.Fields(line)
		if len(f) > 7 && strings.Contains(f[7], "neap") {
			found = append(found, "unix socket "+f[7])
		}
	}
	return found
}

func sockets() []string {
	fds, _ := filepath.Glob("/proc/self/fd/*")
	var inodes []string
	for _, fd := range fds {
		target, _ := os.Readlink(fd)
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes
}

// files lists the directories of the default root, which no test may touch,
// and the roots of this process.
func files() []string {
	found := slices.Concat(directories("directory ", "/run/neap"), directories("directory ", "/var/lib/neap"))
	mine, _ := filepath.Glob(own() + "*")
	for _, dir := range mine {
		found = append(found, "directory "+dir)
	}
	return found
}

func static(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}
