package sandbox

import (
	"context"
	"os"
	"slices"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// Start makes the namespaces and mounts of c and returns when the stub waits at
// the gate: everything but the identity of the program is made, and
// /proc/PID/ns/net is there to be wired. On an error, or when ctx ends first,
// nothing is left.
func (s *Spawner) Start(ctx context.Context, c *Config) (*Process, error) {
	if err := c.check(); err != nil {
		return nil, fault.Wrap("start", c.Exe, err)
	}
	made, err := s.prepare(c)
	if err != nil {
		return nil, fault.Wrap("start", c.Exe, err)
	}
	l, err := s.startList(c, made)
	if err != nil {
		made.close()
		return nil, fault.Wrap("start", c.Exe, err)
	}
	b := birth{exe: c.Exe, list: l, flags: c.cloneFlags(), cgroup: c.CgroupDir, parent: c.Parent, forks: c.Pid.Mode == Join, init: c.Init}
	if c.twice() {
		b.flags, b.cgroup, b.forks = 0, nil, true
	}
	p, err := s.spawn(ctx, b)
	if err != nil {
		made.close()
		return nil, fault.Wrap("start", c.Exe, err)
	}
	made.made.close()
	p.Tty = made.master
	return p, nil
}

// twice says that the stub itself makes the process: a clone into a cgroup
// that Go makes cannot be a child of the caller's parent, since clone3 refuses
// the exit signal that Go gives.
func (c *Config) twice() bool { return c.Parent && c.CgroupDir != nil }

func (c *Config) cloneFlags() uintptr {
	flags := uintptr(unix.CLONE_NEWNS)
	for _, n := range []struct {
		Namespace
		flag uintptr
	}{{c.Net, unix.CLONE_NEWNET}, {c.Pid, unix.CLONE_NEWPID}, {c.Ipc, unix.CLONE_NEWIPC}, {c.Uts, unix.CLONE_NEWUTS}} {
		if n.Mode == Own && n.File == nil {
			flags |= n.flag
		}
	}
	return flags
}

// startList is the whole way from the clone to the program.
func (s *Spawner) startList(c *Config, p *prepared) (*list, error) {
	l := newList(p.stream(c.Stdin), p.stream(c.Stdout), p.stream(c.Stderr))
	program := program{
		argv: c.Argv, env: c.Env, exe: c.Exe, workdir: c.Workdir,
		uid: c.UID, gid: c.GID, groups: c.Groups, umask: c.Umask, caps: c.Caps,
		noNewPrivs: c.NoNewPrivs, seccomp: c.Seccomp, rlimits: c.Rlimits, init: c.Init, tty: c.Tty,
	}
	if c.Masked == nil {
		masked := *c
		masked.Masked = s.masked
		c = &masked
	}
	l.belong(c.OOMScoreAdj, c.Joins)
	forked := l.enter(c)
	root := l.fd(c.Root)
	l.build(c, p, root)
	if err := l.finish(c, p, root); err != nil {
		return nil, err
	}
	l.gate()
	if err := l.become(&program, s.caps); err != nil {
		return nil, err
	}
	l.report(forked)
	return l, nil
}

// stream is a given file, the terminal or the null device.
func (p *prepared) stream(given *os.File) *os.File {
	switch {
	case given != nil:
		return given
	case p.slave != nil:
		return p.slave
	}
	return p.null
}

const stepOOM = "set oom_score_adj"

// belong makes the process a member of its cgroups, before it costs anything.
func (l *list) belong(oom *int, joins []*os.File) {
	if oom != nil {
		l.call(stepOOM, unix.SYS_OPENAT, num(unix.AT_FDCWD), l.str("/proc/self/oom_score_adj"), num(unix.O_WRONLY|unix.O_CLOEXEC)).to(slotFile)
		l.write(stepOOM, slotFile.arg(), itoa(*oom))
	}
	for _, tasks := range joins {
		l.write("join cgroup", l.fd(tasks), "0")
	}
}

// enter joins and makes the namespaces that the clone did not make. It returns
// the fork that it took, if any.
func (l *list) enter(c *Config) (forked *fork) {
	for _, n := range []struct {
		Namespace
		flag int
		name string
	}{
		{c.Net, unix.CLONE_NEWNET, "network"},
		{c.Ipc, unix.CLONE_NEWIPC, "ipc"},
		{c.Uts, unix.CLONE_NEWUTS, "uts"},
		{c.Cgroup, unix.CLONE_NEWCGROUP, "cgroup"},
		{c.Pid, unix.CLONE_NEWPID, "pid"},
	} {
		if n.Mode == Join || n.Mode == Own && n.File != nil {
			l.call("join "+n.name+" namespace", unix.SYS_SETNS, l.fd(n.File), num(n.flag))
		}
	}
	switch {
	case c.twice():
		forked = l.fork(c.cloneFlags(), c.CgroupDir)
	case c.Pid.Mode == Join:
		forked = l.fork(0, nil)
	}
	if c.Cgroup.Mode == Own { // its root is where the process is now
		l.call("make cgroup namespace", unix.SYS_UNSHARE, num(unix.CLONE_NEWCGROUP))
	}
	return forked
}

// build attaches everything. What the user mounts comes before /proc, so that
// no symlink in a volume can bring it over a part of /proc.
func (l *list) build(c *Config, p *prepared, root arg) {
	l.call("make / a slave", unix.SYS_MOUNT, num(0), l.str("/"), num(0), num(unix.MS_REC|unix.MS_SLAVE), num(0))
	if c.joinsShm() {
		l.takeShm(c.Ipc.File)
	}
	kit := l.fd(p.kit)
	for _, m := range []arg{kit, root} {
		l.call("attach the root", unix.SYS_MOVE_MOUNT, m, l.str(""), num(unix.AT_FDCWD), l.str(c.Attach), num(unix.MOVE_MOUNT_F_EMPTY_PATH))
	}
	l.buildDev(c, p, root)
	if !c.replaces("/sys") {
		l.kernelFS("sysfs", root, "/sys", cgroupAttrs(c))
		l.buildCgroups(c, p, root)
	}
	l.attachAll(p, root, false)
	l.kernelFS("proc", root, "/proc", apiAttrs)
	l.attachAll(p, root, true)
}

// takeShm clones the /dev/shm of another container: its mount namespace has to
// be entered for that, and left again.
func (l *list) takeShm(pidfd *os.File) {
	label := "share /dev/shm"
	l.call(label, unix.SYS_OPENAT, num(unix.AT_FDCWD), l.str("/proc/self/ns/mnt"), num(unix.O_RDONLY|unix.O_CLOEXEC)).to(slotFile)
	l.call(label, unix.SYS_SETNS, l.fd(pidfd), num(unix.CLONE_NEWNS))
	l.call(label, unix.SYS_OPEN_TREE, num(unix.AT_FDCWD), l.str("/dev/shm"), num(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)).to(slotShm)
	l.call(label, unix.SYS_SETNS, slotFile.arg(), num(unix.CLONE_NEWNS))
	l.close(slotFile)
	attr := l.words(apiAttrs, 0, unix.MS_PRIVATE, 0)
	l.call(label, unix.SYS_MOUNT_SETATTR, slotShm.arg(), l.str(""), num(unix.AT_EMPTY_PATH), attr, num(attrSize))
}

// buildDev attaches /dev and, by plain names, what lies in it: nothing that the
// image could have made is on the way.
func (l *list) buildDev(c *Config, p *prepared, root arg) {
	if p.dev == nil {
		return
	}
	dev := l.fd(p.dev)
	l.attach("mount /dev", root, dev, "/dev", unix.RESOLVE_NO_SYMLINKS)
	if p.pts != nil {
		l.into("mount /dev/pts", dev, l.fd(p.pts), "pts")
	}
	switch {
	case c.joinsShm():
		l.into("mount /dev/shm", dev, slotShm.arg(), "shm")
	case p.shm != nil:
		l.into("mount /dev/shm", dev, l.fd(p.shm), "shm")
	}
	if !c.replaces("/dev/mqueue") {
		l.into("mount /dev/mqueue", dev, l.filesystem("mqueue", "/dev/mqueue", apiAttrs), "mqueue")
	}
	if p.slave != nil {
		label := "mount /dev/console"
		l.call(label, unix.SYS_OPEN_TREE, num(0), l.str(""), num(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)).to(slotSource)
		l.into(label, dev, slotSource.arg(), "console")
	}
}

func (l *list) buildCgroups(c *Config, p *prepared, root arg) {
	const at = "/sys/fs/cgroup"
	switch {
	case c.replaces(at):
	case c.CgroupUnified:
		l.kernelFS("cgroup2", root, at, cgroupAttrs(c))
	case p.cgroups != nil:
		top := l.fd(p.cgroups)
		l.attach("mount "+at, root, top, at, unix.RESOLVE_NO_SYMLINKS)
		for _, m := range c.CgroupMounts {
			l.into("mount "+at+"/"+m.Name, top, l.fd(m.Source), m.Name)
		}
	}
}

func (l *list) attachAll(p *prepared, root arg, inProc bool) {
	for _, m := range p.mounts {
		if m.inProc == inProc {
			l.attach("mount "+m.target, root, l.fd(m.file), m.target, 0)
		}
	}
}

// finish closes what has to be closed and makes the root the root.
func (l *list) finish(c *Config, p *prepared, root arg) error {
	if err := l.sysctls(c, root); err != nil {
		return err
	}
	if !c.Privileged {
		l.hide(c, p, root)
	}
	if c.ReadOnlyRoot {
		l.call("make the root read-only", unix.SYS_MOUNT_SETATTR, root, l.str(""), num(unix.AT_EMPTY_PATH), l.attr(unix.MOUNT_ATTR_RDONLY), num(attrSize))
	}
	l.call("enter the root", unix.SYS_FCHDIR, root)
	l.call("pivot the root", unix.SYS_PIVOT_ROOT, l.str("."), l.str("."))
	l.call("leave the old root", unix.SYS_UMOUNT2, l.str("."), num(unix.MNT_DETACH))
	l.call("enter the root", unix.SYS_CHDIR, l.str("/"))
	l.names(c)
	if c.Net.Mode == Own && c.Net.File == nil {
		l.loopback()
	}
	return nil
}

func (l *list) hide(c *Config, p *prepared, root arg) {
	masked, readOnly := c.Masked, c.ReadOnly
	if readOnly == nil {
		readOnly = DefaultReadOnly()
	}
	for _, target := range readOnly {
		l.readOnly(root, target)
	}
	kit := l.fd(p.kit)
	for _, target := range masked {
		l.mask(root, kit, target)
	}
}

func (l *list) sysctls(c *Config, root arg) error {
	names := make([]string, 0, len(c.Sysctls))
	for name := range c.Sysctls {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		file, err := sysctlPath(name, c)
		if err != nil {
			return err
		}
		label := "set sysctl " + name
		l.open(label, root, file, unix.O_WRONLY, unix.RESOLVE_NO_SYMLINKS, slotFile)
		l.write(label, slotFile.arg(), c.Sysctls[name])
	}
	return nil
}

func (l *list) names(c *Config) {
	if c.Uts.Mode != Own {
		return
	}
	if c.Hostname != "" {
		l.call("set the host name", unix.SYS_SETHOSTNAME, l.str(c.Hostname), num(len(c.Hostname)))
	}
	if c.Domainname != "" {
		l.call("set the domain name", unix.SYS_SETDOMAINNAME, l.str(c.Domainname), num(len(c.Domainname)))
	}
}

func (l *list) loopback() {
	label := "bring lo up"
	request := make([]byte, 40) // struct ifreq
	copy(request, "lo")
	request[16] = unix.IFF_UP
	l.call(label, unix.SYS_SOCKET, num(unix.AF_INET), num(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), num(0)).to(slotFile)
	l.call(label, unix.SYS_IOCTL, slotFile.arg(), num(unix.SIOCSIFFLAGS), l.bytes(request))
	l.close(slotFile)
}
