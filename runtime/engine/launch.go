package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/process"
	"neap/runtime/rootfs"
	"neap/runtime/sandbox"
	"neap/runtime/store"
)

// launch is one start that is under way: all that it made so far, and how to
// take it back. It holds the container's lock.
type launch struct {
	w      *worker
	e      *Engine
	c      *container.Container
	plan   *container.Plan
	wish   *container.Wish
	last   *container.Last
	number int
	io     keeper.Streams

	lock    *store.Lock
	undo    undo
	files   []*os.File // needed until the process is made
	root    *os.File
	user    rootfs.User
	group   later // the cgroup is made, and ways are there
	ways    ways
	ns      later // netns is there
	net     later // address and ports are there, with facts and sockets
	netns   *os.File
	netUndo undo
	process *sandbox.Process
	facts   container.Facts
	sockets map[string]*os.File
}

// Prepare is keeper.Work's.
func (w *worker) Prepare(ctx context.Context, c *container.Container, number int, io keeper.Streams) (keeper.Prepared, error) {
	l := &launch{w: w, e: w.e, c: c, number: number, io: io, sockets: map[string]*os.File{}}
	if err := l.prepare(ctx); err != nil {
		closeAll(l.files)
		err = l.undo.run(err)
		l.failed(err)
		return nil, errors.Join(err, l.lock.Unlock())
	}
	go closeAll(l.files) // nobody waits for that: it takes a third of a millisecond
	return l, nil
}

func (l *launch) prepare(ctx context.Context) (err error) {
	if l.lock, err = l.c.Lock(ctx); err != nil {
		return err
	}
	if err = l.c.Holding("start", l.mayStart); err != nil {
		return err
	}
	l.makeGroup(ctx)
	l.makeNet(ctx)
	for _, step := range []func(context.Context) error{
		l.openRoot, l.spawn, l.connected, l.name, l.record,
	} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// mayStart reads the records and writes the start's number: a start that dies
// from here on is known to have been tried.
func (l *launch) mayStart(now container.State) (err error) {
	if l.plan, err = l.c.Plan(); err != nil {
		return err
	}
	if l.wish, err = l.c.Wish(); err != nil {
		return err
	}
	last, err := l.c.Last()
	if err != nil {
		return err
	}
	if now == container.Running || last.Start >= l.number {
		return keeper.ErrStarted
	}
	last.Before = nil
	l.last = &container.Last{Start: l.number, Boot: l.e.boot, Started: l.e.opt.Clock().UTC(), Address: last.Address, Before: last}
	due, err := l.c.Due()
	if err != nil {
		return err
	}
	if due != nil {
		l.last.Restarts, l.last.Backoff = due.Count, due.Delay
	}
	if err := l.c.SetLast(l.last); err != nil {
		return err
	}
	return l.c.SetDue(nil)
}

// failed records why a start did not come to be.
func (l *launch) failed(err error) {
	if err == nil || l.last == nil {
		return
	}
	l.last.Error, l.last.Ended, l.last.Code, l.last.Before = err.Error(), l.e.opt.Clock().UTC(), 125, nil
	var known *fault.Error
	if errors.As(err, &known) {
		l.last.Error = known.Error()
		if u, ok := known.Detail.(keeper.Unstarted); ok {
			l.last.Code = u.Code
		}
	}
	if wrong := l.c.SetLast(l.last); wrong != nil {
		l.e.opt.Logf("record the failed start of %s: %v", container.Short(l.c.ID), wrong)
	}
}

// use closes f once the process is made.
func (l *launch) use(f *os.File) *os.File {
	l.files = append(l.files, f)
	return f
}

// openRoot mounts the root, detached, and finds the user in it.
func (l *launch) openRoot(ctx context.Context) error {
	img, err := l.e.Images.Get(ctx, l.plan.ImageID)
	if err != nil {
		return err
	}
	if err := l.mountRoot(l.e.Images.Lower(img)); err != nil {
		return err
	}
	if l.user, err = rootfs.Lookup(l.root, l.plan.User, l.plan.Groups); err != nil {
		return err
	}
	return makeWorkdir(l.root, l.plan.Workdir)
}

// mountRoot takes a root that is ready, or mounts one.
func (l *launch) mountRoot(lower []string) (err error) {
	if l.plan.AutoRemove && l.number == 1 {
		if l.root = l.w.spares.take(l.c, lower); l.root != nil {
			l.use(l.root)
			return nil
		}
	}
	o := rootfs.Overlay{Lower: lower, Upper: l.c.Path("upper"), Work: l.c.Path("work"), Volatile: l.plan.AutoRemove}
	if err := o.Prepare(); err != nil {
		return err
	}
	if l.root, err = o.Mount(); err != nil {
		return err
	}
	l.use(l.root)
	return nil
}

// makeWorkdir makes the working directory if the image lacks it.
func makeWorkdir(root *os.File, workdir string) error {
	for _, of := range []string{"/proc", "/sys"} {
		if workdir == of || strings.HasPrefix(workdir, of+"/") {
			return fault.New(fault.Invalid, "the workdir %s lies in %s", workdir, of)
		}
	}
	return fault.Wrap("make workdir", workdir, rootfs.MkdirIn(root, workdir, 0o755, rootfs.Owner{}))
}

// spawn makes the process: it waits at its gate with all its walls up.
func (l *launch) spawn(ctx context.Context) error {
	for _, f := range []*os.File{l.io.Out, l.io.Err, l.io.In} {
		if f != nil {
			if err := own(f, l.user.UID); err != nil {
				return err
			}
		}
	}
	cfg, err := l.config(ctx)
	if err != nil {
		return err
	}
	l.process, err = l.w.spawner.Start(ctx, cfg)
	if err != nil {
		return err
	}
	l.undo.add(func() error {
		l.process.Abort()
		closeAll([]*os.File{l.process.PidFD, l.process.Tty})
		return nil
	})
	return nil
}

// own gives a pipe to the user, who may open it anew as /dev/stdout.
func own(f *os.File, uid uint32) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var st unix.Stat_t
	var got error
	err = raw.Control(func(fd uintptr) {
		if got = unix.Fstat(int(fd), &st); got == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO && st.Uid != uid {
			got = unix.Fchown(int(fd), int(uid), -1)
		}
	})
	return errors.Join(err, got)
}

