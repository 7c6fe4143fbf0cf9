package sim

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/fault"
	"neap/runtime/keeper"
	"neap/runtime/network"
)

// Start starts it. A running one is left as it is.
func (c *cell) Start(context.Context) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	_, err := c.startByUser()
	return err
}

// startByUser ends what a stop said. begun is false if it runs already.
func (c *cell) startByUser() (begun bool, err error) {
	err = c.do("start", func(now container.State) error {
		begun = now != container.Running
		c.wish.Stopped = false
		c.cancelRestart()
		if !begun {
			return nil
		}
		return c.launch(0, 0)
	})
	return begun, err
}

// launch starts it, by its policy if restarts is not 0.
func (c *cell) launch(restarts int, backoff float64) error {
	c.w.tick()
	n := c.last.Start + 1
	c.last = container.Last{Start: n, Started: c.w.now.UTC(), Restarts: restarts, Backoff: backoff, Address: c.last.Address}
	facts := &container.Facts{Start: n, Pid: c.w.pid(), Ticks: uint64(n), Started: c.last.Started}
	err := c.w.strike("start_failure", c.wish.Name)
	if err == nil {
		err = c.space()
	}
	if err == nil {
		err = c.w.present(c)
	}
	if err == nil {
		err = c.share()
	}
	if err == nil {
		err = c.connect(facts)
	}
	if err != nil {
		c.failed(err)
		return err
	}
	c.facts, c.frozen = facts, false
	c.begin(facts.Pid)
	return nil
}

// failed records why a start did not come to be.
func (c *cell) failed(err error) {
	c.last.Error, c.last.Ended, c.last.Code = err.Error(), c.w.now.UTC(), 125
	if known, ok := err.(*fault.Error); ok { //nolint:errorlint // it was made here
		if u, ok := known.Detail.(keeper.Unstarted); ok {
			c.last.Code = u.Code
		}
	}
}

// share sees that those whose namespaces it shares run.
func (c *cell) share() error {
	for _, mode := range []string{c.plan.Network, c.plan.PidMode, c.plan.IpcMode} {
		id, joins := strings.CutPrefix(mode, "container:")
		if !joins {
			continue
		}
		if other := c.w.containers[id]; other == nil || other.facts == nil {
			name := container.Short(id)
			if other != nil {
				name = other.wish.Name
			}
			return engine.NotShared(name)
		}
	}
	return nil
}

// connect gives it its address and ports.
func (c *cell) connect(facts *container.Facts) error {
	if !engine.Bridged(c.plan.Network) {
		return nil
	}
	w := c.w.networks[c.plan.Network]
	if w == nil {
		return fault.Wrap("join network", c.plan.Network, network.Missing(c.plan.Network))
	}
	ip, err := w.claim(c)
	if err != nil {
		return fault.Wrap("join network", c.plan.Network, err)
	}
	ep := w.Endpoint(network.AttachOptions{Container: c.ID(), Start: facts.Start}, ip)
	facts.Network = append(facts.Network, engine.EndpointOf(ep))
	for _, p := range engine.Wanted(&c.plan, &c.wish) {
		spec, err := c.w.take(c, facts.Ports, engine.SpecOf(p))
		if err != nil {
			err = fault.Wrap("publish port", engine.SpecOf(p).String(), err)
			return engine.PortTaken(err, func(id string) string { return c.w.containers[id].wish.Name })
		}
		facts.Ports = append(facts.Ports, engine.PortOf(spec))
	}
	return nil
}

// claim finds an address for a container.
func (w *wire) claim(c *cell) (netip.Addr, error) {
	taken := map[string]bool{}
	holders := map[string]string{}
	for _, other := range c.w.order {
		if other.facts == nil {
			continue
		}
		for _, ep := range other.facts.Network {
			taken[ep.IP], holders[ep.IP] = true, other.ID()
		}
	}
	if c.plan.IP != "" {
		ip, err := netip.ParseAddr(c.plan.IP)
		if err == nil {
			err = w.Fits(ip)
		}
		if err == nil && taken[ip.String()] {
			err = fault.New(fault.Exists, "%s belongs to %s", ip, container.Short(holders[ip.String()]))
		}
		return ip, err
	}
	if liked, err := netip.ParseAddr(c.last.Address); err == nil && w.Fits(liked) == nil && !taken[c.last.Address] {
		return liked, nil
	}
	ip, err := w.Next(w.last, taken)
	w.last = ip
	return ip, err
}

// begin runs its program.
func (c *cell) begin(pid int) {
	argv := append(slices.Clone(c.plan.Entrypoint), c.plan.Cmd...)
	c.begins[c.last.Start] = len(c.chunks)
	c.main = c.w.program(c, argv)
	c.main.pid, c.main.input, c.main.print, c.main.ended = pid, c.plan.Interactive, c.print, c.end
	c.doom()
	c.main.run()
}

// kill ends what lives at once.
func (c *cell) kill() {
	if c.main != nil {
		c.main.finish(exit{signal: unix.SIGKILL})
	}
}

