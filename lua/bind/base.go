package bind

import (
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// Harden replaces what gopher-lua's libraries get wrong when several tasks share
// a state: protected calls and coroutines. It adds try. The host calls it once,
// before Lua runs.
func (st *State) Harden() {
	L := st.root
	for name, fn := range map[string]lua.LGFunction{
		"pcall": st.pcall, "xpcall": st.xpcall, "try": st.try, "assert": assert, "error": raiseError,
	} {
		L.SetGlobal(name, L.NewFunction(fn))
	}
	st.Amend("debug", func(t *lua.LTable) { t.RawSetString("traceback", L.NewFunction(st.traceback)) })
	st.Amend("coroutine", st.hardenCoroutines)
}

func (st *State) hardenCoroutines(t *lua.LTable) {
	old := func(name string) lua.LGFunction { return t.RawGetString(name).(*lua.LFunction).GFunction }
	for name, fn := range map[string]lua.LGFunction{
		"create": detached(old("create")), "resume": st.resume(old("resume")), "wrap": st.wrap(old("wrap")),
		"yield": st.yield, "running": st.running, "status": st.status,
	} {
		t.RawSetString(name, st.root.NewFunction(fn))
	}
}

func rest(L *lua.LState, from int) []lua.LValue {
	var all []lua.LValue
	for i := from; i <= L.GetTop(); i++ {
		all = append(all, L.Get(i))
	}
	return all
}

func pushAll(L *lua.LState, values ...lua.LValue) int {
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}

// unlessEnded raises again what a protected call must not swallow: that the
// script is to end.
func (st *State) unlessEnded(L *lua.LState) {
	if end := canceled(contextOf(L)); end != nil {
		st.raise(L, end)
	}
}

func (st *State) pcall(L *lua.LState) int {
	fn := L.CheckAny(1)
	if fn.Type() != lua.LTFunction && L.GetMetaField(fn, "__call").Type() != lua.LTFunction {
		return pushAll(L, lua.LFalse, lua.LString("attempt to call a "+fn.Type().String()+" value"))
	}
	results, fail := st.protect(contextOf(L), L, catchValue, fn, rest(L, 2))
	if fail != nil {
		st.unlessEnded(L)
		return pushAll(L, lua.LFalse, fail.value)
	}
	L.Push(lua.LTrue)
	return 1 + pushAll(L, results...)
}

func (st *State) xpcall(L *lua.LState) int {
	fn, handler := L.CheckAny(1), L.CheckFunction(2)
	how := func(_ *State, at *lua.LState, v lua.LValue) lua.LValue {
		at.Push(handler)
		at.Push(v)
		at.Call(1, 1)
		return at.Get(-1)
	}
	results, fail := st.protect(contextOf(L), L, how, fn, rest(L, 3))
	if fail != nil {
		st.unlessEnded(L)
		return pushAll(L, lua.LFalse, fail.value)
	}
	L.Push(lua.LTrue)
	return 1 + pushAll(L, results...)
}

// try returns what the function returned, or nil and an Error.
func (st *State) try(L *lua.LState) int {
	fn := L.CheckAny(1)
	results, fail := st.protect(contextOf(L), L, catchAll, fn, rest(L, 2))
	if fail != nil {
		st.unlessEnded(L)
		return pushAll(L, lua.LNil, st.object(fail.raised))
	}
	return pushAll(L, results...)
}

// raiseError is error: a text gets the place of the function at a level, if that
// is one of Lua.
func raiseError(L *lua.LState) int {
	value, level := L.Get(1), L.OptInt(2, 1)
	text, ok := value.(lua.LString)
	if d, found := L.GetStack(level); ok && level > 0 && found {
		if p, ok := placeOf(L, d); ok {
			value = lua.LString(p.String()+": ") + text
		}
	}
	L.Error(value, 0)
	return 0
}

func assert(L *lua.LState) int {
	if L.ToBool(1) {
		return L.GetTop()
	}
	L.CheckAny(1)
	if L.GetTop() == 1 {
		L.Error(lua.LString("assertion failed!"), 1)
	}
	L.Error(L.Get(2), 0)
	return 0
}

// detached makes coroutines that hold no context of their own: it comes with
// each resume.
func detached(create lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		ctx := L.Context()
		if ctx == nil {
			return create(L)
		}
		L.RemoveContext()
		defer L.SetContext(ctx)
		return create(L)
	}
}

