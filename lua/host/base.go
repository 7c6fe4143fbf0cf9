package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// openBase replaces what of the base library writes, reads or stops without
// asking.
func (h *Host) openBase() {
	L := h.L
	L.SetGlobal("_printregs", lua.LNil)
	for name, fn := range map[string]lua.LGFunction{
		"print": h.print, "dofile": h.doFile, "loadfile": h.loadFile, "loadstring": h.loadString, "collectgarbage": collect,
		"unpack": unpack, "rawset": h.rawset,
	} {
		L.SetGlobal(name, L.NewFunction(fn))
	}
	for _, name := range []string{"pairs", "next", "rawget", "rawset", "getmetatable", "setmetatable"} {
		h.touching(name)
	}
}

// rawset is Lua's, but for the modules of neap, which nobody changes.
func (h *Host) rawset(L *lua.LState) int {
	t := L.CheckTable(1)
	if m, ok := h.st.ModuleOf(t); ok {
		h.st.Raise(L, fault.New(fault.Invalid, "the module %s cannot be changed", m.Name))
	}
	L.RawSet(t, L.CheckAny(2), L.CheckAny(3))
	L.SetTop(1)
	return 1
}

// amendDebug makes the functions that look past __metatable stop before what
// belongs to neap.
func (h *Host) amendDebug(library *lua.LTable) {
	global := func(name string) lua.LGFunction { return h.L.GetGlobal(name).(*lua.LFunction).GFunction }
	for name, usual := range map[string]lua.LGFunction{"getmetatable": global("getmetatable"), "setmetatable": global("setmetatable")} {
		old := library.RawGetString(name).(*lua.LFunction)
		library.RawSetString(name, replace(h.L, old, func(L *lua.LState) int {
			v := L.Get(1)
			if _, isModule := h.st.ModuleOf(v); isModule || v.Type() == lua.LTUserData && L.GetMetaField(v, "__metatable") != lua.LNil {
				return usual(L)
			}
			return old.GFunction(L)
		}))
	}
}

// touching makes a function that looks past metatables find what is in a
// module or a library, and what changes a table change that.
func (h *Host) touching(name string) {
	old := h.L.GetGlobal(name).(*lua.LFunction)
	h.L.SetGlobal(name, replace(h.L, old, func(L *lua.LState) int {
		h.st.Touch(L.Get(1))
		return old.GFunction(L)
	}))
}

func (h *Host) print(L *lua.LState) int {
	words := make([]string, L.GetTop())
	for i := range words {
		words[i] = h.st.Text(L, L.Get(i+1))
	}
	if _, err := io.WriteString(h.options.Stdout, strings.Join(words, "\t")+"\n"); err != nil {
		h.st.Raise(L, fault.Wrap("print", "", err))
	}
	return 0
}

// mostResults is how many values one call may return: gopher-lua's stack grows
// by small steps, each a copy of it.
const mostResults = 200000

func unpack(L *lua.LState) int {
	t := L.CheckTable(1)
	first, last := L.OptInt(2, 1), L.OptInt(3, t.Len())
	if float64(last)-float64(first) >= mostResults {
		L.RaiseError("too many results to unpack")
	}
	for i := first; i <= last; i++ {
		L.Push(t.RawGetInt(i))
	}
	return max(0, last-first+1)
}

// collect asks nothing of Go's collector, which knows better; it answers what
// scripts use.
func collect(L *lua.LState) int {
	switch L.OptString(1, "collect") {
	case "count":
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		L.Push(lua.LNumber(float64(m.HeapAlloc) / 1024))
	default:
		L.Push(lua.LNumber(0))
	}
	return 1
}

// until reads on until the context ends: so does the parser.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(b []byte) (int, error) {
	if u.ctx != nil && u.ctx.Err() != nil {
		return 0, io.EOF
	}
	return u.r.Read(b)
}

// chunk loads Lua text for a script, which gets what is wrong as a message.
func (h *Host) chunk(L *lua.LState, name, src string) (*lua.LFunction, error) {
	parsed, err := parse.Parse(&until{L.Context(), strings.NewReader(withoutShebang(src))}, name)
	if err != nil {
		return nil, err
	}
	if err := mend(parsed); err != nil {
		return nil, err
	}
	proto, err := lua.Compile(parsed, name)
	if err != nil {
		return nil, err
	}
	h.remember(name, text{src: src, code: proto})
	return L.NewFunctionFromProto(proto), nil
}

func (h *Host) pushChunk(L *lua.LState, name, src string) int {
	fn, err := h.chunk(L, name, src)
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(strings.TrimSpace(err.Error())))
		return 2
	}
	L.Push(fn)
	return 1
}

func (h *Host) loadString(L *lua.LState) int {
	src := L.CheckString(1)
	return h.pushChunk(L, L.OptString(2, "<string>"), src)
}

func (h *Host) loadFile(L *lua.LState) int {
	name, src, err := h.read(L.OptString(1, "-"))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(fmt.Sprintf("can not open file: %v", name)))
		return 2
	}
	return h.pushChunk(L, name, src)
}

