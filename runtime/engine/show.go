package engine

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// Published is the ports that the living container has.
func (c *Container) Published() ([]container.Port, error) {
	v, err := c.Look()
	if err != nil || v.Facts == nil {
		return nil, err
	}
	return v.Facts.Ports, nil
}

// PublishedPort is a published port and who has it.
type PublishedPort struct {
	container.Port
	Container   string // name
	ContainerID string
}

// PublishedPorts is the ports of all living containers.
func (e *Engine) PublishedPorts(ctx context.Context) ([]PublishedPort, error) {
	all, err := e.Briefs(ctx)
	if err != nil {
		return nil, err
	}
	var ports []PublishedPort
	for _, b := range all {
		for _, p := range b.Ports {
			ports = append(ports, PublishedPort{p, b.Name, b.ID})
		}
	}
	return ports, nil
}

// Task is a process of a container, as `ps -ef` shows it on the host.
type Task struct {
	UID   string // name, else number
	PID   int
	PPID  int
	C     int    // processor use in per cent of its life
	STIME string // when it began: hours and minutes, or the day
	TTY   string
	TIME  string // processor time used
	CMD   string
}

// clockTicks is USER_HZ, which Linux fixes at 100 for /proc.
const clockTicks = 100

// Top is the processes of a running container.
func (c *Container) Top(context.Context) ([]Task, error) {
	state, err := c.State()
	if err == nil && state != container.Running && state != container.Paused {
		err = fault.New(fault.Conflict, "it is %s, and must be running or paused", state)
	}
	if err != nil {
		return nil, c.wrap("look at the processes of container", err)
	}
	pids, err := c.c.Group().Pids()
	if err != nil {
		return nil, c.wrap("look at the processes of container", err)
	}
	var up unix.Sysinfo_t
	if err := unix.Sysinfo(&up); err != nil {
		return nil, err
	}
	booted := c.e.opt.Clock().Add(-time.Duration(up.Uptime) * time.Second)
	var tasks []Task
	for _, pid := range pids {
		if t, ok := readTask(pid, booted, c.e.opt.Clock()); ok {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

func readTask(pid int, booted, now time.Time) (Task, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := strings.LastIndexByte(string(stat), ')')
	if err != nil || end < 0 {
		return Task{}, false
	}
	f := strings.Fields(string(stat)[end+1:])
	if len(f) < 20 {
		return Task{}, false
	}
	used := time.Duration(number64(f[11])+number64(f[12])) * time.Second / clockTicks
	began := booted.Add(time.Duration(number64(f[19])) * time.Second / clockTicks)
	t := Task{
		UID: ownerOf(pid), PID: pid, PPID: int(number64(f[1])), TTY: ttyName(number64(f[4])),
		TIME:  fmt.Sprintf("%02d:%02d:%02d", int(used.Hours()), int(used.Minutes())%60, int(used.Seconds())%60),
		STIME: began.Format("15:04"), CMD: commandOf(pid, string(stat)[:end+1]),
	}
	if lived := now.Sub(began); lived > 0 {
		t.C = min(99, int(100*used/lived))
	}
	if now.Sub(began) > 24*time.Hour {
		t.STIME = began.Format("Jan02")
	}
	return t, true
}

func number64(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func ownerOf(pid int) string {
	var st unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d", pid), &st) != nil {
		return "?"
	}
	id := strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func ttyName(device int64) string {
	if device == 0 {
		return "?"
	}
	return fmt.Sprintf("pts/%d", unix.Minor(uint64(device)))
}

func commandOf(pid int, stat string) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(line) == 0 {
		_, name, _ := strings.Cut(stat, "(")
		return "[" + strings.TrimSuffix(name, ")") + "]"
	}
	return strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
}

// Info is what the root and the host are.
type Info struct {
	Root       string
	Run        string
	Version    string
	Kernel     string
	Cgroup     string // "v1", "v2" or "hybrid"
	Notice     string // what is not as it should be
	Keeper     bool   // one is there
	Containers map[container.State]int
	Images     int
	Volumes    int
}

// Info looks at all of it.
func (e *Engine) Info(ctx context.Context) (Info, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Info{}, err
	}
	i := Info{
		Root: e.store.Lib.Path, Run: e.store.Run.Path, Version: e.opt.Version, Kernel: unix.ByteSliceToString(u.Release[:]),
		Cgroup: e.tree.Version(), Notice: e.tree.Notice(), Keeper: e.keeper.Present(), Containers: map[container.State]int{},
	}
	all, err := e.Briefs(ctx)
	if err != nil {
		return i, err
	}
	for _, b := range all {
		i.Containers[b.State]++
	}
	images, err := e.Images.List(ctx)
	if err != nil {
		return i, err
	}
	volumes, err := e.Volumes.List()
	i.Images, i.Volumes = len(images), len(volumes)
	return i, err
}
