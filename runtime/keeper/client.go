package keeper

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"neap/runtime/fault"
	"neap/runtime/store"
	"neap/runtime/warden"
)

// Client asks the keeper of a root, and starts one where none is.
type Client struct {
	store   *store.Store
	root    string // as Open of the store got it
	version string
}

// NewClient connects to nothing yet. root is what store.Open got; version that
// of this program, which the keeper's must equal.
func NewClient(s *store.Store, root, version string) *Client {
	return &Client{s, root, version}
}

// patience is how long a caller tries to reach a keeper that leaves or comes
// up.
const patience = 10 * time.Second

// dial connects, without starting a keeper.
func (c *Client) dial() (conn, error) {
	d, err := c.store.Run.Open(".")
	if err != nil {
		return conn{}, err
	}
	defer d.Close()
	u, err := net.DialUnix("unixpacket", nil, address(d))
	return conn{u}, err
}

// Present says whether there is a keeper's socket: one that was killed with
// its warden leaves it behind.
func (c *Client) Present() bool { return c.store.Run.Exists(socketName) }

// reach connects, starting a keeper where none listens.
func (c *Client) reach(ctx context.Context) (conn, error) {
	if u, err := c.dial(); err == nil {
		return u, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock, err := c.store.Run.Lock(ctx, "keeper.start", store.Exclusive)
	if err != nil {
		return conn{}, fault.Wrap("reach the keeper", c.root, err)
	}
	defer lock.Unlock()
	for {
		if u, err := c.dial(); err == nil {
			return u, nil
		}
		if err := c.startIfFree(); err != nil {
			return conn{}, err
		}
		select {
		case <-ctx.Done():
			return conn{}, fault.Wrap("reach the keeper", c.root, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// startIfFree starts a warden unless one, still or already, keeps the root, or
// a keeper lives that is about to start one.
func (c *Client) startIfFree() error {
	for _, name := range []string{"keeper.lock", aliveLock} {
		free, err := c.store.Run.TryLock(name, store.Shared)
		if err != nil || free == nil {
			return err
		}
		if err := free.Unlock(); err != nil {
			return err
		}
	}
	log, err := LogFile(c.store)
	if err != nil {
		return err
	}
	defer log.Close()
	err = warden.Start(c.store, c.root, log)
	if warden.IsKept(err) {
		return nil
	}
	return err
}

// lost says whether err means that the keeper went away before it answered.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// ask sends r and hands each answer to take until that wants no more. When
// the keeper goes away in between, it asks the next one the same.
func (c *Client) ask(ctx context.Context, r request, files []*os.File, take func(answer, []*os.File, conn) (bool, error)) error {
	r.Version = c.version
	for {
		err := c.askOnce(ctx, r, files, take)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !lost(err) {
			return err
		}
		time.Sleep(time.Millisecond) // it is leaving, or being replaced
	}
}

func (c *Client) askOnce(ctx context.Context, r request, files []*os.File, take func(answer, []*os.File, conn) (bool, error)) error {
	u, err := c.reach(ctx)
	if err != nil {
		return err
	}
	defer u.Close()
	defer context.AfterFunc(ctx, func() { _ = u.Close() })()
	if err := u.send(r, files...); err != nil {
		return err
	}
	for {
		var a answer
		got, err := u.receive(&a)
		if err != nil {
			return err
		}
		if a.Fault != nil {
			closeAll(got)
			return a.Fault.unpack()
		}
		more, err := take(a, got, u)
		if err != nil || !more {
			return err
		}
	}
}

func once(answer, []*os.File, conn) (bool, error) { return false, nil }

// Start starts a container for the number-th time.
func (c *Client) Start(ctx context.Context, id string, number int) error {
	return c.ask(ctx, request{Verb: "start", ID: id, Start: number}, nil, once)
}

// Attached is what a caller does with a container that it starts and stays
// with. Started is called when the program runs, with the writing end of its
// input or its terminal if it has one; the file is the callee's. It may be
// called again when the keeper was replaced, with nil then. None may be nil.
type Attached struct {
	Input   *os.File // read end of the program's standard input; nil for none
	Started func(input *os.File)
	Output  func()             // there is more output than at the last call; it may not wait
	Read    func(Ending) error // after the end: the files are kept until it returns
}

// Run starts a container, stays with it to its end, and gives how it ended.
// One with AutoRemove is gone when it returns, unless the keeper died. When
// ctx ends it returns; the container goes on.
func (c *Client) Run(ctx context.Context, id string, number int, with Attached) (Ending, error) {
	var files []*os.File
	if with.Input != nil {
		files = append(files, with.Input)
	}
	var end Ending
	err := c.ask(ctx, request{Verb: "start", ID: id, Start: number, Attach: true}, files,
		func(a answer, got []*os.File, u conn) (bool, error) {
			switch a.Event {
			case "started":
				with.Started(first(got))
				return true, nil
			case "output":
				with.Output()
				return true, nil
			}
			end = *a.Ending
			err := with.Read(end)
			if a.Removes && u.CloseWrite() == nil {
				_, _ = u.next() // its end
			}
			return false, err
		})
	return end, err
}

// Await waits until the number-th start has ended, and gives how. 0 is the
// newest.
func (c *Client) Await(ctx context.Context, id string, number int) (Ending, error) {
	end, _, err := c.await(ctx, request{Verb: "await", ID: id, Start: number})
	return end, err
}

// Growth waits until a stream is longer than its offset, or all is over: then
// it is false.
func (c *Client) Growth(ctx context.Context, id string, number int, out, errs int64) (bool, error) {
	_, ended, err := c.await(ctx, request{Verb: "await", ID: id, Start: number, Output: true, Out: out, Err: errs})
	return !ended, err
}

func (c *Client) await(ctx context.Context, r request) (end Ending, ended bool, err error) {
	err = c.ask(ctx, r, nil, func(a answer, _ []*os.File, _ conn) (bool, error) {
		if ended = a.Ended; ended {
			end = *a.Ending
		}
		return false, nil
	})
	return end, ended, err
}

// Exec runs a program in a container to its end. files are its standard
// streams (none with a terminal). started is called once it runs, with its
// terminal's master side if it has one; the file is the callee's. When ctx
// ends, the program is killed unless it is detached. A detached one's Ending is
// zero.
func (c *Client) Exec(ctx context.Context, id string, p Program, files []*os.File, started func(pid int, tty *os.File)) (Ending, error) {
	var end Ending
	err := c.ask(ctx, request{Verb: "exec", ID: id, Exec: &p}, files, func(a answer, got []*os.File, _ conn) (bool, error) {
		if a.Event == "started" {
			if started != nil {
				started(a.Pid, first(got))
			} else {
				closeAll(got)
			}
			return !p.Detach, nil
		}
		end = *a.Ending
		return false, nil
	})
	return end, err
}

// Input gives the writing end of what a running container reads, nil if it
// reads nothing. The caller closes it.
func (c *Client) Input(ctx context.Context, id string) (f *os.File, err error) {
	err = c.ask(ctx, request{Verb: "input", ID: id}, nil, func(_ answer, got []*os.File, _ conn) (bool, error) {
		f = first(got)
		return false, nil
	})
	return f, err
}

// Lease makes the keeper end the container's pause after a time, or with 0
// when this process ends, whatever becomes of it before. Unlease gives it up.
func (c *Client) Lease(ctx context.Context, id string, after time.Duration) error {
	return c.ask(ctx, request{Verb: "lease", ID: id, Seconds: after.Seconds()}, nil, once)
}

// Unlease gives a lease up; the container stays as it is.
func (c *Client) Unlease(ctx context.Context, id string) error {
	return c.ask(ctx, request{Verb: "unlease", ID: id}, nil, once)
}

// Scope has the keeper, and whoever follows it, look after a scope until stop
// is called or this process ends.
func (c *Client) Scope(id string) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	heard, over := make(chan error, 1), make(chan struct{})
	tell := func(err error) {
		select {
		case heard <- err:
		default: // it is known
		}
	}
	go func() {
		defer close(over)
		tell(c.ask(ctx, request{Verb: "scope", ID: id}, nil, func(answer, []*os.File, conn) (bool, error) {
			tell(nil)
			return true, nil
		}))
	}()
	stop = func() { cancel(); <-over }
	if err := <-heard; err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// CancelRestart ends the wait for a restart.
func (c *Client) CancelRestart(ctx context.Context, id string) error {
	return c.ask(ctx, request{Verb: "cancel", ID: id}, nil, once)
}

// Settle has what the keeper put off done now. Without a keeper there is
// nothing.
func (c *Client) Settle(ctx context.Context) error {
	if !c.Present() {
		return nil
	}
	return c.ask(ctx, request{Verb: "settle"}, nil, once)
}
