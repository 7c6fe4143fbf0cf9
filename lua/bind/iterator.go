package bind

import (
	"context"

	lua "github.com/yuin/gopher-lua"
)

// Iterator yields values one by one to a Lua for loop. Next and Close run
// without the Lua lock, never at the same time. ok is false at the end. Close
// is called once: at the end, on an error, or when the scope of the call ends.
type Iterator[T any] interface {
	Next(ctx context.Context) (t T, ok bool, err error)
	Close() error
}

// Iterates declares a result to be used as: for x in f() do … end.
func Iterates[T any](k Kind[T], doc string) Result[Iterator[T]] {
	return Result[Iterator[T]]{
		docs: []ParamDoc{{Name: "iterator", Type: "fun():" + k.Name, Doc: doc, class: k.class}},
		push: func(c call, it Iterator[T]) int {
			forget := ScopeOf(contextOf(c.L)).Add(func(context.Context) error { return it.Close() })
			walk := &walk[T]{it: it, k: k, forget: forget}
			c.L.Push(c.st.meta(c.title(), walk.next))
			return 1
		},
	}
}

// walk is an iterator in use.
type walk[T any] struct {
	it     Iterator[T]
	k      Kind[T]
	forget func()
	busy   bool
	over   bool
}

func (w *walk[T]) next(c call) int {
	if w.busy {
		c.usage("another task is inside this iterator")
	}
	if w.over {
		c.L.Push(lua.LNil)
		return 1
	}
	w.busy = true
	defer func() { w.busy = false }()
	v, ok := w.step(c)
	if !ok {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(w.k.to(c, v))
	return 1
}

// step takes one value and closes the iterator at its end.
func (w *walk[T]) step(c call) (T, bool) {
	type got struct {
		v  T
		ok bool
	}
	g, err := outside(c, func(ctx context.Context) (g got, err error) {
		g.v, g.ok, err = w.it.Next(ctx)
		if err != nil || !g.ok {
			if fail := w.it.Close(); err == nil {
				err = fail
			}
		}
		return g, err
	})
	if err != nil || !g.ok {
		w.over = true
		w.forget()
	}
	if err != nil {
		c.st.raise(c.L, err)
	}
	return g.v, g.ok
}
