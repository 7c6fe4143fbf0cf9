package bind

import (
	"fmt"
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Place is a line of a script. Line and Column are 0 where they are not known;
// of what runs only the line is.
type Place struct {
	File   string
	Line   int
	Column int
	Func   string // the function, as the trace names it

	code *lua.FunctionProto
	pc   int
}

// Code is the function that ran there and the number of the instruction, from
// 1; nil if it is not known.
func (p Place) Code() (*lua.FunctionProto, int) { return p.code, p.pc }

// String is "file:line".
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// deepest is how many lines a trace keeps.
const deepest = 30

// mainChunk is how gopher-lua calls whatever a thread began with.
const mainChunk = "main chunk"

// Trace lists the Lua lines that L stands on, innermost first.
func (st *State) Trace(L *lua.LState) []Place { return st.trace(L) }

// trace lists the Lua lines that L stands on, innermost first, and goes on with
// those that wait for it.
func (st *State) trace(L *lua.LState) (places []Place) {
	for L != nil && len(places) < deepest {
		for level := 0; len(places) < deepest; level++ {
			d, ok := L.GetStack(level)
			if !ok {
				break
			}
			if p, ok := placeOf(L, d); ok {
				if p.Func == mainChunk && st.waiting(L) != nil {
					p.Func = "a function"
				}
				places = append(places, p)
			}
		}
		L = st.waiting(L)
	}
	return places
}

// waiting is the thread that waits for L, or nil.
func (st *State) waiting(L *lua.LState) *lua.LState {
	if t, ok := st.busy[L]; ok {
		return t.waits
	}
	return nil
}

func placeOf(L *lua.LState, d *lua.Debug) (Place, bool) {
	v, err := L.GetInfo("nSlf", d, nil)
	if err != nil || d.Source == "" || d.CurrentLine < 1 {
		return Place{}, false
	}
	name := d.Name
	if strings.HasPrefix(name, "<") {
		name = "a function"
	}
	return Place{File: d.Source, Line: d.CurrentLine, Func: name, code: v.(*lua.LFunction).Proto, pc: counter(d)}, true
}

// counter is the instruction that d's function runs, which gopher-lua tells
// nobody.
func counter(d *lua.Debug) int {
	return int(reflect.ValueOf(d).Elem().FieldByName("frame").Elem().FieldByName("Pc").Int())
}

func traceText(places []Place) string {
	lines := make([]string, len(places))
	for i, p := range places {
		lines[i] = p.String()
		if p.Func != "" {
			lines[i] += " in " + p.Func
		}
	}
	return strings.Join(lines, "\n")
}

// traceback is debug.traceback, which goes on through protected calls to those
// that wait for them.
func (st *State) traceback(L *lua.LState) int {
	if th, ok := L.Get(1).(*lua.LState); ok {
		return pushAll(L, lua.LString("stack traceback:\n"+strings.Join(append(st.frames(th), "\t[G]: ?"), "\n")))
	}
	message, level := L.OptString(1, ""), L.OptInt(2, 1)
	lines := append(st.frames(L), "\t[G]: ?")
	lines = lines[max(0, min(level, len(lines))):]
	if len(lines) > 20 {
		lines = append(append(lines[:7:7], "\t..."), lines[len(lines)-7:]...)
	}
	text := strings.TrimSpace("stack traceback:\n" + strings.Join(lines, "\n"))
	if message != "" {
		text = message + "\n" + text
	}
	return pushAll(L, lua.LString(text))
}

// frames are the lines of a traceback, as gopher-lua writes them.
func (st *State) frames(L *lua.LState) (lines []string) {
	for {
		next := st.busy[L]
		inside := next != nil && !next.coroutine && next.waits != nil
		for level := 0; ; level++ {
			d, ok := L.GetStack(level)
			if !ok {
				break
			}
			lines = append(lines, frameText(L, d, inside))
		}
		if !inside {
			return lines
		}
		L = next.waits
	}
}

func frameText(L *lua.LState, d *lua.Debug, inside bool) string {
	if _, err := L.GetInfo("nSl", d, nil); err != nil {
		return "\t?"
	}
	at := "[G]:"
	if d.Source != "" {
		at = fmt.Sprintf("%s:%d:", d.Source, d.CurrentLine)
	}
	name := d.Name
	switch {
	case name == mainChunk && inside:
		name = "function (anonymous)"
		if d.Source != "" {
			name = fmt.Sprintf("function <%s:%d>", d.Source, d.LineDefined)
		}
	case name == mainChunk || name == "corountine":
	case name != "" && name[0] != '(' && name[0] != '<':
		name = "function '" + name + "'"
	default:
		name = "function " + name
	}
	return "\t" + at + " in " + name
}
