package bind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Place is a line of a script. Line is 0 where it is not known.
type Place struct {
	File string
	Line int
	Func string // the function, as the trace names it
}

// String is "file:line".
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// deepest is how many lines a trace keeps.
const deepest = 30

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
	if _, err := L.GetInfo("nSl", d, nil); err != nil || d.Source == "" || d.CurrentLine < 1 {
		return Place{}, false
	}
	name := d.Name
	if strings.HasPrefix(name, "<") {
		name = "a function"
	}
	return Place{d.Source, d.CurrentLine, name}, true
}

// Where is the line of the script that called the running body's function: the
// innermost line of Lua on L.
func (st *State) where(L *lua.LState) Place {
	for level := 0; ; level++ {
		d, ok := L.GetStack(level)
		if !ok {
			return Place{}
		}
		if p, ok := placeOf(L, d); ok {
			return p
		}
	}
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
