package host

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
)

// openRequire makes require look beside the script, in its lua_modules, and in
// the bundled scripts. package.path is empty: what a script puts there is its
// own affair.
func (h *Host) openRequire() {
	L := h.L
	library := L.GetGlobal("package").(*lua.LTable)
	library.RawSetString("path", lua.LString(""))
	library.RawSetString("loadlib", lua.LNil)
	loaders := library.RawGetString("loaders").(*lua.LTable)
	preload, byPath := loaders.RawGetInt(1), loaders.RawGetInt(2)
	for i, loader := range []lua.LValue{preload, L.NewFunction(h.searchFiles), L.NewFunction(h.searchBundled), L.NewFunction(h.searchPath(byPath))} {
		loaders.RawSetInt(i+1, loader)
	}
}

// preload makes require give the modules, whatever a local hides.
func (h *Host) preload() {
	loaded := h.L.GetGlobal("package").(*lua.LTable).RawGetString("loaded").(*lua.LTable)
	for _, m := range h.options.Modules {
		if m.Name != "" {
			loaded.RawSetString(m.Name, h.L.GetGlobal(m.Name))
		}
	}
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
			L.Push(lua.LString("package.path is empty"))
			return 1
		}
		return old.(*lua.LFunction).GFunction(L)
	}
}
