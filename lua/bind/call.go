package bind

import (
	"context"
	"errors"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// call is one call from Lua in progress. It is passed by value and never kept.
type call struct {
	L     *lua.LState
	st    *State
	fn    *Func
	owner string
}

// first is the index of the first argument on the Lua stack.
func (c call) first() int {
	if c.fn.method {
		return 2
	}
	return 1
}

func (c call) title() string { return c.fn.Title(c.owner) }

// usage stops the script: it called the function wrongly.
func (c call) usage(format string, args ...any) {
	fail := fault.New(fault.Invalid, format, args...)
	fail.Message = c.title() + ": " + fail.Message
	c.st.raise(c.L, fail)
}

// function is f in the form gopher-lua runs. home is the module's table, or nil.
func (st *State) function(f *Func, owner string, home *lua.LTable) *lua.LFunction {
	return st.announced(func() *Func { return f }, owner, home)
}

// announced is what f gives, which is asked when it is called or looked at.
func (st *State) announced(f func() *Func, owner string, home *lua.LTable) *lua.LFunction {
	fn := st.root.NewFunction(func(L *lua.LState) int {
		c := call{L, st, f(), owner}
		defer c.guard()
		c.checkForm(home)
		return c.fn.call(c)
	})
	st.funcs[fn] = bound{f, owner}
	return fn
}

// functions gives the methods of all by name, nil for another: each is made
// for Lua when it is first asked for.
func (st *State) functions(owner string, all func() []*Func) func(name string) lua.LValue {
	made := map[string]lua.LValue{}
	return func(name string) lua.LValue {
		if fn, ok := made[name]; ok {
			return fn
		}
		for _, f := range all() {
			if f.Name == name {
				made[name] = st.function(f, owner, nil)
				return made[name]
			}
		}
		return nil
	}
}

func namesOf(all []*Func) []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

// checkForm refuses too many arguments and a colon where a dot belongs.
func (c call) checkForm(home *lua.LTable) {
	got, most := c.L.GetTop()-c.first()+1, len(c.fn.Params)
	if home != nil && got > 0 && c.L.Get(1) == home {
		c.usage("a module is called with a dot: write %s(…)", c.title())
	}
	if got <= most || most > 0 && c.fn.Params[most-1].Rest {
		return
	}
	if c.fn.method && c.st.sameClass(c.L.Get(1), c.L.Get(2)) && got == most+1 {
		c.usage("takes %s; an object is called with a colon", plural(most, "argument"))
	}
	c.usage("takes %s at most, got %d", plural(most, "argument"), got)
}

// guard turns a Go panic into an Error of kind bug, after the hook has seen it.
// Errors of Lua pass.
func (c call) guard() {
	p := recover()
	if p == nil {
		return
	}
	if raised, ok := p.(*lua.ApiError); ok {
		panic(raised)
	}
	c.st.panicked(c.title(), p, debug.Stack())
	c.st.raise(c.L, bugOf(c.title(), p))
}

func bugOf(what string, p any) error {
	return fault.New(fault.Bug, "%s: panic: %v", what, p).WithHint("this is a mistake in neap, not in the script; please report it")
}

// outside runs a body without the Lua lock and takes the lock again, also when
// the body panics.
func outside[R any](c call, body func(context.Context) (R, error)) (R, error) {
	ctx := contextOf(c.L)
	c.st.leave()
	defer c.st.enter(c.L)
	if c.fn.Mutates {
		careOf(ctx)()
	}
	return body(ctx)
}

func contextOf(L *lua.LState) context.Context {
	if ctx := L.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// arg reads the i-th parameter or stops the script.
func arg[T any](c call, i int, p *Param[T]) T {
	v := c.L.Get(c.first() + i)
	if v == lua.LNil && p.Optional && !p.rest {
		return p.Default
	}
	t, err := p.Kind.from(c, v)
	switch {
	case err == nil:
	case errors.Is(err, errOther):
		c.usage("%s must be %s, got %s", p.Name, p.Kind.Want, describe(v))
	default:
		c.refuse(p.Name, err)
	}
	return t
}

// refuse raises what is wrong with one argument. A failure with a kind of its
// own, such as not_found from looking a name up, is raised as it is.
func (c call) refuse(name string, err error) {
	var known *fault.Error
	var lua *Raised
	if errors.As(err, &known) && known.Kind != fault.Invalid || errors.As(err, &lua) {
		c.st.raise(c.L, err)
	}
	fail := fault.New(fault.Invalid, "%s: %s: %s", c.title(), name, err)
	if name == "options" {
		fail.Message = c.title() + ": " + err.Error()
	}
	if known != nil {
		fail.Message = c.title() + ": " + known.Message
		fail.Hint = known.Hint
	}
	c.st.raise(c.L, fail)
}

// self is the object before the colon.
func self[S any](c call) S {
	v := c.L.Get(1)
	s, ok := it[S](v)
	if !ok {
		c.usage("needs %s before the colon, got %s", article(c.owner), describe(v))
	}
	return s
}

// give pushes what a body returned or raises its error.
func give[R any](c call, r *Result[R], v R, err error) int {
	if err != nil {
		c.st.raise(c.L, err)
	}
	if r.push == nil {
		return 0
	}
	return r.push(c, v)
}