// end is what follows the end of its program.
func (c *cell) end(e exit) {
	c.w.tick()
	for _, p := range slices.Clone(c.others) {
		p.finish(exit{signal: unix.SIGKILL})
	}
	lived := c.w.elapsed(c.facts.Started)
	c.last.Ended, c.last.Code, c.last.Signal, c.last.OOM = c.w.now.UTC(), e.code, int(e.signal), e.oom
	if len(c.facts.Network) > 0 {
		c.last.Address = c.facts.Network[0].IP
	}
	c.ends = append(c.ends, keeper.Ending{Start: c.last.Start, Code: e.code, Signal: int(e.signal), OOM: e.oom, Time: c.last.Ended})
	c.thawed()
	c.facts, c.main, c.pending = nil, nil, nil
	if c.plan.AutoRemove {
		c.vanish(true)
		return
	}
	c.again(lived)
}

// again sets the restart that the policy wants, if it wants one.
func (c *cell) again(lived time.Duration) {
	if c.wish.Stopped {
		return
	}
	due := c.wish.Restart.Next(c.last, lived, c.w.now)
	if due == nil {
		return
	}
	c.due = due
	c.restart = c.w.at(due.At, func() {
		c.due, c.restart = nil, nil
		if err := c.launch(due.Count, due.Delay); err != nil {
			c.last.Code = 127
			c.again(0)
		}
	})
}

// Stop asks its program to end, and kills it when time is up.
func (c *cell) Stop(ctx context.Context, o engine.StopOptions) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return fault.Wrap("stop container", c.wish.Name, c.stop(ctx, o))
}

func (c *cell) stop(ctx context.Context, o engine.StopOptions) error {
	if err := c.do("stop", func(container.State) error { c.stopped(); return nil }); err != nil {
		return err
	}
	c.cancelRestart()
	if c.facts == nil {
		return nil
	}
	sig, timeout, err := o.Of(&c.plan)
	if err != nil {
		return err
	}
	start, deadline := c.facts.Start, time.Time{}
	if timeout >= 0 {
		deadline = c.w.now.Add(timeout)
	}
	c.signal(sig)
	c.thaw()
	switch c.w.wait(ctx, deadline, func() bool { return c.over(start) }) {
	case ended:
		return context.Cause(ctx)
	case stuck:
		return stuckError()
	default:
		if !c.over(start) {
			c.kill()
		}
		return nil
	}
}

// over says whether a start has ended.
func (c *cell) over(start int) bool { return c.facts == nil || c.facts.Start != start }

// signal gives a signal to its program; a frozen one gets it when it goes on.
func (c *cell) signal(sig unix.Signal) {
	switch {
	case c.main == nil:
	case c.frozen:
		c.pending = append(c.pending, sig)
	default:
		c.main.signal(sig)
	}
}

// Kill sends a signal to its program.
func (c *cell) Kill(_ context.Context, signal string) error {
	sig := unix.SIGKILL
	if signal != "" {
		var err error
		if sig, err = engine.Signal(signal); err != nil {
			return fault.Wrap("kill container", c.wish.Name, err)
		}
	}
	return c.act("kill", func(container.State) error {
		if sig == unix.SIGKILL || sig == unix.SIGTERM {
			c.stopped()
		}
		c.signal(sig)
		if sig == unix.SIGKILL {
			c.thaw()
		}
		return nil
	})
}

// Restart stops it and starts it again.
func (c *cell) Restart(ctx context.Context, o engine.StopOptions) error {
	if err := c.Stop(ctx, o); err != nil {
		return err
	}
	return c.Start(ctx)
}

// Pause stops its processes where they are.
func (c *cell) Pause(_ context.Context, lease time.Duration) error {
	return c.act("pause", func(container.State) error {
		c.freeze()
		if lease > 0 {
			c.w.cancel(c.lease)
			c.lease = c.w.at(c.w.now.Add(lease), c.thaw)
		}
		return nil
	})
}

func (c *cell) freeze() {
	if c.frozen {
		return
	}
	c.frozen = true
	for _, p := range c.processes() {
		p.freeze()
	}
}

// Unpause lets it go on, and gives up a lease.
func (c *cell) Unpause(context.Context) error {
	return c.act("unpause", func(container.State) error { c.thaw(); return nil })
}

func (c *cell) thawed() {
	c.frozen = false
	c.w.cancel(c.lease)
	c.lease = nil
}

func (c *cell) thaw() {
	if !c.frozen {
		return
	}
	c.thawed()
	for _, p := range c.processes() {
		p.thaw()
	}
	pending := c.pending
	c.pending = nil
	for _, sig := range pending {
		c.signal(sig)
	}
}

// WhilePaused pauses, calls do, and thaws whatever happens.
func (c *cell) WhilePaused(ctx context.Context, do func(context.Context) error) (err error) {
	if err := c.Pause(ctx, 0); err != nil {
		return err
	}
	defer func() {
		if wrong := c.Unpause(ctx); err == nil && !fault.Is(wrong, fault.NotFound, fault.Conflict) {
			err = wrong
		}
	}()
	return do(ctx)
}
