package host

import (
	"io/fs"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/page"
)

// Complete says what may stand at pos, a count of runes, in a line of the REPL,
// or in several. names gives the names of live objects by noun, files paths;
// both may be nil. It runs no Lua and reads no property.
func (h *Host) Complete(line string, pos int, names, files func(string) []string) (head string, words []string, tail string) {
	env := page.Env{Modules: h.st.Modules(), Classes: h.st.Classes(), Names: names, Files: files, Library: h.library(), Keys: h.keysOf}
	kinds := map[string]string{}
	h.st.Locked(func(L *lua.LState) {
		for _, t := range []*lua.LTable{L.G.Global, h.session} {
			t.ForEach(func(k, v lua.LValue) {
				if name := k.String(); word(name) {
					env.Globals = append(env.Globals, name)
					kinds[name] = h.kindOf(v)
				}
			})
		}
	})
	env.ClassOf = func(variable string) string { return kinds[variable] }
	return page.Complete(line, pos, env)
}

func (h *Host) kindOf(v lua.LValue) string {
	if c, ok := h.st.ClassOf(v); ok {
		return c.Name
	}
	if c, ok := h.st.ListClassOf(v); ok {
		return c.Name + "[]"
	}
	if v.Type() == lua.LTString {
		return "string"
	}
	return ""
}

// keysOf are the names in a plain table, found by way of plain tables. Functions
// come with the bracket that their call starts with.
func (h *Host) keysOf(path string) (keys []string) {
	h.st.Locked(func(*lua.LState) {
		v := h.held(path)
		h.st.Touch(v)
		t, ok := v.(*lua.LTable)
		if !ok || t.Metatable != lua.LNil {
			return
		}
		t.ForEach(func(k, v lua.LValue) {
			name, ok := k.(lua.LString)
			switch {
			case !ok || !word(string(name)):
			case v.Type() == lua.LTFunction:
				keys = append(keys, string(name)+"(")
			default:
				keys = append(keys, string(name))
			}
		})
	})
	return keys
}

// held is what a variable of the session holds, or a key in one, as far as
// plain tables tell. The caller holds the lock.
func (h *Host) held(path string) lua.LValue {
	first, rest, deeper := strings.Cut(path, ".")
	v := h.session.RawGetString(first)
	if v == lua.LNil {
		v = h.L.G.Global.RawGetString(first)
	}
	for deeper {
		h.st.Touch(v)
		t, ok := v.(*lua.LTable)
		if !ok || t.Metatable != lua.LNil {
			return lua.LNil
		}
		first, rest, deeper = strings.Cut(rest, ".")
		v = t.RawGetString(first)
	}
	return v
}

// library is what require finds without a script beside it.
func (h *Host) library() (names []string) {
	for _, m := range h.options.Modules {
		names = append(names, m.Name)
	}
	if h.options.Scripts != nil {
		_ = fs.WalkDir(h.options.Scripts, ".", func(file string, _ fs.DirEntry, err error) error {
			if name, ok := strings.CutSuffix(file, ".lua"); ok && err == nil {
				names = append(names, strings.ReplaceAll(strings.TrimSuffix(name, "/init"), "/", "."))
			}
			return nil
		})
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Knows says whether a name of the session holds something.
func (h *Host) Knows(name string) (known bool) {
	h.st.Locked(func(*lua.LState) { known = h.held(name) != lua.LNil })
	return known
}
