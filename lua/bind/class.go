package bind

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Field is a property: a fact, read afresh each time.
type Field[S any] struct {
	ParamDoc
	shape shape
	get   func(call, S) lua.LValue              // for scripts; raises
	plain func(context.Context, S) (any, error) // for filters and tables; nil if the kind has no plain form
	shown func(context.Context, S) (any, error) // for tables and cards instead; see Shown
}

// Get declares a property. of runs without the Lua lock.
func Get[S, T any](name string, k Kind[T], doc string, of func(context.Context, S) (T, error)) Field[S] {
	f := Field[S]{ParamDoc: k.doc(name, doc), shape: k.shape}
	f.get = func(c call, s S) lua.LValue {
		v, err := outside(c, func(ctx context.Context) (T, error) { return of(ctx, s) })
		if err != nil {
			c.st.raise(c.L, err)
		}
		return k.to(c, v)
	}
	if k.plain != nil {
		f.plain = func(ctx context.Context, s S) (any, error) {
			v, err := of(ctx, s)
			if err != nil {
				return nil, err
			}
			return k.plain(v), nil
		}
	}
	return f
}

// Plain declares a property that the Go value holds already: of must neither
// wait nor fail. It keeps the Lua lock.
func Plain[S, T any](name string, k Kind[T], doc string, of func(S) T) Field[S] {
	f := Field[S]{ParamDoc: k.doc(name, doc), shape: k.shape}
	f.get = func(c call, s S) lua.LValue { return k.to(c, of(s)) }
	if k.plain != nil {
		f.plain = func(_ context.Context, s S) (any, error) { return k.plain(of(s)), nil }
	}
	return f
}

// Class is a Go type that scripts hold as an object. Make it with NewClass, so
// that its Kind can be used before it is complete; do not change it after a
// state was made with it.
type Class[S any] struct {
	Name, Doc string

	Text    func(S) string                           // tostring, print, ..; without the Lua lock; must not fail
	Same    func(a, b S) bool                        // ==; without it handles are equal only to themselves
	Len     func(S) int                              // #; without it there is none
	Find    func(context.Context, string) (S, error) // lets a name or id stand for the object
	Fields  []Field[S]
	Methods []Method[S]
	Acts    func() []Method[S] // makes Methods when one is first called or looked at, if set
	Bulk    []string           // the methods that a list of these has too
	Hints   map[string]string  // a member that is not there and the word for it here: {"status": "state"}
	Columns []string           // the facts shown when a list prints as a table; at first all plain ones
	Extra   []Field[S]         // what only filters know: label network volume publish

	Dynamic func(S, string) (any, bool) // facts known only at run time, plain or from Box
	Members func(S) []string            // their names

	// Moment makes the context in which facts of so many objects are read at
	// once; they need not be read afresh for each of them.
	Moment func(ctx context.Context, n int) context.Context

	Fill func() // declares all of the above at the first need; nil if it is there

	once, made sync.Once
}

// filled is the class with its members declared.
func (k *Class[S]) filled() *Class[S] {
	k.once.Do(func() {
		if k.Fill != nil {
			k.Fill()
		}
	})
	return k
}

// waits says whether the class is declared at the first need.
func (k *Class[S]) waits() bool { return k.Fill != nil }

// Named is the object of a name or id, by Find.
func (k *Class[S]) Named(ctx context.Context, name string) (S, error) {
	return k.filled().Find(ctx, name)
}

// NewClass makes an empty class, whose Kind may be used at once.
func NewClass[S any](name, doc string) *Class[S] { return &Class[S]{Name: name, Doc: doc} }

// An object is what a userdata holds. The wrapper keeps two classes apart even
// if their Go types overlap.
type object[S any] struct{ it S }

func (o object[S]) held() any { return o.it }

func it[S any](v lua.LValue) (s S, ok bool) {
	if u, isUserData := v.(*lua.LUserData); isUserData {
		o, isObject := u.Value.(object[S])
		return o.it, isObject
	}
	return s, false
}

// noun is the word for the class where names are completed: "container".
func (k *Class[S]) noun() string { return strings.ToLower(k.Name) }

// Kind lets the class be a parameter or a result. With Find a name or id will
// do where an object is asked for.
func (k *Class[S]) Kind() Kind[S] {
	return Kind[S]{
		Name: k.Name, Want: article(k.Name), Object: k.noun(), class: k,
		from:  k.from,
		to:    func(c call, s S) lua.LValue { return c.st.box(k, s) },
		plain: func(s S) any { return k.text(s) },
	}
}

