package bind

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Callback is a Lua function that Go may call, from any goroutine: each call
// takes the Lua lock and a thread of its own. It must not outlive the script.
// The zero Callback is none.
type Callback[A, R any] struct {
	st   *State
	fn   *lua.LFunction
	give func(call, A) int
	take func(call, []lua.LValue) (R, error)
}

// IsSet says whether there is a function.
func (f Callback[A, R]) IsSet() bool { return f.fn != nil }

// Call runs the function under ctx and waits for it. An error of the script is
// a *Raised; a body that returns it hands it on unchanged.
func (f Callback[A, R]) Call(ctx context.Context, a A) (r R, err error) {
	if f.fn == nil {
		return r, fault.New(fault.Bug, "a callback that is none was called")
	}
	f.st.mu.Lock()
	defer f.st.mu.Unlock()
	before := f.st.root.G.CurrentThread
	defer func() { f.st.root.G.CurrentThread = before }()
	results, err := f.st.run(ctx, f.fn, f.args(a))
	if err != nil {
		return r, err
	}
	return f.read(results)
}

// args are the Lua values of an A.
func (f Callback[A, R]) args(a A) []lua.LValue {
	L := f.st.thread(context.Background())
	defer f.st.keep(L)
	n := f.give(call{L, f.st, callbackFunc, ""}, a)
	args := make([]lua.LValue, n)
	for i := range args {
		args[i] = L.Get(i + 1)
	}
	L.SetTop(0)
	return args
}

func (f Callback[A, R]) read(results []lua.LValue) (r R, err error) {
	L := f.st.thread(context.Background())
	defer f.st.keep(L)
	return f.take(call{L, f.st, callbackFunc, ""}, results)
}

var callbackFunc = &Func{Name: "callback"}

// Function is the kind of a Lua function that gets what passes says and returns
// one value of kind k; nil is the zero R.
func Function[A, R any](passes Result[A], k Kind[R]) Kind[Callback[A, R]] {
	return function(passes, func(c call, got []lua.LValue) (r R, err error) {
		if len(got) == 0 || got[0] == lua.LNil {
			return r, nil
		}
		r, err = k.from(c, got[0])
		if errors.Is(err, errOther) {
			err = fault.New(fault.Invalid, "the function must return %s, it returned %s", k.Want, describe(got[0]))
		}
		return r, err
	})
}

// Predicate is the kind of a Lua function that says yes or no, as Lua's and and
// or take it.
func Predicate[A any](passes Result[A]) Kind[Callback[A, bool]] {
	return function(passes, func(_ call, got []lua.LValue) (bool, error) {
		return len(got) > 0 && lua.LVAsBool(got[0]), nil
	})
}

// Passing is the kind of a Lua function whose results, any number, are passed
// on unseen.
func Passing[A any](passes Result[A]) Kind[Callback[A, []Value]] {
	return function(passes, func(_ call, got []lua.LValue) ([]Value, error) {
		all := make([]Value, len(got))
		for i, v := range got {
			all[i] = Value{v}
		}
		return all, nil
	})
}

func function[A, R any](passes Result[A], take func(call, []lua.LValue) (R, error)) Kind[Callback[A, R]] {
	return Kind[Callback[A, R]]{
		Name: "function", Want: "a function",
		from: func(c call, v lua.LValue) (Callback[A, R], error) {
			fn, ok := v.(*lua.LFunction)
			if !ok {
				return Callback[A, R]{}, errOther
			}
			return Callback[A, R]{c.st, fn, passes.push, take}, nil
		},
	}
}
