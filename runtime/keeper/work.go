package keeper

import (
	"context"
	"errors"
	"os"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
)

// Work is what the keeper has done by those who know how. The engine
// implements it.
type Work interface {
	// Prepare makes all that a start of the container needs, under its lock, up to
	// a process that waits at its gate. number is the start number it is for:
	// a container that was started with it already is ErrStarted. Nothing is
	// left on error.
	Prepare(ctx context.Context, c *container.Container, number int, io Streams) (Prepared, error)

	// Exec makes a further process in a running container, waiting at its gate.
	Exec(ctx context.Context, id string, p Program, io Streams) (Prepared, error)

	// Finish records how a start ended and frees what it had: addresses,
	// ports, rules, cgroup. One whose program never ran it takes back. It may
	// be called again.
	Finish(ctx context.Context, c *container.Container, end Ending) error

	// Hold binds the published ports of a living container again, whose
	// sockets were lost with keeper and warden. The keeper closes them.
	Hold(ctx context.Context, id string) (map[string]*os.File, error)

	// Remove removes an ended container with its anonymous volumes.
	Remove(ctx context.Context, c *container.Container) error

	// Thaw ends a pause.
	Thaw(ctx context.Context, id string) error

	// Kill kills all that is left in the container's cgroup.
	Kill(ctx context.Context, id string) error

	Scoped

	// Settle brings what was queued (rules to withdraw) to its end. Sweep
	// removes what carries the root's tag and belongs to nothing. Leave
	// removes what only the living need (bridges, base rules): nobody lives.
	Settle(ctx context.Context) error
	Sweep(ctx context.Context) error
	Leave(ctx context.Context) error
}

// Scoped is the work on scopes. Scopes lists those that are on record. EndScope
// removes what one left; it is scope.ErrLives while its maker lives.
type Scoped interface {
	Scopes() ([]string, error)
	EndScope(ctx context.Context, id string) error
}

// ErrStarted is the error of Prepare for a start that took place already.
var ErrStarted = errors.New("that start took place")

// Streams is the child's side of its standard streams; all nil for a terminal.
type Streams struct{ In, Out, Err *os.File }

// Prepared is a process at its gate. One of Go and Abort must be called.
type Prepared interface {
	Pid() int
	Ticks() uint64
	PidFD() *os.File              // the keeper's from now on
	Tty() *os.File                // the master side, the keeper's; nil without
	Sockets() map[string]*os.File // of published ports, to be held; the keeper's
	Go() error                    // on error all is undone, and the error recorded
	Abort()
}

// Program is what exec runs. User "" is the container's, Workdir likewise.
type Program struct {
	ID         string   `json:"id"` // of the request: 64 hex digits
	Argv       []string `json:"argv"`
	Env        []string `json:"env,omitempty"`
	Workdir    string   `json:"workdir,omitempty"`
	User       string   `json:"user,omitempty"`
	Tty        bool     `json:"tty,omitempty"`
	Rows       uint16   `json:"rows,omitempty"`
	Cols       uint16   `json:"cols,omitempty"`
	Privileged bool     `json:"privileged,omitempty"`
	Detach     bool     `json:"detach,omitempty"` // it outlives the caller
}

// Ending is how a first process or an exec ended.
type Ending struct {
	Start   int       `json:"start,omitempty"`
	Code    int       `json:"code"`             // 128+n for signal n
	Signal  int       `json:"signal,omitempty"` // 0 if it exited by itself
	Unknown bool      `json:"unknown,omitempty"`
	Unborn  bool      `json:"unborn,omitempty"` // its program never ran: as if never started
	OOM     bool      `json:"oom,omitempty"`
	Time    time.Time `json:"time"`
}

// Options is what a keeper is run with.
type Options struct {
	Root       string // as the warden got it; "" for the default
	Version    string
	Boot       string // the id of this boot
	Containers *container.Containers
	Work       Work
	Rest       func()        // gives up what was made ready for what may be asked for next
	Linger     time.Duration // how long it stays with nothing to keep
	Clock      func() time.Time
	Log        func(format string, args ...any)
}

// Missing is the error of a program that the container lacks or that is not
// executable.
func Missing(code int, message, hint string) error {
	kind := fault.NotFound
	if code == 126 {
		kind = fault.Denied
	}
	return &fault.Error{Kind: kind, Message: message, Hint: hint, Detail: Unstarted{code}}
}
