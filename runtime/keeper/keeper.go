// Package keeper does the work that must outlive whoever asked for it: it
// starts containers, moves their output into files, sees them end, starts
// them again by their policy, and ends the pauses that scripts forgot.
//
// It knows requests, processes, descriptors and time. What a start or an end
// consists of, the engine knows (Work); what must outlive the keeper itself,
// the warden holds.
package keeper

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
	"neap/runtime/warden"
)

type keeper struct {
	Options
	ctx   context.Context
	run   store.Dir
	link  *warden.Link
	exits *exits
	poll  *poll
	sole  *store.Lock // until the process ends: output is moved until then

	mu      sync.Mutex
	lives   map[string]*life
	timers  map[string]*time.Timer // restarts and leases that wait
	holders map[string]*os.File    // pidfds of those who hold leases, by the container's id
	busy    int                    // connections and execs
	rest    *time.Timer
	quiet   chan struct{} // told when nothing is going on any more
	closed  bool
}

// Main is the keeper's life, in the process that a warden started as
// warden.KeeperRole. What it opens stays open, since output is moved until the
// process ends. It returns nil when nothing is left to keep, and the
// process must end with status 0 then, with 1 if it could not begin, and with
// another one otherwise.
func Main(o Options, s *store.Store, link *warden.Link, held warden.Held) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	alive, err := takeAlive(ctx, s.Run, len(held) > 0)
	if alive == nil || err != nil {
		return err
	}
	dir, err := s.Run.Sub(warden.Exits)
	if err != nil {
		return err
	}
	poll, err := newPoll()
	if err != nil {
		return err
	}
	go poll.run()
	k := &keeper{
		Options: o, poll: poll, ctx: ctx, run: s.Run, link: link, sole: alive, quiet: make(chan struct{}, 1),
		exits: &exits{slots: map[string]*slot{}, dir: dir},
		lives: map[string]*life{}, timers: map[string]*time.Timer{}, holders: map[string]*os.File{},
	}
	if err := k.recover(held); err != nil {
		return err
	}
	listener, err := listen(s.Run)
	if err != nil {
		return err
	}
	orphaned := make(chan error, 1)
	go func() { orphaned <- link.Listen(k.exits.tell) }()
	if err := k.exits.clear(); err != nil {
		return err
	}
	go k.accept(listener)
	go k.endScopes()
	link.Ready(nil)
	return k.stay(listener, orphaned)
}

// aliveLock is held by a keeper for life, so that there is never more than
// one: also not while one that lost its warden hands over.
const aliveLock = "keeper.alive"

// aliveLimit is how long a keeper that was given nothing waits for another to
// end: that one may have lost its warden before it had this lock, and then
// needs the place of the newcomer's. One that was given what must outlive the
// other waits for it.
const aliveLimit = 200 * time.Millisecond

// takeAlive is nil without an error if another keeper lives.
func takeAlive(ctx context.Context, run store.Dir, heir bool) (*store.Lock, error) {
	if heir {
		return run.Lock(ctx, aliveLock, store.Exclusive)
	}
	ctx, cancel := context.WithTimeout(ctx, aliveLimit)
	defer cancel()
	lock, err := run.Lock(ctx, aliveLock, store.Exclusive)
	if fault.Is(err, fault.Busy) {
		return nil, nil //nolint:nilnil // the contract
	}
	return lock, err
}

// ErrOrphaned is what Main returns when the warden died: another one is there
// already, and starts another keeper as soon as this one ends.
var ErrOrphaned = errors.New("the warden died; another one takes over")

// listen makes the socket anew. The warden holds keeper.lock for this root, so
// nobody else listens.
func listen(run store.Dir) (*net.UnixListener, error) {
	d, err := run.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if err := run.Remove(socketName); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	old := unix.Umask(0o177)
	listener, err := net.ListenUnix("unixpacket", address(d))
	unix.Umask(old)
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	return listener, nil
}

// stay waits until the warden dies or nothing was going on for Linger. While
// something is going on it does not wake up.
func (k *keeper) stay(listener *net.UnixListener, orphaned <-chan error) error {
	idle := time.NewTimer(k.Linger)
	defer idle.Stop()
	for {
		select {
		case err := <-orphaned:
			return errors.Join(ErrOrphaned, err)
		case <-k.quiet:
			idle.Reset(k.Linger)
		case <-idle.C:
			if k.leave(listener) {
				return nil
			}
		}
	}
}

func (k *keeper) occupied() bool { return len(k.lives) > 0 || len(k.timers) > 0 || k.busy > 0 }

// hush tells stay when nothing is going on any more. Preconditions: mu is
// held.
func (k *keeper) hush() {
	if k.occupied() {
		return
	}
	select {
	case k.quiet <- struct{}{}:
	default:
	}
}

// leave is: refuse new work, unlink the socket, leave; unless something came
// up in the meantime.
func (k *keeper) leave(listener *net.UnixListener) bool {
	k.mu.Lock()
	k.closed = !k.occupied()
	closed := k.closed
	k.mu.Unlock()
	if !closed {
		return false
	}
	_ = k.run.Remove(socketName)
	_ = listener.Close()
	if err := errors.Join(k.Work.Settle(k.ctx), k.Work.Leave(k.ctx)); err != nil {
		k.Log("leave: %v", err)
	}
	return true
}

// enter counts a connection in; it is false when the keeper is leaving.
func (k *keeper) enter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.busy++
	return true
}

func (k *keeper) exit() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy--
	k.stir()
	k.hush()
}

// after runs f once at the time at unless name is cancelled or set anew.
func (k *keeper) after(name string, at time.Time, f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.timers[name]; t != nil {
		t.Stop()
	}
	var own *time.Timer
	own = time.AfterFunc(time.Until(at), func() {
		k.mu.Lock()
		mine := k.timers[name] == own
		k.mu.Unlock()
		if !mine {
			return
		}
		f()
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.timers[name] == own {
			delete(k.timers, name)
			k.hush()
		}
	})
	k.timers[name] = own
}

func (k *keeper) cancel(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.timers[name]; t != nil {
		t.Stop()
		delete(k.timers, name)
		k.hush()
	}
}

func (k *keeper) life(id string) *life {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lives[id]
}

func (k *keeper) add(l *life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lives[l.id] = l
}

func (k *keeper) remove(l *life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lives[l.id] == l {
		delete(k.lives, l.id)
		k.stir()
		k.hush()
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// LogFile opens the file that the warden and the keeper of a root report to.
// The caller closes it.
func LogFile(s *store.Store) (*os.File, error) {
	return s.Run.OpenFile("keeper.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}
