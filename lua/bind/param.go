package bind

import (
	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Param is one positional parameter, typed for the Go side.
type Param[T any] struct {
	Name, Doc string
	Kind      Kind[T]
	Optional  bool
	Default   T
	rest      bool
}

// ParamDoc is a parameter, option, fact or result with its Go type erased: all
// that a document needs. Keys are the options of a table, Values the words of
// an enumeration, Object the noun whose live names fit. Listed says that it
// stands in the list part of a table of options.
type ParamDoc struct {
	Name, Type, Doc, Default string
	Optional, Rest, Listed   bool
	Values                   []string
	Object                   string
	Keys                     []ParamDoc

	class installer
}

// Req declares a parameter that must be given.
func Req[T any](name string, k Kind[T], doc string) Param[T] {
	return Param[T]{Name: name, Kind: k, Doc: doc}
}

// Opt declares a parameter that may be left out; the body then gets def.
func Opt[T any](name string, k Kind[T], def T, doc string) Param[T] {
	return Param[T]{Name: name, Kind: k, Doc: doc, Optional: true, Default: def}
}

// Options declares the options table, always the last parameter. Left out, it
// is an empty one; with must, it has to be given.
func Options[S any](r *Record[S]) Param[S] {
	return Param[S]{Name: "options", Kind: r.Kind(), Doc: r.Doc, Optional: !r.needed(), Default: r.fresh()}
}

// Rest declares all arguments from here on; it must come last.
func Rest[T any](name string, k Kind[T], doc string) Param[[]T] {
	all := Kind[[]T]{Name: k.Name, Want: k.Want, Values: k.Values, Object: k.Object, class: k.class}
	all.from = func(c call, _ lua.LValue) ([]T, error) { return restOf(c, k) }
	return Param[[]T]{Name: name, Kind: all, Doc: doc, Optional: true, rest: true}
}

func restOf[T any](c call, k Kind[T]) ([]T, error) {
	var all []T
	for i := c.first() + len(c.fn.Params) - 1; i <= c.L.GetTop(); i++ {
		t, err := k.from(c, c.L.Get(i))
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (k Kind[T]) doc(name, doc string) ParamDoc {
	return ParamDoc{Name: name, Type: k.Name, Doc: doc, Values: k.Values, Object: k.Object, Keys: k.Keys, class: k.class}
}

func (p Param[T]) doc() ParamDoc {
	d := p.Kind.doc(p.Name, p.Doc)
	d.Optional, d.Rest = p.Optional, p.rest
	if p.Optional && p.Kind.show != nil && p.Kind.Keys == nil {
		d.Default = p.Kind.show(p.Default)
	}
	return d
}

// Result is what a function gives back: a number of Lua values made of an R.
type Result[R any] struct {
	docs []ParamDoc
	push func(call, R) int
}

// Void is the Go result of a body that returns Nothing.
type Void = struct{}

// Nothing is the result of a function called for its effect.
var Nothing = Result[Void]{push: func(call, Void) int { return 0 }}

// Returns declares one result.
func Returns[R any](k Kind[R], doc string) Result[R] {
	return Result[R]{
		docs: []ParamDoc{k.doc("", doc)},
		push: func(c call, r R) int { c.L.Push(k.to(c, r)); return 1 },
	}
}

// Pair is two values that cross the border as two.
type Pair[A, B any] struct {
	A A
	B B
}

// Returns2 declares two results, each with its name.
func Returns2[A, B any](a string, ka Kind[A], b string, kb Kind[B], doc string) Result[Pair[A, B]] {
	return Result[Pair[A, B]]{
		docs: []ParamDoc{ka.doc(a, doc), kb.doc(b, "")},
		push: func(c call, p Pair[A, B]) int {
			c.L.Push(ka.to(c, p.A))
			c.L.Push(kb.to(c, p.B))
			return 2
		},
	}
}

// Value is a Lua value that Go passes on without looking at it. The zero Value
// is nil.
type Value struct{ v lua.LValue }

func (v Value) lua() lua.LValue {
	if v.v == nil {
		return lua.LNil
	}
	return v.v
}

// IsNil says whether the value is nil.
func (v Value) IsNil() bool { return v.lua() == lua.LNil }

// Opaque lets any value through unseen.
var Opaque = Kind[Value]{
	Name: "any", Want: "a value",
	from: func(_ call, v lua.LValue) (Value, error) { return Value{v}, nil },
	to:   func(_ call, v Value) lua.LValue { return v.lua() },
}

// False is Lua's false.
var False = Value{lua.LFalse}

// Values is a list of any values, unseen. Objects of one class go out as a list
// with the verbs of the class.
var Values = makeValues()

func makeValues() Kind[[]Value] {
	k := ListOf(Opaque)
	k.Want = "a list"
	k.from = func(_ call, v lua.LValue) ([]Value, error) {
		t, ok := v.(*lua.LTable)
		if !ok {
			return nil, errOther
		}
		items, keys, err := split(t)
		if len(keys) > 0 {
			return nil, fault.New(fault.Invalid, "takes a list, got a table with the key %q", keys[0])
		}
		all := make([]Value, len(items))
		for i, item := range items {
			all[i] = Value{item}
		}
		return all, err
	}
	k.to = func(c call, all []Value) lua.LValue {
		items := make([]lua.LValue, len(all))
		for i, v := range all {
			items[i] = v.lua()
		}
		return c.st.listFor(items)
	}
	return k
}

// Brief names a value in a few words, without asking Lua.
func Brief(v Value) string {
	if s, ok := textOf(v.lua()); ok {
		return clip(s, 60)
	}
	return describe(v.lua())
}

// Objects is an object of any class, or a list of such, as a script gave it and
// as what it is in Go.
type Objects struct {
	Given Value
	All   []any
}

// AnyObjects takes an object of any class, or a list of such.
var AnyObjects = Kind[Objects]{
	Name: "any", Want: "an object, or a list of them",
	from: func(_ call, v lua.LValue) (Objects, error) {
		items := []lua.LValue{v}
		if t, ok := v.(*lua.LTable); ok {
			items = itemsOf(t)
		}
		all := Objects{Given: Value{v}}
		for _, item := range items {
			u, ok := item.(*lua.LUserData)
			if !ok {
				return all, errOther
			}
			o, ok := u.Value.(interface{ held() any })
			if !ok {
				return all, errOther
			}
			all.All = append(all.All, o.held())
		}
		return all, nil
	},
}

// ReturnsAll gives back any number of opaque values.
func ReturnsAll(doc string) Result[[]Value] {
	return Result[[]Value]{
		docs: []ParamDoc{{Name: "...", Type: "any", Doc: doc, Rest: true}},
		push: func(c call, all []Value) int {
			for _, v := range all {
				c.L.Push(v.lua())
			}
			return len(all)
		},
	}
}
