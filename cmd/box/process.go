package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

// ps shows every process of its pid namespace. Its options are accepted and change nothing, as there is only one form.
func ps(c *call) error {
	list, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	var pids []int
	for _, e := range list {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	sort.Ints(pids)
	users := newNames("/etc/passwd")
	fmt.Fprintln(c.out, "  PID  PPID USER     STAT    RSS COMMAND")
	for _, pid := range pids {
		c.process(pid, users)
	}
	return nil
}

// process writes one line, and nothing for a process that has just gone.
func (c *call) process(pid int, users names) {
	dir := "/proc/" + strconv.Itoa(pid)
	text, err := os.ReadFile(dir + "/stat")
	st, gone := os.Stat(dir)
	open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if err != nil || gone != nil || end < open {
		return
	}
	fields := strings.Fields(string(text[end+1:]))
	name := "[" + string(text[open+1:end]) + "]"
	if line, err := os.ReadFile(dir + "/cmdline"); err == nil && len(line) > 0 {
		name = strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
	}
	pages, _ := strconv.Atoi(fields[21])
	fmt.Fprintf(c.out, "%5d %5s %-8s %-4s %6s %s\n", pid, fields[1], users.of(st.Sys().(*syscall.Stat_t).Uid), fields[0], human(uint64(pages)*uint64(os.Getpagesize())), name)
}