func (h *Host) doFile(L *lua.LState) int {
	name, src, err := h.read(L.OptString(1, "-"))
	if err != nil {
		L.RaiseError("can not open %s", name)
	}
	fn, err := h.chunk(L, name, src)
	if err != nil {
		L.Error(lua.LString(strings.TrimSpace(err.Error())), 0)
	}
	top := L.GetTop()
	L.Push(fn)
	L.Call(0, lua.MultRet)
	return L.GetTop() - top
}

// amendIO makes io.write go where print goes, unless io.output was redirected,
// and takes away what runs a shell.
func (h *Host) amendIO(library *lua.LTable) {
	L := h.L
	write, output := library.RawGetString("write").(*lua.LFunction), library.RawGetString("output")
	standard := library.RawGetString("stdout")
	library.RawSetString("write", replace(L, write, func(L *lua.LState) int {
		if f, ok := h.options.Stdout.(*os.File); ok && f == os.Stdout {
			return write.GFunction(L)
		}
		L.Push(output)
		L.Call(0, 1)
		to := L.Get(-1)
		L.Pop(1)
		if to != standard {
			return write.GFunction(L)
		}
		for i := 1; i <= L.GetTop(); i++ {
			if _, err := io.WriteString(h.options.Stdout, L.CheckString(i)); err != nil {
				h.st.Raise(L, fault.Wrap("write", "", err))
			}
		}
		L.Push(standard)
		return 1
	}))
	h.unplanned(library, "io.open", "open", "fs.write", func(L *lua.LState) bool { return strings.ContainsAny(L.OptString(2, "r"), "wa+") })
	h.unplanned(library, "io.output", "output", "fs.write", func(L *lua.LState) bool { return L.Get(1).Type() == lua.LTString })
	h.unplanned(library, "io.tmpfile", "tmpfile", "fs.tempdir", func(*lua.LState) bool { return true })
	h.refuse(library, "io.popen", "popen", `exec{ "program", "argument" }, whose result has stdout`)
	if h.options.Stdin != nil {
		h.openRead(library)
	}
	h.divert(library)
}

// divert makes what is written to io.stderr, and in a host whose error stream is
// not the process's to io.stdout, go where the host was told to.
func (h *Host) divert(library *lua.LTable) {
	if f, ok := h.options.Stderr.(*os.File); ok && f == os.Stderr || h.options.Stderr == io.Discard {
		return
	}
	files := library.RawGetString("stderr").(*lua.LUserData).Metatable.(*lua.LTable)
	methods := files.RawGetString("__index").(*lua.LTable)
	write := methods.RawGetString("write").(*lua.LFunction)
	to := map[lua.LValue]io.Writer{library.RawGetString("stdout"): h.options.Stdout, library.RawGetString("stderr"): h.options.Stderr}
	methods.RawSetString("write", replace(h.L, write, func(L *lua.LState) int {
		file := L.Get(1)
		w := to[file]
		if w == nil {
			return write.GFunction(L)
		}
		for i := 2; i <= L.GetTop(); i++ {
			if _, err := io.WriteString(w, L.CheckString(i)); err != nil {
				h.st.Raise(L, fault.Wrap("write", "", err))
			}
		}
		L.Push(file)
		return 1
	}))
}

// openRead makes io.read take what the host was given as standard input.
func (h *Host) openRead(library *lua.LTable) {
	if f, ok := h.options.Stdin.(*os.File); ok && f == os.Stdin {
		return
	}
	in := bufio.NewReader(h.options.Stdin)
	read := library.RawGetString("read").(*lua.LFunction)
	library.RawSetString("read", replace(h.L, read, func(L *lua.LState) int {
		switch form := L.OptString(1, "*l"); {
		case form == "*a":
			b, _ := io.ReadAll(in)
			L.Push(lua.LString(b))
		case form == "*l":
			line, err := in.ReadString('\n')
			if err != nil && line == "" {
				L.Push(lua.LNil)
				return 1
			}
			L.Push(lua.LString(strings.TrimSuffix(line, "\n")))
		default:
			return read.GFunction(L)
		}
		return 1
	}))
}

// unplanned refuses a function of Lua's own that changes the host, where changes
// are recorded: nobody would see this one.
func (h *Host) unplanned(library *lua.LTable, title, name, instead string, changes func(*lua.LState) bool) {
	old := library.RawGetString(name).(*lua.LFunction)
	library.RawSetString(name, replace(h.L, old, func(L *lua.LState) int {
		if bind.Recording(L) && changes(L) {
			h.st.Raise(L, fault.New(fault.Unsupported, "%s cannot be part of a plan", title).WithHint("use %s", instead))
		}
		return old.GFunction(L)
	}))
}

// refuse puts an explanation in the place of a function.
func (h *Host) refuse(library *lua.LTable, title, name, instead string) {
	library.RawSetString(name, h.L.NewFunction(func(L *lua.LState) int {
		h.st.Raise(L, fault.New(fault.Unsupported, "%s is not here", title).WithHint("use %s", instead))
		return 0
	}))
}

// replace makes a function that can hand its call on to an old one, of which it
// has the upvalues.
func replace(L *lua.LState, old *lua.LFunction, fn lua.LGFunction) *lua.LFunction {
	values := make([]lua.LValue, len(old.Upvalues))
	for i, up := range old.Upvalues {
		values[i] = up.Value()
	}
	return L.NewClosure(fn, values...)
}
