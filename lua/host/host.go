// Package host is one Lua state for one script or one REPL session: it loads
// modules, runs a file, evaluates a line, stops when asked, runs defers, and
// turns what went wrong into a place, a message and an exit code.
//
// It knows gopher-lua and what its libraries get wrong. It does not know any
// noun, nor a terminal: modules and streams are given to it.
package host

import (
	"context"
	"io"
	"io/fs"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
)

// Tests are the functions of tests, made when a script first touches them.
type Tests interface {
	Func() *bind.Func    // test
	Funcs() []*bind.Func // of the module scripts
}

// Options are what a host is made of. Modules and streams aside, all may be
// left out.
type Options struct {
	Modules []*bind.Module
	Classes []bind.AnyClass // classes that no module returns by declaration

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) (string, bool) // os.getenv; nothing is set if nil

	// Scripts holds the bundled modules: require "x" opens x.lua or
	// x/init.lua in it.
	Scripts fs.FS

	// Commands holds the bundled commands, for those who want to read them.
	Commands fs.FS

	// Compiled holds what Compile made of bundled scripts and of others that
	// RunBundled runs. What is not there is compiled when it runs.
	Compiled fs.FS

	// Tests makes the function test, and further functions of the module scripts;
	// nil: there are none.
	Tests Tests

	// Arguments are types of script arguments besides the built-in ones:
	// "container" makes an object of a name. The result is what Class.Box
	// returned, or plain.
	Arguments map[string]func(ctx context.Context, text string) (any, error)

	// Panic is told of every Go panic under Lua, before the script sees it.
	Panic func(what string, value any, stack []byte)

	Now   func() time.Time
	Clock bind.Clock    // the time that its scripts live in; the machine's
	Grace time.Duration // how long the defers of a scope may take; 10 s
}

// Host is a Lua state and what runs in it. Its methods may be called from any
// goroutine, one at a time.
type Host struct {
	options Options
	L       *lua.LState
	st      *bind.State
	session *lua.LTable // the environment of REPL lines

	mu      sync.Mutex
	sources map[string]text // by the name that places carry
	typed   int             // how many statements came from a prompt
	dir     string          // where require looks first

	own       map[string]lua.LValue // the modules of neap, for require
	unready   lua.LValue            // stands for a module that is being loaded
	requiring []string              // the modules that are being loaded
}

// New makes a state with everything loaded. Its error is a declaration that
// contradicts itself.
func New(o Options) (*Host, error) {
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.Getenv == nil {
		o.Getenv = func(string) (string, bool) { return "", false }
	}
	if o.Now == nil {
		o.Now = time.Now
		if o.Clock != nil {
			o.Now = o.Clock.Now
		}
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	boundLists()
	L := lua.NewState(lua.Options{
		CallStackSize: 4096, MinimizeStackMemory: true,
		RegistrySize: 256, RegistryGrowStep: 1024, RegistryMaxSize: 1 << 20, SkipOpenLibs: true,
	})
	h := &Host{options: o, L: L, sources: map[string]text{}}
	h.st = bind.NewState(L, bind.Effects{Now: o.Now, Panic: o.Panic})
	h.openLibraries()
	h.st.Harden()
	h.openBase()
	h.openRequire()
	h.st.Amend("io", h.amendIO)
	h.st.Amend("os", h.amendOS)
	h.st.Amend("string", h.amendString)
	h.st.Amend("table", h.amendTable)
	h.st.Amend("debug", h.amendDebug)
	err := h.st.Install(append(append([]*bind.Module{h.globals()}, o.Modules...), h.scripts()), append(o.Classes, bind.ErrorClass(), bind.ResultClass(), bind.RegexpClass(), argsClass())...)
	h.preload()
	h.openSession()
	return h, err
}

// openLibraries opens what every script needs, and the rest when it is touched.
func (h *Host) openLibraries() {
	L := h.L
	for _, open := range []lua.LGFunction{lua.OpenPackage, lua.OpenBase} {
		open(L)
		L.Pop(1)
	}
	for name, open := range map[string]lua.LGFunction{
		lua.TabLibName: lua.OpenTable, lua.IoLibName: lua.OpenIo, lua.OsLibName: lua.OpenOs, lua.MathLibName: lua.OpenMath,
		lua.DebugLibName: lua.OpenDebug, lua.CoroutineLibName: lua.OpenCoroutine,
	} {
		h.st.OpenLate(name, open)
	}
	library := h.st.OpenLate(lua.StringLibName, lua.OpenString)
	library.RawSetString("__index", library)
	L.SetMetatable(lua.LString(""), library) // of every string
}

// Close gives the state up. Nothing may run in it.
func (h *Host) Close() { h.L.Close() }

// State is what bind keeps of the host's Lua.
func (h *Host) State() *bind.State { return h.st }

// text is a source and what was made of it, which may be nil.
type text struct {
	src   string
	code  *lua.FunctionProto
	lead  string // what was put before it
	typed bool   // at a prompt: its locals are the session's
}

func (h *Host) source(name string) (text, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	src, ok := h.sources[name]
	return src, ok
}

func (h *Host) remember(name string, src text) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sources[name] = src
}
