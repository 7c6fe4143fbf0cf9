package bind

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Effects are what a State takes from outside. All may be left out.
type Effects struct {
	Now     func() time.Time                           // the clock; time.Now
	Panic   func(what string, value any, stack []byte) // told of a Go panic before any script sees it
	Workers int                                        // how many objects a bulk verb works on at once; 16
}

// State is what bind keeps beside one tree of Lua states: the Lua lock, the
// classes made known to it, its spare threads. Whoever runs Lua in the tree
// does so through Call or a Callback, which take the lock.
type State struct {
	mu   sync.Mutex // the Lua lock: held while Lua runs, not while bodies do
	root *lua.LState

	effects  Effects
	classes  map[any]*known
	order    []*known                // those that Lua has met
	declared []installer             // those it may meet
	late     map[*lua.LTable]func()  // makes what is in a table that nobody has touched
	homes    map[*lua.LTable]*Module // by their tables
	funcs    map[*lua.LFunction]bound
	modules  []*Module
	acting   func(what string) error // see OnAct

	// Metatables, each made when it is first needed.
	raised    func() *lua.LTable // of Error objects
	plainList func() *lua.LTable // of lists of plain values
	strict    func() *lua.LTable // of modules
	lateMeta  func() *lua.LTable // of what waits to be touched

	grids map[lua.LValue]columnsOf // by the metatable of lists

	spare []*lua.LState
	busy  map[*lua.LState]*thread
}

// bound is a Func and the module or class it was installed for.
type bound struct {
	fn    func() *Func
	owner string
}

// thread says who waits for a Lua thread that runs: nil for nobody in Lua.
type thread struct {
	waits     *lua.LState
	coroutine bool
	depth     int
}

// nesting is how many protected calls, coroutines and callbacks may be inside
// one another, as in Lua 5.1; it keeps the Go stack within its limits.
const nesting = 190

// NewState prepares the tree of L for modules and classes. L must be fresh and
// used by nobody else from now on.
func NewState(L *lua.LState, e Effects) *State {
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Workers == 0 {
		e.Workers = 16
	}
	st := &State{
		root: L, effects: e,
		classes: map[any]*known{}, funcs: map[*lua.LFunction]bound{}, busy: map[*lua.LState]*thread{},
		late: map[*lua.LTable]func(){}, homes: map[*lua.LTable]*Module{}, grids: map[lua.LValue]columnsOf{},
	}
	st.plainList = sync.OnceValue(func() *lua.LTable {
		return st.listMeta("list", func() []*Func { return listFuncs(nil) }, plainColumns)
	})
	st.raised = sync.OnceValue(func() *lua.LTable { return st.Class(errorClass).meta })
	st.strict, st.lateMeta = sync.OnceValue(st.strictMeta), sync.OnceValue(st.untouched)
	return st
}

func (st *State) now() time.Time {
	if st == nil {
		return time.Now()
	}
	return st.effects.Now()
}

func (st *State) panicked(what string, value any, stack []byte) {
	if st.effects.Panic != nil {
		st.effects.Panic(what, value, stack)
	}
}

// leave gives the Lua lock up while a body runs.
func (st *State) leave() { st.mu.Unlock() }

// enter takes the lock for L, which is what runs now.
func (st *State) enter(L *lua.LState) {
	st.mu.Lock()
	L.G.CurrentThread = L
}

// Locked runs f under the Lua lock, with the state to make values in. f must
// not run Lua code.
func (st *State) Locked(f func(L *lua.LState)) {
	st.enter(st.root)
	defer st.mu.Unlock()
	f(st.root)
}

// Call runs a Lua function in a thread of its own and waits for it. An error
// is a *Raised. args and the results are values of this tree. It takes the lock
// and must not be called by whoever holds it.
func (st *State) Call(ctx context.Context, fn lua.LValue, args ...lua.LValue) (results []lua.LValue, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	before := st.root.G.CurrentThread
	defer func() { st.root.G.CurrentThread = before }()
	return st.run(ctx, fn, args)
}

// run calls a Lua function for Go. A cancel that came too late for its last
// instruction is not lost. The caller holds the lock.
func (st *State) run(ctx context.Context, fn lua.LValue, args []lua.LValue) ([]lua.LValue, error) {
	results, fail := st.protect(ctx, st.waiter(ctx), catchAll, fn, args)
	if fail != nil {
		return nil, fail.raised
	}
	if end := canceled(ctx); end != nil {
		return nil, st.newRaised(nil, end)
	}
	return results, nil
}

// failure is how a protected call ended: the value raised and, where the way of
// catching asks for it, the Error made of it at the point of raising.
type failure struct {
	value  lua.LValue
	raised *Raised
}

// catch is what a protected call does at the point of an error, while the stack
// still stands. It returns what the catcher gets.
type catch func(st *State, L *lua.LState, value lua.LValue) lua.LValue

// catchValue keeps the value as it is; catchAll makes an Error of it.
func catchValue(_ *State, _ *lua.LState, v lua.LValue) lua.LValue { return v }

func catchAll(st *State, L *lua.LState, v lua.LValue) lua.LValue {
	return st.object(st.raisedFrom(L, v))
}

