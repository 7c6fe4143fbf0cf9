package host

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// openRequire makes require look beside the script, in its lua_modules, and in
// the bundled scripts. package.path is empty: what a script puts there is its
// own affair.
func (h *Host) openRequire() {
	L := h.L
	library := L.GetGlobal("package").(*lua.LTable)
	library.RawSetString("path", lua.LString(""))
	library.RawSetString("loadlib", lua.LNil)
	h.unready = L.NewUserData()
	L.SetGlobal("require", L.NewFunction(h.require))
	loaders := library.RawGetString("loaders").(*lua.LTable)
	preload, byPath := loaders.RawGetInt(1), loaders.RawGetInt(2)
	for i, loader := range []lua.LValue{preload, L.NewFunction(h.searchFiles), L.NewFunction(h.searchBundled), L.NewFunction(h.searchPath(byPath))} {
		loaders.RawSetInt(i+1, loader)
	}
}

// preload makes require give the modules, whatever a local hides or a file
// beside the script is called.
func (h *Host) preload() {
	h.own = map[string]lua.LValue{}
	loaded := h.L.GetGlobal("package").(*lua.LTable).RawGetString("loaded").(*lua.LTable)
	for _, m := range h.st.Modules() {
		if m.Name != "" {
			h.own[m.Name] = h.L.GetGlobal(m.Name)
			loaded.RawSetString(m.Name, h.own[m.Name])
		}
	}
}

// require is Lua's, but that modules of neap cannot be replaced, a failed
// module may be tried again, and errors say where it looked or who requires
// whom.
func (h *Host) require(L *lua.LState) int {
	name := L.CheckString(1)
	if m, ok := h.own[name]; ok {
		L.Push(m)
		return 1
	}
	loaded := L.GetField(L.Get(lua.RegistryIndex), "_LOADED")
	if v := L.GetField(loaded, name); lua.LVAsBool(v) {
		if v == h.unready {
			h.st.Raise(L, fault.New(fault.Script, "the modules require one another: %s", h.circle(name)))
		}
		L.Push(v)
		return 1
	}
	loader := h.loaderOf(L, name)
	L.SetField(loaded, name, h.unready)
	h.requiring = append(h.requiring, name)
	defer func() {
		h.requiring = slices.DeleteFunc(h.requiring, func(n string) bool { return n == name })
		if L.GetField(loaded, name) == h.unready {
			L.SetField(loaded, name, lua.LNil)
		}
	}()
	L.Push(loader)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	made := L.Get(-1)
	L.Pop(1)
	switch v := L.GetField(loaded, name); {
	case v != h.unready:
		made = v
	case made == lua.LNil:
		made = lua.LTrue
	}
	L.SetField(loaded, name, made)
	L.Push(made)
	return 1
}

// circle says who requires whom, from a name back to itself.
func (h *Host) circle(name string) string {
	i := max(0, slices.Index(h.requiring, name))
	return strings.Join(append(slices.Clone(h.requiring[i:]), name), " → ")
}

// loaderOf asks the loaders for a module.
func (h *Host) loaderOf(L *lua.LState, name string) lua.LValue {
	loaders, ok := L.GetField(L.Get(lua.RegistryIndex), "_LOADERS").(*lua.LTable)
	if !ok {
		L.RaiseError("package.loaders must be a table")
	}
	var looked []string
	for i := 1; loaders.RawGetInt(i) != lua.LNil; i++ {
		L.Push(loaders.RawGetInt(i))
		L.Push(lua.LString(name))
		L.Call(1, 1)
		found := L.Get(-1)
		L.Pop(1)
		switch found := found.(type) {
		case *lua.LFunction:
			return found
		case lua.LString:
			looked = append(looked, strings.Split(string(found), "\n\t")...)
		}
	}
	looked = slices.DeleteFunc(looked, func(where string) bool { return where == "" || strings.HasPrefix(where, "no field package.preload") })
	missing := fault.New(fault.NotFound, "there is no module %q: %s", name, strings.Join(looked, ", "))
	if near := bind.Near(name, slices.Sorted(maps.Keys(h.own))); near != "" {
		missing = missing.WithHint("did you mean %q?", near)
	}
	h.st.Raise(L, missing)
	return nil
}

var moduleName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`) })

// candidates are the files that may hold a module, relative to where one looks.
func candidates(name string) []string {
	if !moduleName().MatchString(name) {
		return nil
	}
	file := strings.ReplaceAll(name, ".", "/")
	return []string{file + ".lua", file + "/init.lua"}
}

func (h *Host) searchFiles(L *lua.LState) int {
	name := L.CheckString(1)
	if h.dir == "" {
		L.Push(lua.LString("no script is running that it could lie beside"))
		return 1
	}
	var tried []string
	if candidates(name) == nil {
		tried = []string{"a name is words with dots between them"}
	}
	for _, dir := range []string{h.dir, filepath.Join(h.dir, "lua_modules")} {
		for _, c := range candidates(name) {
			file := filepath.Join(dir, filepath.FromSlash(c))
			src, err := os.ReadFile(file)
			if err == nil {
				return h.loader(L, file, string(src))
			}
			if !errors.Is(err, fs.ErrNotExist) {
				L.RaiseError("%s", err)
			}
			tried = append(tried, "no file "+file)
		}
	}
	L.Push(lua.LString(strings.Join(tried, "\n\t")))
	return 1
}

func (h *Host) searchBundled(L *lua.LState) int {
	name := L.CheckString(1)
	if h.options.Scripts != nil {
		for _, c := range candidates(name) {
			if src, err := fs.ReadFile(h.options.Scripts, c); err == nil {
				return h.bundledLoader(L, path.Join("neap", c), string(src))
			}
		}
	}
	L.Push(lua.LString("no bundled module " + name))
	return 1
}

func (h *Host) bundledLoader(L *lua.LState, file, src string) int {
	proto := h.compiled(file, src)
	if proto == nil {
		return h.loader(L, file, src)
	}
	L.Push(L.NewFunctionFromProto(proto))
	return 1
}

func (h *Host) loader(L *lua.LState, file, src string) int {
	fn, err := h.chunk(L, file, src)
	if err != nil {
		h.remember(file, text{src: src})
		wrong := syntax(file, err)
		wrong.Trace = append([]bind.Place{wrong.Place}, h.st.Trace(L)...)
		h.st.Raise(L, wrong)
	}
	L.Push(fn)
	return 1
}

// searchPath is Lua's own way by package.path, once a script has set it.
func (h *Host) searchPath(old lua.LValue) lua.LGFunction {
	return func(L *lua.LState) int {
		library, ok := L.GetGlobal("package").(*lua.LTable)
		if !ok || library.RawGetString("path") == lua.LString("") {
			L.Push(lua.LString(""))
			return 1
		}
		return old.(*lua.LFunction).GFunction(L)
	}
}
