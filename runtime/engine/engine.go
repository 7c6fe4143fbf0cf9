// Package engine opens the nouns on a root and holds what touches several of
// them: creating, launching, ending, removing and sweeping containers.
//
// It knows how the nouns fit together. It does not know Lua, nor how any one
// of them does its work. As a Go library it is the way in:
//
//	e, err := engine.Open(engine.Options{Root: "/srv/neap"})
//	c, err := e.Run(ctx, engine.Spec{Image: "box", Argv: []string{"httpd"}})
package engine

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"neap/runtime/cgroup"
	"neap/runtime/container"
	"neap/runtime/firewall"
	"neap/runtime/image"
	"neap/runtime/keeper"
	"neap/runtime/network"
	"neap/runtime/port"
	"neap/runtime/process"
	"neap/runtime/scope"
	"neap/runtime/store"
	"neap/runtime/volume"
)

// Options is what an engine is opened with. The zero value opens the host's
// default root.
type Options struct {
	Root    string           // "" is /var/lib/neap and /run/neap
	Version string           // of this program; a keeper's must equal it
	Builtin *image.Builtin   // the image that needs no registry; nil for none
	Docker  string           // path of Docker's config.json; "" for none
	Clock   func() time.Time // nil is time.Now
	ID      func() string    // makes ids of 64 hex digits; nil is random ones
	Logf    func(format string, args ...any)
}

// Engine is a root with all its nouns. Its methods may be called from any
// goroutine.
type Engine struct {
	Images   *image.Images
	Volumes  *volume.Volumes
	Networks *network.Networks
	Ports    *port.Ports

	opt        Options
	boot       string
	store      *store.Store
	tree       *cgroup.Tree
	firewall   *firewall.Firewall
	containers *container.Containers
	scopes     *scope.Scopes
	broken     sync.Map // of brokenStop, by the container's id
	keeper     *keeper.Client
}

// Open opens the nouns of a root, making what is missing. It starts no process
// and makes nothing in the kernel. Close it.
func Open(o Options) (*Engine, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.ID == nil {
		o.ID = NewID
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Root != "" {
		var err error
		if o.Root, err = filepath.Abs(o.Root); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(o.Root)
	if err != nil {
		return nil, err
	}
	e := &Engine{opt: o, store: s}
	if err := e.open(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open() (err error) {
	if e.boot, err = process.Boot(); err != nil {
		return err
	}
	if e.tree, err = cgroup.Open(e.store.Name("neap")); err != nil {
		return err
	}
	if e.containers, err = container.Open(container.Options{Store: e.store, Cgroups: e.tree, Boot: e.boot}); err != nil {
		return err
	}
	e.firewall = firewall.Open(firewall.Options{Tag: e.store.Tag})
	if e.Images, err = image.Open(image.Options{
		Store: e.store, Builtin: e.opt.Builtin, Clock: e.opt.Clock, Docker: e.opt.Docker,
	}); err != nil {
		return err
	}
	e.Volumes = volume.Open(volume.Options{Store: e.store, Clock: e.opt.Clock, ID: e.opt.ID})
	if e.Networks, err = network.Open(network.Options{Store: e.store, Firewall: e.firewall, Clock: e.opt.Clock}); err != nil {
		return err
	}
	e.Ports, err = port.Open(port.Options{Store: e.store})
	e.keeper = keeper.NewClient(e.store, e.opt.Root, e.opt.Version)
	e.scopes = scope.Open(scope.Options{Store: e.store, ID: e.opt.ID, Watch: e.keeper.Scope})
	return err
}

// Close closes what Open opened. Containers and their keeper go on.
func (e *Engine) Close() error {
	var all []error
	if e.containers != nil {
		all = append(all, e.containers.Close())
	}
	if e.Images != nil {
		all = append(all, e.Images.Close())
	}
	if e.Networks != nil {
		all = append(all, e.Networks.Close())
	}
	if e.Ports != nil {
		all = append(all, e.Ports.Close())
	}
	return errors.Join(append(all, e.store.Close())...)
}

// NewID is 64 random hex digits.
func NewID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
