package bind

import (
	"context"
	"sync"
)

// Func is one function as Lua sees it: plain data for the documents and one
// closure that converts, checks and runs. It is never changed once a state was
// made with it.
type Func struct {
	Name, Doc string
	Example   string // Lua that is run as a test
	Params    []ParamDoc
	Returns   []ParamDoc
	Mutates   bool // whether it changes something; set by Change

	later  func() *Func // all but the name, of one that is not declared yet
	method bool
	call   func(call) int
	many   func(call) each // methods only: the same act on several objects
}

// each is a method with its arguments read: what to do to one object without
// the Lua lock, which returns how to push what came of it under the lock.
type each func(context.Context, any) (push func(call) int, err error)

// With adds an example, which a test runs.
func (f *Func) With(example string) *Func { f.Example = example; return f }

// Change marks a function that changes something.
func (f *Func) Change() *Func { f.Mutates = true; return f }

// Later is a function of a module that is declared when it is first called or
// looked at: one with many options is not paid for by those who call another.
func Later(name string, declare func() *Func) *Func {
	return &Func{Name: name, later: sync.OnceValue(declare)}
}

// declared is the function with all that is known of it.
func (f *Func) declared() *Func {
	if f.later != nil {
		return f.later()
	}
	return f
}

// Title is the name as a script writes it, given the module or class it is of.
func (f *Func) Title(owner string) string {
	switch {
	case owner == "":
		return f.Name
	case f.method:
		return owner + ":" + f.Name
	}
	return owner + "." + f.Name
}

// Func0 to Func3 declare functions of so many parameters. The body runs without
// the Lua lock; it must heed its context.
func Func0[R any](name, doc string, r Result[R], do func(context.Context) (R, error)) *Func {
	return &Func{Name: name, Doc: doc, Returns: r.docs, call: func(c call) int {
		v, err := outside(c, do)
		return give(c, &r, v, err)
	}}
}

// Func1 declares a function of one parameter.
func Func1[A, R any](name, doc string, a Param[A], r Result[R], do func(context.Context, A) (R, error)) *Func {
	return &Func{Name: name, Doc: doc, Params: docs(a.doc()), Returns: r.docs, call: func(c call) int {
		a := arg(c, 0, &a)
		v, err := outside(c, func(ctx context.Context) (R, error) { return do(ctx, a) })
		return give(c, &r, v, err)
	}}
}

// Func2 declares a function of two parameters.
func Func2[A, B, R any](name, doc string, a Param[A], b Param[B], r Result[R], do func(context.Context, A, B) (R, error)) *Func {
	return &Func{Name: name, Doc: doc, Params: docs(a.doc(), b.doc()), Returns: r.docs, call: func(c call) int {
		a, b := arg(c, 0, &a), arg(c, 1, &b)
		v, err := outside(c, func(ctx context.Context) (R, error) { return do(ctx, a, b) })
		return give(c, &r, v, err)
	}}
}

// Func3 declares a function of three parameters.
func Func3[A, B, C, R any](name, doc string, a Param[A], b Param[B], p Param[C], r Result[R], do func(context.Context, A, B, C) (R, error)) *Func {
	return &Func{Name: name, Doc: doc, Params: docs(a.doc(), b.doc(), p.doc()), Returns: r.docs, call: func(c call) int {
		a, b, p := arg(c, 0, &a), arg(c, 1, &b), arg(c, 2, &p)
		v, err := outside(c, func(ctx context.Context) (R, error) { return do(ctx, a, b, p) })
		return give(c, &r, v, err)
	}}
}

func docs(all ...ParamDoc) []ParamDoc { return all }

// Method is a Func called on an S, before the colon.
type Method[S any] struct{ *Func }

// With adds an example, which a test runs.
func (m Method[S]) With(example string) Method[S] { m.Func.With(example); return m }

// Change marks a method that changes something.
func (m Method[S]) Change() Method[S] { m.Func.Change(); return m }

// Method0 to Method3 declare methods of so many parameters besides the object.
func Method0[S, R any](name, doc string, r Result[R], do func(context.Context, S) (R, error)) Method[S] {
	return method(name, doc, nil, r, func(call) func(context.Context, S) (R, error) { return do })
}

// Method1 declares a method of one parameter.
func Method1[S, A, R any](name, doc string, a Param[A], r Result[R], do func(context.Context, S, A) (R, error)) Method[S] {
	return method(name, doc, docs(a.doc()), r, func(c call) func(context.Context, S) (R, error) {
		a := arg(c, 0, &a)
		return func(ctx context.Context, s S) (R, error) { return do(ctx, s, a) }
	})
}

// Method2 declares a method of two parameters.
func Method2[S, A, B, R any](name, doc string, a Param[A], b Param[B], r Result[R], do func(context.Context, S, A, B) (R, error)) Method[S] {
	return method(name, doc, docs(a.doc(), b.doc()), r, func(c call) func(context.Context, S) (R, error) {
		a, b := arg(c, 0, &a), arg(c, 1, &b)
		return func(ctx context.Context, s S) (R, error) { return do(ctx, s, a, b) }
	})
}

// Method3 declares a method of three parameters.
func Method3[S, A, B, C, R any](name, doc string, a Param[A], b Param[B], p Param[C], r Result[R], do func(context.Context, S, A, B, C) (R, error)) Method[S] {
	return method(name, doc, docs(a.doc(), b.doc(), p.doc()), r, func(c call) func(context.Context, S) (R, error) {
		a, b, p := arg(c, 0, &a), arg(c, 1, &b), arg(c, 2, &p)
		return func(ctx context.Context, s S) (R, error) { return do(ctx, s, a, b, p) }
	})
}

// Act0 to Act2 declare methods that return their object, so that calls chain.
func Act0[S any](k *Class[S], name, doc string, do func(context.Context, S) error) Method[S] {
	return Method0(name, doc, itself(k), func(ctx context.Context, s S) (S, error) { return s, do(ctx, s) }).Change()
}

// Act1 declares an act of one parameter.
func Act1[S, A any](k *Class[S], name, doc string, a Param[A], do func(context.Context, S, A) error) Method[S] {
	return Method1(name, doc, a, itself(k), func(ctx context.Context, s S, a A) (S, error) { return s, do(ctx, s, a) }).Change()
}

// Act2 declares an act of two parameters.
func Act2[S, A, B any](k *Class[S], name, doc string, a Param[A], b Param[B], do func(context.Context, S, A, B) error) Method[S] {
	return Method2(name, doc, a, b, itself(k), func(ctx context.Context, s S, a A, b B) (S, error) { return s, do(ctx, s, a, b) }).Change()
}

func itself[S any](k *Class[S]) Result[S] { return Returns(k.Kind(), "itself") }

// method builds the Func of a method: read takes the arguments under the lock
// and returns what is then done to the object without it.
func method[S, R any](name, doc string, params []ParamDoc, r Result[R], read func(call) func(context.Context, S) (R, error)) Method[S] {
	f := &Func{Name: name, Doc: doc, Params: params, Returns: r.docs, method: true}
	f.call = func(c call) int {
		s := self[S](c)
		do := read(c)
		v, err := outside(c, func(ctx context.Context) (R, error) { return do(ctx, s) })
		return give(c, &r, v, err)
	}
	f.many = func(c call) each {
		do := read(c)
		return func(ctx context.Context, it any) (func(call) int, error) {
			v, err := do(ctx, it.(S))
			if err != nil {
				return nil, err
			}
			return func(c call) int { return r.push(c, v) }, nil
		}
	}
	return Method[S]{f}
}
