package host

import (
	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
)

// amendOS replaces what of the os library acts on the whole process.
func (h *Host) amendOS(library *lua.LTable) {
	library.RawSetString("exit", h.L.NewFunction(h.exit))
	library.RawSetString("getenv", h.L.NewFunction(func(L *lua.LState) int {
		value, ok := h.options.Getenv(L.CheckString(1))
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LString(value))
		return 1
	}))
	for name, instead := range map[string]string{"remove": "fs.remove", "rename": "exec{ \"mv\", … }", "tmpname": "fs.tempdir"} {
		h.unplanned(library, "os."+name, name, instead, func(*lua.LState) bool { return true })
	}
	h.refuse(library, "os.execute", "execute", `exec{ "program", "argument" }`)
	h.refuse(library, "os.setenv", "setenv", `exec{ …, env = { K = "V" } }`)
}

// exit ends the run as a cancel does: no pcall can hold it, and defers run.
func (h *Host) exit(L *lua.LState) int {
	code := 0
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		code = int(v) & 0xff
	case lua.LBool:
		if !bool(v) {
			code = 1
		}
	}
	h.end(L, &Exit{code})
	return 0
}

// end cancels the run that L is part of and stops L.
func (h *Host) end(L *lua.LState, why error) {
	bind.Quit(L.Context(), why)
	L.Error(lua.LString(why.Error()), 0)
}
