package sandbox

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
	"neap/runtime/fault"
)

// Exec is Start for a further process in running namespaces: it returns when
// the process waits at its gate in there. Target must be alive.
func (s *Spawner) Exec(ctx context.Context, c *ExecConfig) (*Process, error) {
	p, err := s.exec(ctx, c)
	return p, fault.Wrap("execute", c.Exe, err)
}

func (s *Spawner) exec(ctx context.Context, c *ExecConfig) (*Process, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	p, err := prepareExec(c)
	if err != nil {
		return nil, err
	}
	l, err := s.execList(c, p)
	if err != nil {
		p.close()
		return nil, err
	}
	b := birth{exe: c.Exe, list: l, parent: c.Parent, forks: true}
	if !c.twice() {
		b.cgroup = c.CgroupDir
	}
	child, err := s.spawn(ctx, b)
	if err != nil {
		p.close()
		return nil, err
	}
	p.made.close()
	child.Tty = p.master
	return child, nil
}

// twice is as Config's.
func (c *ExecConfig) twice() bool { return c.Parent && c.CgroupDir != nil }

func prepareExec(c *ExecConfig) (*prepared, error) {
	p := &prepared{}
	if !c.Tty {
		null, err := openNull(nil)
		if err != nil {
			return nil, err
		}
		p.null = p.made.add(null)
		return p, nil
	}
	pts, err := ptsOf(c.Pid)
	if err != nil {
		return nil, err
	}
	defer pts.Close()
	if err := alive(c.Target); err != nil {
		return nil, err
	}
	p.master, p.slave, err = pair(pts, c.UID, c.Rows, c.Cols)
	if err != nil {
		return nil, err
	}
	p.made.add(p.slave)
	return p, nil
}

// alive says whether the process of a pidfd is there: then its pid is still its.
func alive(pidfd *os.File) error {
	err := unix.PidfdSendSignal(raw(pidfd), 0, nil, 0)
	if err != nil {
		return fault.New(fault.Conflict, "the container's first process is gone")
	}
	return nil
}

func (s *Spawner) execList(c *ExecConfig, p *prepared) (*list, error) {
	l := newList(p.stream(c.Stdin), p.stream(c.Stdout), p.stream(c.Stderr))
	l.belong(c.OOMScoreAdj, c.Joins)
	// Whoever may look at the process that is seen inside finds nothing but its streams and its socket.
	l.call("hide", unix.SYS_PRCTL, num(unix.PR_SET_DUMPABLE), num(0), num(0), num(0), num(0))
	target := l.fd(c.Target)
	var moved *fork
	if c.twice() {
		moved = l.fork(0, c.CgroupDir)
	}
	l.call("enter the container", unix.SYS_SETNS, target, num(unix.CLONE_NEWNS|unix.CLONE_NEWPID|unix.CLONE_NEWIPC|
		unix.CLONE_NEWUTS|unix.CLONE_NEWNET|unix.CLONE_NEWCGROUP))
	l.closeAll()
	forked := l.fork(0, nil)
	l.gate()
	err := l.become(&program{
		argv: c.Argv, env: c.Env, exe: c.Exe, workdir: c.Workdir,
		uid: c.UID, gid: c.GID, groups: c.Groups, umask: c.Umask, caps: c.Caps,
		noNewPrivs: c.NoNewPrivs, seccomp: c.Seccomp, rlimits: c.Rlimits, tty: c.Tty,
	}, s.caps)
	l.report(forked)
	l.leave(moved)
	return l, err
}
