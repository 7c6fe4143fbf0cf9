package bind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// A Deed is a change of the host that a body was asked for, as data: what a
// Recorder takes down, and what the helper it is of can do later.
type Deed struct {
	Kind    string   // "file", "program", "page"
	Verb    string   // "write", "run"
	Object  string   // the path, the program, the address
	Size    *int64   // bytes that it makes or frees; nil where nobody knows
	Paths   []string // of the host, that it changes
	Makes   bool     // something that has no name before it is made
	Options any      // the rest, in JSON
}

// Recorder takes changes down instead of letting them happen. It travels in the
// context: a body that changes something asks RecorderOf before it does.
type Recorder interface {
	// Note takes a change down. ref stands for what it makes, if it makes
	// something, in what is noted later.
	Note(ctx context.Context, d Deed) (ref string, err error)

	// Memory is what a helper remembers of what it noted: what fresh gives at
	// the first call with this key, and the same from then on.
	Memory(key any, fresh func() any) any
}

type recorderKey struct{}

// WithRecorder is ctx in which changes are recorded by r instead of made; nil
// makes them again.
func WithRecorder(ctx context.Context, r Recorder) context.Context {
	return context.WithValue(ctx, recorderKey{}, r)
}

// RecorderOf is who records the changes of ctx, or nil: then they are made.
func RecorderOf(ctx context.Context) Recorder {
	r, _ := ctx.Value(recorderKey{}).(Recorder)
	return r
}

// PlacesOf lists the lines of Lua that wait for the body that got ctx, innermost
// first. The body must not hold the Lua lock, as no body does.
func PlacesOf(ctx context.Context) []Place {
	t, ok := ctx.Value(threadKey{}).(onThread)
	if !ok {
		return nil
	}
	t.st.mu.Lock()
	defer t.st.mu.Unlock()
	if t.st.busy[t.th] == nil && t.th != t.st.root {
		return nil
	}
	return t.st.trace(t.th)
}

// Strict reads JSON that has nothing unknown in it and nothing after it; nothing
// at all is the zero value.
func Strict(raw []byte, to any) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fault.New(fault.Damaged, "%s", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Damaged, "something follows the end")
	}
	return nil
}

// Recording says whether what L runs is recorded, and not done.
func Recording(L *lua.LState) bool { return RecorderOf(contextOf(L)) != nil }
