package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/process"
	"neap/runtime/rootfs"
	"neap/runtime/sandbox"
)

// execution is an exec that is under way: keeper.Prepared.
type execution struct {
	process *sandbox.Process
	ticks   uint64
	argv    []string
}

// Exec is keeper.Work's.
func (w *worker) Exec(ctx context.Context, id string, p keeper.Program, io keeper.Streams) (keeper.Prepared, error) {
	c := w.e.containers.With(id)
	state, err := c.State()
	if err == nil {
		err = container.Check("exec", state)
	}
	if err != nil {
		return nil, err
	}
	plan, err := c.Plan()
	if err != nil {
		return nil, err
	}
	facts, err := c.Facts()
	if err != nil || facts == nil {
		return nil, errors.Join(err, fault.New(fault.Conflict, "it ended just now"))
	}
	cfg, files, err := w.execConfig(c, plan, facts, p, io)
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	proc, err := w.spawner.Exec(ctx, cfg)
	if err != nil {
		return nil, err
	}
	stat, err := process.ReadStat(proc.Pid)
	if err != nil {
		proc.Abort()
		closeAll([]*os.File{proc.PidFD, proc.Tty})
		return nil, err
	}
	return &execution{proc, stat.Ticks, cfg.Argv}, nil
}

func (w *worker) execConfig(
	c *container.Container, plan *container.Plan, facts *container.Facts, p keeper.Program, io keeper.Streams,
) (cfg *sandbox.ExecConfig, files []*os.File, err error) {
	pidfd, err := process.Open(facts.Pid, facts.Ticks)
	if err != nil {
		return nil, nil, err
	}
	files = append(files, pidfd)
	root, err := os.OpenFile(fmt.Sprintf("/proc/%d/root", facts.Pid), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, files, err
	}
	files = append(files, root)
	user, err := rootfs.Lookup(root, first(p.User, plan.User), plan.Groups)
	if err != nil {
		return nil, files, err
	}
	if len(p.Argv) == 0 {
		return nil, files, fault.New(fault.Invalid, "a program is missing")
	}
	for _, f := range []*os.File{io.Out, io.Err, io.In} {
		if f != nil {
			if err := own(f, user.UID); err != nil {
				return nil, files, err
			}
		}
	}
	as := *plan
	as.Tty, as.Env = p.Tty, mergeEnv(plan.Env, p.Env)
	cfg = &sandbox.ExecConfig{
		Target: pidfd, Pid: facts.Pid, Argv: p.Argv, Env: environment(&as, user), Workdir: first(p.Workdir, plan.Workdir),
		UID: user.UID, GID: user.GID, Groups: user.Groups, Umask: 0o022,
		Rlimits: rlimits(plan.Ulimits), OOMScoreAdj: plan.OOMScoreAdj,
		Stdin: io.In, Stdout: io.Out, Stderr: io.Err, Tty: p.Tty, Rows: p.Rows, Cols: p.Cols, Parent: true,
	}
	if cfg.OOMScoreAdj == nil {
		cfg.OOMScoreAdj = new(0)
	}
	if cfg.Exe, err = resolve(root, p.Argv[0], cfg.Env, cfg.Workdir); err != nil {
		return nil, files, err
	}
	more, err := w.execWalls(c, plan, p, cfg)
	return cfg, append(files, more...), err
}

func (w *worker) execWalls(c *container.Container, plan *container.Plan, p keeper.Program, cfg *sandbox.ExecConfig) (files []*os.File, err error) {
	opts, err := parseSecurity(plan.SecurityOpt)
	if err != nil {
		return nil, err
	}
	privileged := plan.Privileged || p.Privileged
	if cfg.Caps, err = sandbox.Capabilities(plan.CapAdd, plan.CapDrop, privileged); err != nil {
		return nil, err
	}
	cfg.NoNewPrivs = opts.noNewPrivs
	if cfg.Seccomp, err = w.filters.of(opts, cfg.Caps, privileged); err != nil {
		return nil, err
	}
	if cfg.CgroupDir, err = c.Group().Dir(); err != nil {
		return nil, err
	}
	if cfg.CgroupDir != nil {
		files = append(files, cfg.CgroupDir)
	}
	cfg.Joins, err = c.Group().Joins()
	return append(files, cfg.Joins...), err
}

func (x *execution) Pid() int                     { return x.process.Pid }
func (x *execution) Ticks() uint64                { return x.ticks }
func (x *execution) PidFD() *os.File              { return x.process.PidFD }
func (x *execution) Tty() *os.File                { return x.process.Tty }
func (x *execution) Sockets() map[string]*os.File { return nil }

// Abort ends it at its gate.
func (x *execution) Abort() {
	x.process.Abort()
	closeAll([]*os.File{x.process.Tty})
}

// Go lets it run.
func (x *execution) Go() error {
	err := x.process.Go()
	if err == nil {
		return nil
	}
	closeAll([]*os.File{x.process.Tty})
	var step *sandbox.ExecError
	if errors.As(err, &step) && step.Step == "exec" {
		return unexecuted(x.argv[0], step.Errno)
	}
	return err
}