// enterCoroutine says that L waits for th from now on, or why it cannot.
func (st *State) enterCoroutine(L, th *lua.LState) string {
	deep := 0
	if w, ok := st.busy[L]; ok {
		deep = w.depth + 1
	}
	switch _, running := st.busy[th]; {
	case running || th == L:
		return "can not resume a running thread"
	case deep > nesting:
		return "stack overflow: too many coroutines inside one another"
	}
	th.SetContext(st.within(contextOf(L), th))
	st.busy[th] = &thread{waits: L, coroutine: true, depth: deep}
	return ""
}

// leaveCoroutine says that L runs again.
func (st *State) leaveCoroutine(L, th *lua.LState) {
	delete(st.busy, th)
	L.G.CurrentThread = L
}

func (st *State) resume(old lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		th := L.CheckThread(1)
		if why := st.enterCoroutine(L, th); why != "" {
			return pushAll(L, lua.LFalse, lua.LString(why))
		}
		defer st.leaveCoroutine(L, th)
		return old(L)
	}
}

func (st *State) wrap(old lua.LGFunction) lua.LGFunction {
	create := detached(old)
	return func(L *lua.LState) int {
		create(L)
		inner := L.Get(-1).(*lua.LFunction)
		th := inner.Upvalues[0].Value().(*lua.LState)
		L.Push(L.NewClosure(func(L *lua.LState) int {
			if why := st.enterCoroutine(L, th); why != "" {
				L.RaiseError("%s", why)
			}
			ended := false
			defer func() {
				th.Dead = th.Dead || !ended
				st.leaveCoroutine(L, th)
			}()
			n := inner.GFunction(L)
			ended = true
			return n
		}, th))
		return 1
	}
}

// yield refuses to leave a function that Go called, which gopher-lua cannot
// come back to.
func (st *State) yield(L *lua.LState) int {
	if w, ok := st.busy[L]; !ok || !w.coroutine {
		if st.current(L) != nil {
			L.RaiseError("cannot yield out of a function given to neap or pcall")
		}
		L.RaiseError("can not yield from outside of a coroutine")
	}
	if !yieldable(L) {
		L.RaiseError("cannot yield out of a function given to sort, gsub, a for loop or a metamethod")
	}
	return -1
}

// current is the coroutine that L runs for, or nil.
func (st *State) current(L *lua.LState) *lua.LState {
	for w := st.busy[L]; w != nil; w = st.busy[L] {
		if w.coroutine {
			return L
		}
		L = w.waits
	}
	return nil
}

func (st *State) running(L *lua.LState) int {
	if th := st.current(L); th != nil {
		L.Push(th)
		return 1
	}
	L.Push(lua.LNil)
	return 1
}

func (st *State) status(L *lua.LState) int {
	th := L.CheckThread(1)
	_, busy := st.busy[th]
	switch {
	case th.Dead:
		L.Push(lua.LString("dead"))
	case th == st.current(L):
		L.Push(lua.LString("running"))
	case busy:
		L.Push(lua.LString("normal"))
	default:
		L.Push(lua.LString("suspended"))
	}
	return 1
}

// yieldable says whether every function on the stack of L was called by a call
// instruction of a Lua function. gopher-lua tells nobody, so this reads its
// frames.
func yieldable(L *lua.LState) bool {
	top, ok := L.GetStack(0)
	if !ok {
		return false
	}
	frame := reflect.ValueOf(top).Elem().FieldByName("frame")
	for {
		frame = frame.Elem().FieldByName("Parent")
		if frame.IsNil() {
			return true
		}
		fn := frame.Elem().FieldByName("Fn").Elem()
		if fn.FieldByName("IsG").Bool() {
			return false
		}
		code, pc := fn.FieldByName("Proto").Elem().FieldByName("Code"), frame.Elem().FieldByName("Pc").Int()
		if op := code.Index(int(pc-1)).Uint() >> 26; op != uint64(lua.OP_CALL) && op != uint64(lua.OP_TAILCALL) {
			return false
		}
	}
}