// record writes what the process has in the kernel, before it may run.
func (l *launch) record(context.Context) error {
	stat, err := process.ReadStat(l.process.Pid)
	if err != nil {
		return err
	}
	l.facts.Start, l.facts.Boot, l.facts.Pid, l.facts.Ticks = l.number, l.e.boot, l.process.Pid, stat.Ticks
	l.facts.Started = l.last.Started
	if err := l.c.SetFacts(&l.facts); err != nil {
		return err
	}
	l.undo.add(func() error { return l.c.SetFacts(nil) })
	return nil
}

// Pid and the others are keeper.Prepared's.
func (l *launch) Pid() int { return l.process.Pid }

// Ticks is the start time of the process.
func (l *launch) Ticks() uint64 { return l.facts.Ticks }

// PidFD is the process.
func (l *launch) PidFD() *os.File { return l.process.PidFD }

// Tty is the master side of its terminal.
func (l *launch) Tty() *os.File { return l.process.Tty }

// Sockets are those of its published ports.
func (l *launch) Sockets() map[string]*os.File { return l.sockets }

// Go lets the program run.
func (l *launch) Go() error {
	err := l.process.Go()
	l.w.spares.refill()
	l.w.spawner.Refill()
	if err != nil {
		err = l.undo.run(unstarted(l.plan, err))
		l.failed(err)
	}
	l.undo.keep()
	return errors.Join(err, l.lock.Unlock())
}

// Abort takes all back: whoever asked for this start asks for it again.
func (l *launch) Abort() {
	err := l.undo.run(nil)
	_, wrong := l.c.TakeBack(l.e.opt.Clock())
	if err := errors.Join(err, wrong, l.lock.Unlock()); err != nil {
		l.e.opt.Logf("abort the start of %s: %v", container.Short(l.c.ID), err)
	}
}

// unstarted is the error of a program that the kernel did not execute.
func unstarted(p *container.Plan, err error) error {
	var step *sandbox.ExecError
	if !errors.As(err, &step) || step.Step != "exec" {
		return err
	}
	program := append(append([]string{}, p.Entrypoint...), p.Cmd...)[0]
	return unexecuted(program, step.Errno)
}

func unexecuted(program string, errno unix.Errno) error {
	if errno == unix.ENOENT || errno == unix.ENOTDIR {
		return keeper.Missing(127, fmt.Sprintf("the program %q, or the interpreter or library that it names, is not in the image", program),
			"see what the image has: neap run --rm IMAGE ls /bin")
	}
	return keeper.Missing(126, fmt.Sprintf("the program %q cannot be executed: %s", program, errno), "is it executable, and built for this machine?")
}