// protect calls fn in a thread of its own, as gopher-lua's own protected call
// detaches the captured variables of every function on the stack it runs on.
// The caller holds the lock; L, which waits, is nil for a call from outside.
func (st *State) protect(ctx context.Context, L *lua.LState, how catch, fn lua.LValue, args []lua.LValue) (results []lua.LValue, fail *failure) {
	th, err := st.begin(ctx, L)
	if err != nil {
		return nil, &failure{value: lua.LString(err.Message), raised: st.newRaised(L, err)}
	}
	clean := false
	defer func() {
		p := recover()
		delete(st.busy, th)
		if clean && p == nil {
			st.keep(th)
		}
		if L != nil {
			L.G.CurrentThread = L
		}
		if p != nil {
			fail = st.caught(th, p)
		}
	}()
	th.Panic = func(at *lua.LState) { st.fell(at, how) }
	th.Push(fn)
	for _, a := range args {
		th.Push(a)
	}
	th.Call(len(args), lua.MultRet)
	results = make([]lua.LValue, th.GetTop())
	for i := range results {
		results[i] = th.Get(i + 1)
	}
	th.SetTop(0)
	clean = true
	return results, nil
}

// fell is what a thread does with an error: how looks at it while the stack
// stands; an error while it looks is taken as it is.
func (st *State) fell(at *lua.LState, how catch) {
	value := at.Get(-1)
	if s, ok := value.(lua.LString); ok && strings.HasPrefix(string(s), " ") && alone(at) {
		value = s[1:] // gopher-lua left room for a place that is not there
	}
	before := at.Panic
	at.Panic = func(L *lua.LState) { panic(&lua.ApiError{Type: lua.ApiErrorError, Object: L.Get(-1)}) }
	defer func() { at.Panic = before }()
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: how(st, at, value)})
}

// alone says whether nothing called what runs on L.
func alone(L *lua.LState) bool {
	_, called := L.GetStack(1)
	return !called
}

// callstackOverflow is what gopher-lua panics with, as it looks for the end of a
// growing stack one segment too late.
const callstackOverflow = "lua callstack overflow"

// caught reads what unwound the stack of a protected call.
func (st *State) caught(th *lua.LState, p any) *failure {
	var value lua.LValue
	if raised, ok := p.(*lua.ApiError); ok {
		value = raised.Object
	} else if p == callstackOverflow {
		value = st.object(st.newRaised(th, fault.New(fault.Script, "stack overflow")))
	} else {
		st.panicked("Lua", p, debug.Stack())
		value = st.object(st.newRaised(th, bugOf("Lua", p)))
	}
	raised, _ := RaisedOf(value)
	if raised == nil {
		raised = st.raisedFrom(nil, value)
	}
	return &failure{value, raised}
}

// begin takes a spare thread, or makes one, to run on behalf of L.
func (st *State) begin(ctx context.Context, L *lua.LState) (*lua.LState, *fault.Error) {
	depth := 0
	if w, ok := st.busy[L]; ok {
		depth = w.depth + 1
	}
	if depth > nesting {
		return nil, fault.New(fault.Script, "stack overflow: more than %d protected calls inside one another", nesting)
	}
	th := st.thread(ctx)
	if L != nil {
		th.Env = L.Env
	}
	st.busy[th] = &thread{waits: L, depth: depth}
	st.root.G.CurrentThread = th
	return th, nil
}

func (st *State) thread(ctx context.Context) *lua.LState {
	var th *lua.LState
	if n := len(st.spare); n > 0 {
		th, st.spare = st.spare[n-1], st.spare[:n-1]
	} else {
		root := st.root.RemoveContext()
		th, _ = st.root.NewThread()
		if root != nil {
			st.root.SetContext(root)
		}
	}
	th.SetContext(st.within(ctx, th))
	return th
}

// onThread is a context that knows the Lua thread it was handed to, so that a
// callback knows who waits for it.
type onThread struct {
	context.Context
	st *State
	th *lua.LState
}

// within is ctx for a thread. It replaces the thread of ctx and does not pile
// up, as Lua asks its context at every instruction.
func (st *State) within(ctx context.Context, th *lua.LState) context.Context {
	if outer, ok := ctx.(onThread); ok {
		ctx = outer.Context
	}
	return onThread{ctx, st, th}
}

type threadKey struct{}

// Value finds the thread, or what the context inside holds.
func (c onThread) Value(key any) any {
	if _, ok := key.(threadKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// waiter is the Lua thread whose body got ctx, if it still runs.
func (st *State) waiter(ctx context.Context) *lua.LState {
	t, _ := ctx.Value(threadKey{}).(onThread)
	if st.busy[t.th] == nil {
		return nil
	}
	return t.th
}

// keep puts a thread that ended well aside.
func (st *State) keep(th *lua.LState) {
	if len(st.spare) < 16 {
		th.Env = st.root.Env
		st.spare = append(st.spare, th)
	}
}

// canceled is the error of a context that ended, with its cause.
func canceled(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return nil
	}
	kind := fault.KindOf(cause)
	if kind != fault.Timeout {
		kind = fault.Canceled
	}
	return &fault.Error{Kind: kind, Message: cause.Error()}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
