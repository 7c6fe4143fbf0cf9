// Package sim is a runtime in memory: containers, images, volumes, networks and
// ports that behave as the real ones do as far as a script can see, on a clock
// that is moved instead of waited for, with the same ids and the same order of
// events each time, and with faults where a test wants them.
//
// It knows the nouns' data and what they decide (the table of moves, the drawing
// of plans, the checks of options and names are theirs, not written again), and
// what the programs of the built-in image do in plain cases. It makes nothing in
// the kernel or on disk, and does not know Lua.
package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"neap/bindings"
	"neap/runtime/image"
	"neap/runtime/network"
)

// Options is what a world begins with.
type Options struct {
	Start   time.Time // 2026-01-01 if zero
	Version string
	Builtin *image.Builtin // the image that is there; nil for none
}

// World is a host with one root, in memory.
type World struct {
	*Clock
	opt      Options
	programs func() []string // that the built-in image has
	scene
}

// scene is all that Reset forgets.
type scene struct {
	made       int // ids so far
	pids       int
	containers map[string]*cell
	order      []*cell // the oldest first
	images     map[string]*picture
	volumes    map[string]*vessel
	networks   map[string]*wire
	ports      map[string]uint16 // tried next, by protocol
	faults     []*Fault
	answers    []*answer
	calls      []Call
}

// New makes a world.
func New(o Options) *World {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	w := &World{Clock: newClock(o.Start), opt: o}
	w.programs = sync.OnceValue(func() []string {
		if o.Builtin == nil {
			return nil
		}
		return readPrograms(o.Builtin.Tar)
	})
	w.begin()
	return w
}

// Reset begins anew: as New, but for handles of what was there before, which
// say that it was removed.
func (w *World) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.order {
		c.gone = true
	}
	w.events, w.now = nil, w.opt.Start
	w.begin()
}

func (w *World) begin() {
	w.scene = scene{
		containers: map[string]*cell{}, images: map[string]*picture{}, volumes: map[string]*vessel{},
		networks: map[string]*wire{}, ports: map[string]uint16{}, pids: 1000,
	}
	for name, driver := range map[string]string{"host": "host", "none": "null"} {
		w.networks[name] = &wire{Network: network.Network{ID: digest("network", name), Name: name, Driver: driver, Builtin: true}}
	}
	standard := network.Network{ID: digest("network", network.Standard), Name: network.Standard, Created: w.now}
	if err := standard.Complete(network.CreateOptions{}, nil); err == nil {
		standard.Builtin, standard.Bridge = true, "neap0"
		w.networks[network.Standard] = &wire{Network: standard}
	}
	if b := w.opt.Builtin; b != nil {
		w.builtin(b.Name, b.Config)
	}
}

// Nouns are the world's, for doorways.
func (w *World) Nouns() bindings.Nouns {
	return bindings.Nouns{
		Containers: containers{w}, Images: images{w}, Volumes: volumes{w}, Networks: networks{w},
		Ports: ports{w}, System: system{w}, Scopes: scopes{w},
	}
}

// id makes 64 hex digits up: the same ones in each world. Preconditions: the
// lock is held.
func (w *World) id() string {
	w.made++
	return digest("id", fmt.Sprint(w.made))
}

func digest(of ...string) string {
	sum := sha256.Sum256(fmt.Append(nil, of))
	return hex.EncodeToString(sum[:])
}

// pid is the next process.
func (w *World) pid() int {
	w.pids++
	return w.pids
}
