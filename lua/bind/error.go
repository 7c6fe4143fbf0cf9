package bind

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Raised is an error on its way through Lua: what went wrong, and where. Scripts
// hold it as an Error object; Go gets it as the error of what ran.
type Raised struct {
	Fault *fault.Error // never nil
	Place Place        // the line that raised it; zero if unknown
	Trace []Place      // innermost first

	err   error      // what the body returned
	value lua.LValue // the plain Lua value raised, if it was one
}

// Error is one line, without the place.
func (r *Raised) Error() string { return oneLine(r.Fault.Error()) }

// Unwrap gives what the body returned, or the fault.
func (r *Raised) Unwrap() error {
	if r.err == nil {
		return r.Fault
	}
	return r.err
}

// RaisedOf is the error that an Error object of Lua holds.
func RaisedOf(v lua.LValue) (*Raised, bool) { return it[*Raised](v) }

// newRaised makes an Error of a Go error at the line where L is.
func (st *State) newRaised(L *lua.LState, err error) *Raised {
	if known, ok := err.(*Raised); ok { //nolint:errorlint // one that was wrapped says more than it did
		return known
	}
	r := &Raised{err: err}
	if !errors.As(err, &r.Fault) || r.Fault.Error() != err.Error() {
		r.Fault = &fault.Error{Kind: fault.KindOf(err), Message: err.Error(), Hint: hintOf(err), Detail: detailOf(err)}
	}
	r.Fault = brief(r.Fault)
	if L != nil {
		r.Trace = st.trace(L)
	}
	if len(r.Trace) > 0 {
		r.Place = r.Trace[0]
	}
	return r
}

// longestMessage is how much is said of a value that nobody could take.
const longestMessage = 1000

// brief is f without the middle of a long value that it repeats to who gave it.
func brief(f *fault.Error) *fault.Error {
	if len(f.Message)+len(f.Object) <= longestMessage || f.Kind != fault.Invalid && f.Kind != fault.NotFound {
		return f
	}
	short := *f
	short.Message, short.Object = shortened(f.Message), shortened(f.Object)
	return &short
}

func shortened(text string) string {
	const head, tail = longestMessage / 2, longestMessage / 4
	if len(text) <= longestMessage {
		return text
	}
	return strings.ToValidUTF8(text[:head], "") + " … " + strings.ToValidUTF8(text[len(text)-tail:], "")
}

func hintOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Hint
	}
	return ""
}

func detailOf(err error) any {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Detail
	}
	return nil
}

// raise stops the script with an error. One that came out of Lua as a plain
// value goes back as that value.
func (st *State) raise(L *lua.LState, err error) {
	r := st.newRaised(L, err)
	if r.value != nil {
		L.Error(r.value, 0)
	}
	L.Error(st.object(r), 0)
}

// object is the Error object of an error.
func (st *State) object(r *Raised) lua.LValue {
	return &lua.LUserData{Value: object[*Raised]{r}, Metatable: st.raised(), Env: st.root.Env}
}

