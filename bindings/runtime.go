package bindings

import (
	"context"
	"os"
	"time"

	"neap/bindings/terminal"
	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/engine"
	"neap/runtime/image"
	"neap/runtime/keeper"
	"neap/runtime/network"
	"neap/runtime/output"
	"neap/runtime/port"
	"neap/runtime/volume"
)

// Runtime is what the doorways lead to. All of it must be set but Planner,
// Progress and Now.
type Runtime struct {
	Nouns

	Open     func() (Nouns, error) // gives the nouns at the first need, if they are not there
	Terminal terminal.Host         // what attach, exec{tty} and stdout = "inherit" talk to
	Planner  Planner               // records instead of doing; nil: there are no plans
	Progress func(image.Event)     // told how a pull goes; nil for nobody
	Now      func() time.Time      // nil is time.Now
}

// Nouns are what a runtime has. All that is read or done gets the context of
// the call, as what is there may depend on it: a plan shows what would be.
type Nouns struct {
	Containers Containers
	Images     Images
	Volumes    Volumes
	Networks   Networks
	Ports      Ports
	System     System
	Scopes     Scopes // nil for a runtime whose scopes remove nothing
}

// Containers makes and finds containers. Its contracts are engine.Engine's.
type Containers interface {
	Create(ctx context.Context, s engine.Spec) (Container, error)
	Run(ctx context.Context, s engine.Spec) (Container, error)
	Once(ctx context.Context, s engine.Spec, keep bool, in *os.File, out Take) (engine.Result, error)
	Find(ctx context.Context, ref string) (Container, error) // nil if there is none
	Get(ctx context.Context, ref string) (Container, error)
	Briefs(ctx context.Context) ([]*container.Brief, error) // of all, the newest first
	With(ctx context.Context, id string) Container
	Names(ctx context.Context) ([]string, error)
}

// Take gets output as it comes: of stream "out" or "err".
type Take = func(stream string, chunk []byte) error

// Container is one container. Its contracts are engine.Container's.
type Container interface {
	Known
	Living
	Inhabited
	Told
}

// Known is what tells a container from others, and what it is now.
type Known interface {
	ID() string
	Look(ctx context.Context) (*engine.View, error)
	State(ctx context.Context) (container.State, error)
	Cgroup(ctx context.Context) (string, error)
	UsedBy(ctx context.Context) ([]string, error)
	Rename(ctx context.Context, name string) error
	Update(ctx context.Context, c engine.Change) error
	Protect(ctx context.Context, on bool) error
	Remove(ctx context.Context, o engine.RemoveOptions) error
}

// Living moves a container from state to state.
type Living interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context, o engine.StopOptions) error
	Kill(ctx context.Context, signal string) error
	Restart(ctx context.Context, o engine.StopOptions) error
	Pause(ctx context.Context, lease time.Duration) error
	Unpause(ctx context.Context) error
	WhilePaused(ctx context.Context, do func(ctx context.Context) error) error
	Wait(ctx context.Context) (keeper.Ending, error)
	WaitFor(ctx context.Context, o engine.WaitOptions) error
}

// Inhabited joins the programs in a container.
type Inhabited interface {
	StartAttached(ctx context.Context, a engine.Attached) (keeper.Ending, error)
	Attach(ctx context.Context, a engine.Attached) (keeper.Ending, error)
	Exec(ctx context.Context, s engine.ExecSpec, in *os.File, out Take) (engine.Result, error)
	ExecTerminal(ctx context.Context, s engine.ExecSpec, with func(tty *os.File)) (engine.Result, error)
	Spawn(ctx context.Context, s engine.ExecSpec) (Exec, error)
}

// Told is what there is to read about a container.
type Told interface {
	Logs(ctx context.Context, o engine.LogOptions) (string, error)
	Lines(ctx context.Context, o engine.LogOptions) (Lines, error)
	Inspect(ctx context.Context) (*engine.Inspect, error)
	Format(ctx context.Context, template string) (string, error)
	Top(ctx context.Context) ([]engine.Task, error)
	Freezer(ctx context.Context) (cgroup.Freezer, error)
}

