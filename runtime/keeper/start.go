package keeper

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/output"
	"neap/runtime/process"
)

// start starts a container for the number-th time. It is nil without an error
// if that start took place already. input, the caller's, is the read end of
// its standard input.
func (k *keeper) start(ctx context.Context, id string, number int, input *os.File) (*life, error) {
	c := k.Containers.With(id)
	plan, err := c.Plan()
	if err != nil {
		return nil, fault.Wrap("start container", container.Short(id), err)
	}
	if l := k.life(id); l != nil {
		if number <= l.start && !neverRan(l) {
			return l, nil
		}
		<-l.ended // its program is dead; it only has to be put away
	}
	if last, err := c.Last(); err != nil || last.Start >= number {
		return nil, err
	}
	if err := room(); err != nil {
		return nil, fault.Wrap("start container", container.Short(id), err)
	}
	l := newLife(c, number)
	l.removes = plan.AutoRemove
	made, err := k.streams(l, plan, input)
	if err != nil {
		return nil, err
	}
	defer made.close()
	p, err := k.Work.Prepare(ctx, c, number, made.child)
	if errors.Is(err, ErrStarted) {
		made.abandon()
		return k.life(id), nil
	}
	if err != nil {
		made.abandon()
		return nil, err
	}
	if err = k.hold(l, made, p); err == nil {
		made.close()
		if err = p.Go(); err == nil {
			_ = k.link.Hold(holdGroup(id, number), released, l.pidfd) // without a warden it runs all the same
		}
	} else {
		p.Abort()
	}
	if err != nil {
		k.link.Drop(holdGroup(id, number))
		k.exits.done(p.Pid(), p.Ticks())
		made.abandon()
		return nil, err
	}
	k.begin(l, made.sinks, made.near)
	return l, nil
}

// neverRan says, of a life that an earlier keeper left at its gate, that it
// ended there.
func neverRan(l *life) bool {
	if !l.taken {
		return false
	}
	if stat, err := process.ReadStat(l.pid); err == nil && stat.Ticks == l.ticks && !stat.Dead() && stat.Name != process.Gate {
		return false
	}
	<-l.ended
	return l.end.Unborn
}

// pipes is the streams of a start that is under way.
type pipes struct {
	child Streams             // the program's side; closed once it has them
	near  map[string]*os.File // our side: read ends by stream, write end as "in"
	sinks map[string]*output.Sink
}

func (p *pipes) close() {
	closeAll([]*os.File{p.child.In, p.child.Out, p.child.Err})
	p.child = Streams{}
}

func (p *pipes) abandon() {
	for _, f := range p.near {
		_ = f.Close()
	}
	for _, s := range p.sinks {
		_ = s.Close()
	}
}

func (k *keeper) streams(l *life, plan *container.Plan, input *os.File) (p *pipes, err error) {
	p = &pipes{near: map[string]*os.File{}}
	defer func() {
		if err != nil {
			p.close()
			p.abandon()
		}
	}()
	if p.sinks, err = k.sinks(l.c, plan.Tty); err != nil || plan.Tty {
		return p, err
	}
	if p.near[output.Out], p.child.Out, err = outputPipe(); err != nil {
		return p, err
	}
	if p.near[output.Err], p.child.Err, err = outputPipe(); err != nil {
		return p, err
	}
	switch {
	case input != nil:
		p.child.In, err = clone(input)
	case plan.Interactive:
		if p.child.In, p.near["in"], err = os.Pipe(); err == nil {
			err = unix.SetNonblock(int(p.child.In.Fd()), false) // programs do not expect EAGAIN
		}
	}
	return p, err
}

func (k *keeper) sinks(c *container.Container, tty bool) (map[string]*output.Sink, error) {
	streams := []string{output.Out, output.Err}
	if tty {
		streams = streams[:1]
	}
	sinks := map[string]*output.Sink{}
	for _, name := range streams {
		sink, err := output.OpenSink(c.Logs(), name, k.Clock)
		if err != nil {
			for _, s := range sinks {
				_ = s.Close()
			}
			return nil, err
		}
		sinks[name] = sink
	}
	return sinks, nil
}