// position is what gopher-lua puts before a message.
var position = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([^\n]+?):(\d+): `) })

// raisedFrom makes an Error of any raised value; L, where it was raised, may be
// nil.
func (st *State) raisedFrom(L *lua.LState, v lua.LValue) *Raised {
	if r, ok := RaisedOf(v); ok {
		return r
	}
	if L != nil {
		if end := canceled(contextOf(L)); end != nil {
			return st.newRaised(L, end)
		}
	}
	text, ok := textOf(v)
	if !ok {
		text = st.describeRaised(v)
	}
	at := Place{}
	if m := position().FindStringSubmatch(text); m != nil {
		at.File, text = m[1], text[len(m[0]):]
		at.Line, _ = strconv.Atoi(m[2])
	}
	r := st.newRaised(L, &fault.Error{Kind: fault.Script, Message: text})
	if at.Line > 0 {
		r.Place = r.known(at)
	}
	r.value = v
	return r
}

// known is a place as the trace has it, if it has it.
func (r *Raised) known(at Place) Place {
	for _, p := range r.Trace {
		if p.File == at.File && p.Line == at.Line {
			return p
		}
	}
	return at
}

// describeRaised says what was raised if it was no text: nobody could print it.
func (st *State) describeRaised(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if s, ok := t.RawGetString("message").(lua.LString); ok {
			return string(s)
		}
	}
	return "an error that is " + describe(v)
}

func oneLine(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r == '\n' || r == '\r' {
			out[i] = ' '
		}
	}
	return string(out)
}

// errorClass is what scripts see of a Raised. It is final.
var errorClass = makeErrorClass()

// ErrorClass is the class of Error objects, for parameters and documents.
func ErrorClass() *Class[*Raised] { return errorClass }

func makeErrorClass() *Class[*Raised] {
	k := NewClass[*Raised]("Error", "What went wrong: raised by every function that could not do its work, caught with try or pcall.")
	k.Fill = func() { fillError(k) }
	return k
}

func fillError(k *Class[*Raised]) {
	k.Text = (*Raised).Error
	k.Same = func(a, b *Raised) bool { return a == b }
	kinds := make([]string, len(fault.Kinds()))
	for i, kind := range fault.Kinds() {
		kinds[i] = string(kind)
	}
	part := func(name, doc string, of func(*Raised) string) Field[*Raised] {
		return Plain(name, Maybe(String), doc, of)
	}
	k.Fields = []Field[*Raised]{
		Plain("kind", OneOf(kinds...), "its class, to act upon", func(r *Raised) string { return string(r.Fault.Kind) }),
		part("op", "what was tried", func(r *Raised) string { return r.Fault.Op }),
		part("object", "the name of what it was tried on", func(r *Raised) string { return r.Fault.Object }),
		Plain("message", String, "what is wrong", messageOf),
		part("hint", "the way out", func(r *Raised) string { return r.Fault.Hint }),
		Plain("cause", anything, "the Error behind this one", causeOf),
		part("file", "the script that raised it", func(r *Raised) string { return r.Place.File }),
		Plain("line", Maybe(Int), "its line", func(r *Raised) int { return r.Place.Line }),
		Plain("trace", String, "the lines that led here, innermost first", func(r *Raised) string { return traceText(r.Trace) }),
		Plain("result", anything, "kind failed: what came of the program", resultOf),
		Plain("done", anything, "kind partial: what each object that was done returned", doneOf),
		Plain("failed", anything, "kind partial: pairs of an object and its Error", failedOf),
	}
}

func messageOf(r *Raised) string {
	switch {
	case r.Fault.Message != "":
		return r.Fault.Message
	case r.Fault.Cause != nil:
		return r.Fault.Cause.Error()
	}
	return string(r.Fault.Kind)
}

func causeOf(r *Raised) any {
	cause := r.Fault.Cause
	if cause == nil || cause.Error() == "" {
		return nil
	}
	inner := &Raised{err: cause}
	if !errors.As(cause, &inner.Fault) {
		inner.Fault = &fault.Error{Kind: fault.KindOf(cause), Message: cause.Error()}
	}
	return inner
}

func resultOf(r *Raised) any {
	if r.Fault.Kind != fault.Failed {
		return nil
	}
	return r.Fault.Detail
}

func batchOf(r *Raised) *fault.Batch {
	b, _ := r.Fault.Detail.(*fault.Batch)
	return b
}

func doneOf(r *Raised) any {
	if b := batchOf(r); b != nil {
		return append([]any{}, b.Done...)
	}
	return nil
}

func failedOf(r *Raised) any {
	b := batchOf(r)
	if b == nil {
		return nil
	}
	all := make([]any, len(b.Failed))
	for i, f := range b.Failed {
		all[i] = []any{f.Object, asRaised(f.Err)}
	}
	return all
}

func asRaised(err error) *Raised {
	var r *Raised
	if errors.As(err, &r) {
		return r
	}
	r = &Raised{err: err}
	if !errors.As(err, &r.Fault) {
		r.Fault = &fault.Error{Kind: fault.KindOf(err), Message: err.Error()}
	}
	return r
}

// IsCanceled says whether err is how a canceled or timed-out context ended.
func IsCanceled(ctx context.Context, err error) bool {
	return err != nil && context.Cause(ctx) != nil
}
