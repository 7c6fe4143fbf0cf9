package host

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
	"neap/lua/cells"
)

// Show is a value as the REPL prints it: objects as cards and lists as tables,
// both fitted to width columns if that is not 0, a program that ended as what it
// wrote, a module or a function of one as help tells of it, a plain table as it
// would be written. Reading facts may ask the kernel.
func (h *Host) Show(ctx context.Context, v bind.Value, width int) (string, error) {
	value := bind.Unwrap(v)
	if f, ok := bind.FinishedOf(value); ok {
		return lineEnded(f.Stdout) + lineEnded(f.Stderr) + f.Text(), nil
	}
	if text, ok := h.told(value); ok {
		return strings.TrimSuffix(cells.Hang(text, width), "\n"), nil
	}
	if card, ok := h.st.Card(ctx, value, width); ok {
		return card, nil
	}
	results, err := h.st.Call(ctx, h.L.NewFunction(h.shown(width)), value)
	if err != nil || len(results) == 0 {
		return "", err
	}
	return results[0].String(), nil
}

// told is help on a module or a function of one: it has no other value.
func (h *Host) told(v lua.LValue) (text string, ok bool) {
	h.st.Locked(func(*lua.LState) {
		_, module := h.st.ModuleOf(v)
		_, _, function := h.st.FuncOf(v)
		if ok = module || function; ok {
			text = h.explain(v)
		}
	})
	return text, ok
}

// lineEnded is text that ends its last line, if there is one.
func lineEnded(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

func (h *Host) shown(width int) lua.LGFunction {
	return func(L *lua.LState) int {
		w := &writer{touch: h.st.Touch, say: func(v lua.LValue) string { return h.st.Text(L, v) }}
		v := L.Get(1)
		text, ok := h.st.Table(L, v, width)
		if t, isTable := v.(*lua.LTable); !ok && isTable && w.plain(t) {
			text, ok = w.table(t, ""), true
		}
		if !ok {
			text = w.say(v)
		}
		L.Push(lua.LString(text))
		return 1
	}
}

const (
	deepest  = 6   // tables in tables that are written out
	broadest = 200 // entries of one table
	lineful  = 76  // columns of a table on one line
)

// writer writes plain tables as a script would.
type writer struct {
	touch func(lua.LValue) // makes what waits to be touched
	say   func(lua.LValue) string
	above []*lua.LTable
}

// plain says whether a table has no say in how it is written.
func (w *writer) plain(t *lua.LTable) bool {
	w.touch(t)
	mt, ok := t.Metatable.(*lua.LTable)
	return !ok || mt.RawGetString("__tostring") == lua.LNil
}

func (w *writer) value(v lua.LValue, indent string) string {
	switch v := v.(type) {
	case lua.LString:
		return quoted(string(v))
	case *lua.LTable:
		if w.plain(v) {
			return w.table(v, indent)
		}
	case *lua.LUserData:
		text, _, _ := strings.Cut(w.say(v), "\n")
		return "<" + text + ">"
	}
	return w.say(v)
}

// quoted is a string as Lua reads it.
func quoted(s string) string {
	s = strconv.Quote(s)
	return regexp.MustCompile(`\\x[0-9a-f]{2}`).ReplaceAllStringFunc(s, func(hex string) string {
		n, _ := strconv.ParseUint(hex[2:], 16, 8)
		return "\\" + strconv.FormatUint(1000+n, 10)[1:]
	})
}

func (w *writer) table(t *lua.LTable, indent string) string {
	if slices.Contains(w.above, t) || len(w.above) == deepest {
		return "{ … }"
	}
	w.above = append(w.above, t)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	inner := indent + "  "
	all := w.entries(t, inner)
	if len(all) == 0 {
		return "{}"
	}
	line := "{ " + strings.Join(all, ", ") + " }"
	if len(indent)+len(line) <= lineful && !strings.Contains(line, "\n") {
		return line
	}
	return "{\n" + inner + strings.Join(all, ",\n"+inner) + "\n" + indent + "}"
}

// entries are the list part in its order, then the keys in theirs.
func (w *writer) entries(t *lua.LTable, indent string) (all []string) {
	n := t.Len()
	for i := 1; i <= min(n, broadest); i++ {
		all = append(all, w.value(t.RawGetInt(i), indent))
	}
	var keyed []string
	t.ForEach(func(k, v lua.LValue) {
		if i, ok := k.(lua.LNumber); ok && i >= 1 && int(i) <= n && float64(i) == float64(int(i)) {
			return
		}
		if len(keyed) <= broadest {
			keyed = append(keyed, w.key(k)+" = "+w.value(v, indent))
		}
	})
	slices.Sort(keyed)
	if n+len(keyed) > broadest {
		return append(append(all, keyed...)[:broadest], "…")
	}
	return append(all, keyed...)
}

func (w *writer) key(k lua.LValue) string {
	s, ok := k.(lua.LString)
	if !ok {
		return "[" + w.value(k, "") + "]"
	}
	if word(string(s)) {
		return string(s)
	}
	return "[" + quoted(string(s)) + "]"
}

// word says whether a key may stand without brackets.
func word(s string) bool {
	if !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(s) {
		return false
	}
	_, err := parse.Parse(strings.NewReader(s+" = 1"), "key")
	return err == nil
}