// Exec is a program that runs in a container beside the script.
type Exec interface {
	Pid() int
	Read(ctx context.Context, timeout time.Duration) (line string, ok bool, err error)
	Write(text string) error
	CloseInput() error
	Kill(ctx context.Context, signal string) error
	Wait(ctx context.Context, timeout time.Duration) (engine.Result, error)
	Close() error
}

// Lines walks through the output of a container.
type Lines interface {
	Next(ctx context.Context) (output.Line, bool, error)
	Format(line output.Line) string
	Close() error
}

// Images gets and finds images. Its contracts are image.Images'.
type Images interface {
	Pull(ctx context.Context, ref string, o image.PullOptions) (Image, error)
	Load(ctx context.Context, from Archive) ([]Image, error)
	Import(ctx context.Context, from Archive, o image.ImportOptions) (Image, error)
	Save(ctx context.Context, refs []string, path string) error // whole or not at all
	Push(ctx context.Context, ref string, o image.PushOptions) (digest string, err error)
	Find(ctx context.Context, ref string) (Image, error) // nil if there is none
	Get(ctx context.Context, ref string) (Image, error)
	List(ctx context.Context) ([]Image, error)
	Remove(ctx context.Context, ref string, force bool) (image.Removal, error)
}

// Image is one image. Look is fault.NotFound once it was removed.
type Image interface {
	ID() string
	Look(ctx context.Context) (*image.Image, error)
	UsedBy(ctx context.Context) ([]string, error)
	Tag(ctx context.Context, name string) error
	Untag(ctx context.Context, name string) error
	Remove(ctx context.Context, force bool) (image.Removal, error)
	Inspect(ctx context.Context) (any, error)
}

// Volumes makes and finds volumes. Its contracts are volume.Volumes'.
type Volumes interface {
	Create(ctx context.Context, name string, o volume.CreateOptions) (Volume, error)
	Find(ctx context.Context, name string) (Volume, error) // nil if there is none
	Get(ctx context.Context, name string) (Volume, error)
	List(ctx context.Context) ([]Volume, error)
}

// Volume is one volume. Look is fault.NotFound once it was removed.
type Volume interface {
	Name() string
	Look(ctx context.Context) (*volume.Volume, error)
	Size(ctx context.Context) (int64, error)
	UsedBy(ctx context.Context) ([]string, error)
	Rename(ctx context.Context, name string) error
	Protect(ctx context.Context, on bool) error
	Remove(ctx context.Context) error
	Inspect(ctx context.Context) (any, error)
}

// Networks makes and finds networks. Its contracts are network.Networks'.
type Networks interface {
	Create(ctx context.Context, name string, o network.CreateOptions) (Network, error)
	Find(ctx context.Context, ref string) (Network, error) // nil if there is none
	Get(ctx context.Context, ref string) (Network, error)
	List(ctx context.Context) ([]Network, error)
}

// Network is one network. Look is fault.NotFound once it was removed.
type Network interface {
	ID() string
	Name() string
	Look(ctx context.Context) (network.Network, error)
	UsedBy(ctx context.Context) ([]string, error)
	Remove(ctx context.Context) error
	Inspect(ctx context.Context) (any, error)
}

// Ports sees the published ports. Its contracts are port.Ports'.
type Ports interface {
	List(ctx context.Context) ([]engine.PublishedPort, error)
	Pick(ctx context.Context, from, to uint16) (uint16, error)
	Owner(ctx context.Context, protocol string, number uint16) (port.Owner, bool, error)
}

// System is what there is to know about the root and the host.
type System interface {
	Info(ctx context.Context) (engine.Info, error)
}

// Scopes remember what is made under a context, to remove it. Their contracts
// are engine.Engine's.
type Scopes interface {
	OpenScope(ctx context.Context) (inner context.Context, s Scope)
	KeepContainer(ctx context.Context, id string) error
	KeepVolume(ctx context.Context, name string) error
	KeepNetwork(ctx context.Context, id string) error
	KeepImage(ctx context.Context, id string) error
}

// Scope is what was made under its context. End removes it.
type Scope interface {
	End(ctx context.Context) error
}
