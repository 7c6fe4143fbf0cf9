package keeper

import (
	"context"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/process"
	"neap/runtime/store"
)

// serveExec runs a further program and tells its end. The caller's files are
// the program's streams, or its terminal's master side goes back. A program
// whose caller goes away dies with it unless it is detached. Asked again with
// the same id, it waits for the program that runs already.
func (k *keeper) serveExec(ctx context.Context, c conn, who peer, r request, files []*os.File) error {
	if r.Exec == nil || len(r.Exec.ID) != 64 {
		return reply(c, fault.New(fault.Bug, "exec without a program"))
	}
	dir, err := k.Containers.With(r.ID).Run()
	if err != nil {
		return reply(c, err)
	}
	defer dir.Close()
	var now record
	var tty *os.File
	if dir.Load(execName(r.Exec.ID), &now) != nil {
		if now, tty, err = k.exec(ctx, dir, who, r, files); err != nil {
			return c.send(answer{Fault: pack(err)})
		}
	}
	var passed []*os.File
	if tty != nil {
		defer tty.Close()
		passed = append(passed, tty)
	}
	if err := c.send(answer{Event: "started", Pid: now.Pid}, passed...); err != nil && !r.Exec.Detach {
		killPid(now.Pid, now.Ticks)
	}
	if tty != nil {
		_ = tty.Close() // the caller's is the last one: its end is the session's
	}
	if r.Exec.Detach {
		go k.endExec(dirOf(k, r.ID), r.Exec.ID, now)
		return nil
	}
	return k.waitExec(c, dir, r.Exec.ID, now)
}

func dirOf(k *keeper, id string) store.Dir {
	dir, err := k.Containers.With(id).Run()
	if err != nil {
		return store.Dir{}
	}
	return dir
}

func (k *keeper) exec(ctx context.Context, dir store.Dir, who peer, r request, files []*os.File) (record, *os.File, error) {
	var io Streams
	for i, at := range []**os.File{&io.In, &io.Out, &io.Err} {
		if i < len(files) && !r.Exec.Tty {
			*at = files[i]
		}
	}
	p, err := k.Work.Exec(ctx, r.ID, *r.Exec, io)
	if err != nil {
		return record{}, nil, err
	}
	defer p.PidFD().Close()
	now := record{Pid: p.Pid(), Ticks: p.Ticks(), Detach: r.Exec.Detach, Caller: int(who), Began: who.ticks()}
	k.exits.expect(now.Pid, now.Ticks)
	if err = dir.Save(execName(r.Exec.ID), now, store.Quick); err == nil {
		err = p.Go()
	} else {
		p.Abort()
	}
	if err != nil {
		k.forgetExec(dir, r.Exec.ID, now)
		return now, nil, err
	}
	return now, p.Tty(), nil
}

// waitExec tells the end of a program, or kills it when its caller goes away.
func (k *keeper) waitExec(c conn, dir store.Dir, id string, now record) error {
	dead := make(chan Ending, 1)
	go func() { dead <- k.execEnd(now) }()
	gone := hangup(c)
	select {
	case end := <-dead:
		err := c.send(answer{Event: "ended", Ended: true, Ending: &end})
		k.forgetExec(dir, id, now)
		return err
	case <-gone:
		killPid(now.Pid, now.Ticks)
		<-dead
		k.forgetExec(dir, id, now)
		return io.EOF
	}
}

// endExec waits for a detached program, so that its record goes with it.
func (k *keeper) endExec(dir store.Dir, id string, now record) {
	if !k.enter() {
		return
	}
	defer k.exit()
	defer dir.Close()
	k.execEnd(now)
	k.forgetExec(dir, id, now)
}

func (k *keeper) execEnd(now record) Ending {
	slot := k.exits.expect(now.Pid, now.Ticks)
	pidfd, err := process.Open(now.Pid, now.Ticks)
	if err != nil {
		return status(slot, now.Pid, now.Ticks, nil)
	}
	defer pidfd.Close()
	waitDead(pidfd)
	return status(slot, now.Pid, now.Ticks, pidfd)
}

func (k *keeper) forgetExec(dir store.Dir, id string, now record) {
	_ = dir.Remove(execName(id))
	k.exits.done(now.Pid, now.Ticks)
}

// killPid kills a process unless its pid is another's by now.
func killPid(pid int, ticks uint64) {
	f, err := process.Open(pid, ticks)
	if err != nil {
		return
	}
	defer f.Close()
	if fd, err := number(f); err == nil {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}
