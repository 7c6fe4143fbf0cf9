package plan

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/fault"
)

// recording is a plan that is being made, and what would be if it were applied.
type recording struct {
	p     *Planner
	outer *recording // it records what the applying of this one would do

	mu         sync.Mutex
	plan       *Plan
	memory     map[any]any
	last       map[thing]int   // the last change of a thing
	used       map[thing][]int // those that needed it as it is since then
	containers map[string]*shadow
	made       []string // ids of containers that it makes, in their order
	images     map[string]*imageShadow
	volumes    map[string]*volumeShadow
	networks   map[string]*networkShadow
}

// thing is an object that changes touch, by its identity.
type thing struct{ kind, id string }

// under is ctx as it is below this recording: in the outer one, or for real.
func (r *recording) under(ctx context.Context) context.Context {
	if r.outer == nil {
		return bind.WithRecorder(ctx, nil)
	}
	return bind.WithRecorder(ctx, r.outer)
}

type withinKey struct{}

// step is a change before it has its number, with the things that it touches.
type step struct {
	bindings.Change
	options any
	touches []thing // that it changes
	uses    []thing // that it needs as they are
}

// note takes a change down and gives its number. The caller holds r.mu.
func (r *recording) note(ctx context.Context, s step) (int, error) {
	c := s.Change
	if s.options != nil {
		raw, err := json.Marshal(s.options)
		if err != nil {
			return 0, fault.Wrap("record", c.Verb, err)
		}
		if string(raw) != "{}" {
			c.Options = raw
		}
	}
	c.Number = len(r.plan.doc.Changes) + 1
	c.Within, _ = ctx.Value(withinKey{}).(int)
	if c.Reason == "" {
		c.Reason = reason(ctx)
	}
	for _, t := range s.uses {
		c.Needs = append(c.Needs, r.last[t])
		r.used[t] = append(r.used[t], c.Number)
	}
	for _, t := range s.touches {
		c.Needs = append(append(c.Needs, r.last[t]), r.used[t]...)
		r.last[t], r.used[t] = c.Number, nil
	}
	slices.Sort(c.Needs)
	c.Needs = slices.DeleteFunc(slices.Compact(c.Needs), func(n int) bool { return n == 0 || n == c.Within || n == c.Number })
	for _, ref := range c.Makes {
		r.last[thing{c.Kind, ref}] = c.Number
	}
	r.plan.add(c)
	return c.Number, nil
}

// reason is the line that asks: the innermost one that is not of a script in
// the binary that others require.
func reason(ctx context.Context) string {
	places := bind.PlacesOf(ctx)
	for _, p := range places {
		if !strings.HasPrefix(p.File, "neap"+string(filepath.Separator)) {
			return p.String()
		}
	}
	if len(places) > 0 {
		return places[0].String()
	}
	return ""
}

// Note takes down a change of the host that a helper was asked for.
func (r *recording) Note(ctx context.Context, d bind.Deed) (ref string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := step{Change: bindings.Change{Verb: d.Verb, Kind: d.Kind, Object: d.Object, Size: d.Size}, options: d.Options}
	if d.Makes {
		ref = "/" + r.p.placeholder() // a directory: nothing else of the host is made without a name
		s.Makes = []string{ref}
	}
	for _, path := range d.Paths {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		r.seeFile(path)
		s.touches = append(s.touches, r.files(path)...)
	}
	_, err = r.note(ctx, s)
	return ref, err
}

// files are a path and those paths noted before that are above or below it.
func (r *recording) files(path string) []thing {
	all := []thing{{"file", path}}
	for t := range r.last {
		if t.kind == "file" && t.id != path && (strings.HasPrefix(t.id, path+"/") || strings.HasPrefix(path, t.id+"/")) {
			all = append(all, t)
		}
	}
	return all
}

// Memory is what a helper remembers in this recording.
func (r *recording) Memory(key any, fresh func() any) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.memory[key]; !ok {
		r.memory[key] = fresh()
	}
	return r.memory[key]
}
