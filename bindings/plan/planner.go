// Package plan records what would be done to containers, images, volumes,
// networks and the host instead of doing it, and does later exactly what it
// recorded.
//
// It knows the interfaces of bindings: it stands between the doorways and a
// runtime, hands reads and changes on while nobody records, and else takes the
// changes down and shows later reads what would be. It does not know Lua but
// for the context in which a recording travels, nor how any change is made.
package plan

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"sync"
	"time"

	"neap/bindings"
	"neap/bindings/terminal"
	"neap/lua/bind"
	"neap/runtime/image"
	"neap/runtime/store"
)

// Options are what a Planner takes from outside.
type Options struct {
	Root     string            // that its plans are for
	Version  string            // of this program
	Now      func() time.Time  // nil is time.Now
	Terminal terminal.Host     // where an apply shows what programs write; nil: nowhere
	Progress func(image.Event) // told how a pull goes; nil for nobody

	// Host does a change of the host that a helper noted; made is what it made.
	Host func(ctx context.Context, d bind.Deed) (made string, err error)
}

// Planner makes plans for one runtime. It is a bindings.Planner.
type Planner struct {
	opt   Options
	real  bindings.Nouns // of the runtime below
	nouns bindings.Nouns // the same, seen through this planner
	tag   string         // of what stands for what is not made yet

	mu     sync.Mutex
	serial int               // of what stands for what is not made yet
	made   map[string]string // what was made in the place of it
}

// New makes a Planner. Over must be called before anything is recorded that
// needs nouns.
func New(o Options) *Planner {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Planner{opt: o, made: map[string]string{}}
}

// Over gives nouns that record where the context says so, and else are those of
// the runtime below.
func (p *Planner) Over(real bindings.Nouns) bindings.Nouns {
	p.real = real
	p.nouns = bindings.Nouns{
		Containers: containers{p}, Images: images{p}, Volumes: volumes{p}, Networks: networks{p}, Ports: ports{p}, System: system{p},
	}
	if real.Scopes != nil {
		p.nouns.Scopes = scopes{p}
	}
	return p.nouns
}

// Record calls do in a recording: see bindings.Planner.
func (p *Planner) Record(ctx context.Context, do func(context.Context) error) (bindings.Plan, error) {
	inner, made := p.Begin(ctx)
	_, err := bind.InScope(inner, func(ctx context.Context) (bind.Void, error) { return bind.Void{}, do(ctx) })
	return made, err
}

// Begin is ctx in which all changes are recorded, and the plan that they are
// recorded in.
func (p *Planner) Begin(ctx context.Context) (context.Context, *Plan) {
	outer, _ := bind.RecorderOf(ctx).(*recording)
	r := &recording{
		p: p, outer: outer, memory: map[any]any{}, last: map[thing]int{}, used: map[thing][]int{},
		plan:       &Plan{p: p, doc: document{Format: format, About: about, Version: p.opt.Version, Root: p.opt.Root, Made: p.opt.Now().UTC()}},
		containers: map[string]*shadow{}, images: map[string]*imageShadow{}, volumes: map[string]*volumeShadow{}, networks: map[string]*networkShadow{},
	}
	return store.Glance(bind.WithRecorder(ctx, r)), r.plan
}

// placeholder is a new word for what is not made yet. It fits where a name or
// an id does, and is no longer than a short id.
func (p *Planner) placeholder() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tag == "" {
		var b [2]byte
		_, _ = rand.Read(b[:]) // never fails
		p.tag = hex.EncodeToString(b[:])
	}
	p.serial++
	return fmt.Sprintf("plan%d-%s", p.serial, p.tag)
}

// placeholders finds them in a text, also those of directories.
var placeholders = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/?\bplan[0-9]+-[0-9a-f]{4}\b`) })

// became notes what was made in the place of a placeholder.
func (p *Planner) became(ref, made string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made[ref] = made
}

// resolved is what was made in the place of a placeholder, else the word itself.
func (p *Planner) resolved(ref string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for { // what a recorded apply makes is itself only planned
		made, ok := p.made[ref]
		if !ok {
			return ref
		}
		ref = made
	}
}

// recordingOf is who records what is done in ctx, or nil.
func recordingOf(ctx context.Context) *recording {
	r, _ := bind.RecorderOf(ctx).(*recording)
	return r
}

var _ bindings.Planner = (*Planner)(nil)