func (k *Class[S]) from(c call, v lua.LValue) (S, error) {
	if s, ok := it[S](v); ok {
		return s, nil
	}
	name, ok := v.(lua.LString)
	if !ok || k.filled().Find == nil {
		var none S
		return none, errOther
	}
	return outside(c, func(ctx context.Context) (S, error) { return k.Find(ctx, string(name)) })
}

// OrNil is the kind of a result that may be nothing, as find returns: absent
// says which Go value that is.
func (k *Class[S]) OrNil(absent func(S) bool) Kind[S] {
	kind := k.Kind()
	kind.Name += "?"
	kind.to = func(c call, s S) lua.LValue {
		if absent(s) {
			return lua.LNil
		}
		return c.st.box(k, s)
	}
	return kind
}

// Ref is a parameter that takes an object or a name and hands over the name,
// unchecked: of an object, what name says.
func (k *Class[S]) Ref(name func(S) string) Kind[string] {
	kind := String
	kind.Name, kind.Want, kind.Object, kind.class = k.Name+"|string", article(k.Name)+" or its name", k.noun(), k
	return kind.accept(func(_ call, v lua.LValue) (string, error) {
		if s, ok := it[S](v); ok {
			return name(s), nil
		}
		if s, ok := v.(lua.LString); ok {
			return string(s), nil
		}
		return "", errOther
	})
}

// Box is s in a form that Any, fault.Batch and the Detail of an error turn into
// an object of this class.
func (k *Class[S]) Box(s S) any { return boxed(func(st *State) lua.LValue { return st.box(k, s) }) }

type boxed func(*State) lua.LValue

func (st *State) box(k installer, s any) lua.LValue {
	return k.wrap(s, st.Class(k).meta, st.root.Env)
}

func (k *Class[S]) wrap(s any, mt *lua.LTable, env *lua.LTable) lua.LValue {
	if s == nil {
		return lua.LNil
	}
	return &lua.LUserData{Value: object[S]{s.(S)}, Metatable: mt, Env: env}
}

func (k *Class[S]) moment(ctx context.Context, n int) context.Context {
	if k.Moment == nil {
		return ctx
	}
	return k.Moment(ctx, n)
}

func (k *Class[S]) text(s S) string {
	if k.filled().Text == nil {
		return k.Name
	}
	return k.Text(s)
}

// check refuses a declaration that contradicts itself.
func (k *Class[S]) check() error {
	k.filled()
	seen := map[string]string{}
	note := func(name, what string) error {
		if before := seen[name]; before != "" {
			return fault.New(fault.Bug, "class %s: %s is both %s and %s", k.Name, name, before, what)
		}
		seen[name] = what
		return nil
	}
	for _, f := range k.Fields {
		if err := note(f.Name, "a fact"); err != nil {
			return err
		}
	}
	for _, m := range k.methods() {
		if err := note(m.Name, "an act"); err != nil {
			return err
		}
	}
	for _, name := range k.Bulk {
		if seen[name] != "an act" {
			return fault.New(fault.Bug, "class %s: bulk verb %s is no act of it", k.Name, name)
		}
	}
	for _, name := range k.Columns {
		if seen[name] != "a fact" {
			return fault.New(fault.Bug, "class %s: column %s is no fact of it", k.Name, name)
		}
	}
	return nil
}

func (k *Class[S]) members() (all []string) {
	for _, f := range k.Fields {
		all = append(all, f.Name)
	}
	for _, m := range k.methods() {
		all = append(all, m.Name)
	}
	return all
}

// unknown raises for a member that is not there.
func (k *Class[S]) unknown(c call, name string) {
	fail := fault.New(fault.Invalid, "%s has no %s", article(k.Name), strconv.Quote(name))
	switch hint := k.Hints[name]; {
	case hint != "":
		fail = fail.WithHint("the word here is %s", hint)
	default:
		fail.Message += "; " + suggestion(name, k.members())
	}
	c.st.raise(c.L, fail)
}