// hold gives the warden what must outlive this keeper, before the program
// runs.
func (k *keeper) hold(l *life, made *pipes, p Prepared) error {
	l.pid, l.ticks, l.tty, l.input = p.Pid(), p.Ticks(), p.Tty(), made.near["in"]
	l.slot = k.exits.expect(l.pid, l.ticks)
	l.pidfd = p.PidFD()
	made.near[released] = l.pidfd
	if l.tty != nil {
		if err := k.bufferTty(made, l); err != nil {
			return err
		}
	}
	group := holdGroup(l.id, l.start)
	for name, f := range made.near {
		if name == released {
			continue
		}
		if err := k.link.Hold(group, name, f); err != nil {
			return err
		}
	}
	for name, f := range p.Sockets() {
		if err := k.link.Hold(group, "port-"+name, f); err != nil {
			return err
		}
	}
	return nil
}

// begin makes the life known, and moves its output from now on.
func (k *keeper) begin(l *life, sinks map[string]*output.Sink, near map[string]*os.File) {
	l.began = k.Clock()
	for name, sink := range sinks {
		l.grown(name, sink.Size())
		k.pump(l, name, sink, near)
	}
	k.add(l)
	fd, err := number(l.pidfd)
	if err != nil { // there is none
		go k.ended(l)
		return
	}
	l.exit = k.poll.wait(fd, func() { k.ended(l) })
	l.exit.arm()
}

// drainLimit is how long the output of a dead program may still be held open
// by somebody outside before the keeper stops waiting for its end.
const drainLimit = 200 * time.Millisecond

// ended puts a container away whose process is dead.
func (k *keeper) ended(l *life) {
	if l.exit != nil {
		l.exit.stop()
	}
	end := status(l.slot, l.pid, l.ticks, l.pidfd)
	end.Start = l.start
	end.Unborn = end.Unborn || end.Unknown && l.gated
	k.drain(l)
	l.stop()
	if err := k.Work.Finish(k.ctx, l.c, end); err != nil {
		k.Log("finish %s: %v", container.Short(l.id), err)
	}
	k.exits.done(l.pid, l.ticks)
	k.link.Drop(holdGroup(l.id, l.start))
	l.end = recorded(l.c, end)
	k.remove(l)
	close(l.ended)
	defer close(l.settled)
	if end.Unborn {
		k.setDue(l.id)
		return
	}
	k.follow(l)
}

// setDue plans the restart that is due, if one is.
func (k *keeper) setDue(id string) {
	if due, err := k.Containers.With(id).Due(); err == nil && due != nil {
		k.plan(id, due)
	}
}

// drain waits until the output is complete: at its end, or when nobody of the
// container is left and nothing is readable.
func (k *keeper) drain(l *life) {
	complete := l.complete()
	grace := time.NewTimer(drainLimit)
	defer grace.Stop()
	select {
	case <-complete:
		return
	case <-grace.C:
	}
	if err := k.Work.Kill(k.ctx, l.id); err != nil {
		k.Log("kill what is left of %s: %v", container.Short(l.id), err)
	}
	grace.Reset(drainLimit)
	select {
	case <-complete:
	case <-grace.C: // somebody outside has it open
	}
}

// recorded is the ending as Finish wrote it: it knows of memory.
func recorded(c *container.Container, end Ending) Ending {
	if last, err := c.Last(); err == nil && last.Start == end.Start {
		end.OOM = last.OOM
	}
	return end
}

// follow does what comes after an end: a removal, a restart, or nothing.
func (k *keeper) follow(l *life) {
	if l.removes {
		l.waitRead()
		k.autoRemove(l.c)
		return
	}
	k.again(l.c, l.end, l.end.Time.Sub(l.began))
}

func (k *keeper) autoRemove(c *container.Container) {
	if err := k.Work.Remove(k.ctx, c); err != nil && !fault.Is(err, fault.NotFound) {
		k.Log("remove %s: %v", container.Short(c.ID), err)
	}
}