// install makes the metatable of the class for one state.
func (k *Class[S]) install(st *State) *lua.LTable {
	k.filled()
	mt := st.root.CreateTable(0, 0)
	set := func(event string, act func(call) int) {
		mt.RawSetString(event, st.meta(k.Name, act))
	}
	mt.RawSetString("__name", lua.LString(k.Name))
	mt.RawSetString("__metatable", lua.LFalse)
	set("__index", k.index(st))
	set("__newindex", func(c call) int {
		c.st.raise(c.L, fault.New(fault.Invalid, "%s.%s cannot be assigned", k.Name, c.L.Get(2)))
		return 0
	})
	set("__tostring", func(c call) int { c.L.Push(lua.LString(k.said(c, c.L.Get(1)))); return 1 })
	set("__concat", func(c call) int {
		c.L.Push(lua.LString(c.st.say(c.L, c.L.Get(1)) + c.st.say(c.L, c.L.Get(2))))
		return 1
	})
	if k.Len != nil {
		set("__len", func(c call) int { s, _ := it[S](c.L.Get(1)); c.L.Push(lua.LNumber(k.Len(s))); return 1 })
	}
	set("__eq", func(c call) int { c.L.Push(lua.LBool(k.same(c, c.L.Get(1), c.L.Get(2)))); return 1 })
	return mt
}

func (k *Class[S]) said(c call, v lua.LValue) string {
	s, ok := it[S](v)
	if !ok {
		return describe(v)
	}
	text, _ := outside(c, func(context.Context) (string, error) { return k.text(s), nil })
	return text
}

func (k *Class[S]) same(c call, x, y lua.LValue) bool {
	a, ok := it[S](x)
	b, also := it[S](y)
	if !ok || !also || k.Same == nil {
		return false
	}
	same, _ := outside(c, func(context.Context) (bool, error) { return k.Same(a, b), nil })
	return same
}

// index reads a member: an act from a table, a fact from its getter.
func (k *Class[S]) index(st *State) func(call) int {
	acts := st.functions(k.Name, k.acts)
	facts := make(map[string]int, len(k.Fields))
	for i, f := range k.Fields {
		facts[f.Name] = i
	}
	return func(c call) int {
		name := c.L.Get(2).String()
		if s, ok := it[S](c.L.Get(1)); ok && k.Dynamic != nil {
			return k.dynamic(c, s, name)
		}
		i, ok := facts[name]
		if !ok {
			c.L.Push(k.act(c, acts, name))
			return 1
		}
		s, ok := it[S](c.L.Get(1))
		if !ok {
			c.st.raise(c.L, fault.New(fault.Invalid, "%s.%s is asked of %s", k.Name, name, describe(c.L.Get(1))))
		}
		c.L.Push(k.Fields[i].get(c, s))
		return 1
	}
}

// dynamic reads a fact known only at run time.
func (k *Class[S]) dynamic(c call, s S, name string) int {
	v, ok := k.Dynamic(s, name)
	if !ok {
		c.st.raise(c.L, fault.New(fault.Invalid, "%s has no %s; %s", article(k.Name), strconv.Quote(name), suggestion(name, k.Members(s))))
	}
	c.L.Push(c.st.toLua(v))
	return 1
}

// meta is a metamethod: like a function, but without a declaration of its own.
func (st *State) meta(owner string, act func(call) int) *lua.LFunction {
	f := &Func{Name: owner, method: true}
	return st.root.NewFunction(func(L *lua.LState) int {
		c := call{L, st, f, ""}
		defer c.guard()
		return act(c)
	})
}

// say is tostring without its checks.
func (st *State) say(L *lua.LState, v lua.LValue) string { return L.ToStringMeta(v).String() }

func (st *State) sameClass(a, b lua.LValue) bool {
	x, ok := a.(*lua.LUserData)
	y, also := b.(*lua.LUserData)
	return ok && also && x.Metatable == y.Metatable
}

// describeClass is the class as documents see it.
func (k *Class[S]) describe() ClassDoc {
	k.filled()
	d := ClassDoc{Name: k.Name, Noun: k.noun(), Doc: k.Doc, Bulk: slices.Clone(k.Bulk), Hints: k.Hints}
	for _, f := range k.Fields {
		d.Fields = append(d.Fields, f.ParamDoc)
	}
	for _, m := range k.methods() {
		d.Methods = append(d.Methods, m.Func)
	}
	return d
}

// String names the class.
func (k *Class[S]) String() string { return fmt.Sprintf("class %s", k.Name) }

// holds says whether v is an S.
func (k *Class[S]) holds(v any) bool { _, ok := v.(S); return ok }
