package bind

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Strings is a list of strings or its one item; numbers and booleans in it
// become text. It goes out as a list.
var Strings = listed("string[]", "a string or a list of strings", func(t []string) any { return t })

func listed(name, want string, plain func([]string) any) Kind[[]string] {
	return Kind[[]string]{
		Name: name, Want: want, shape: shapeList, plain: plain,
		from: func(_ call, v lua.LValue) ([]string, error) {
			if s, ok := textOf(v); ok {
				return []string{s}, nil
			}
			t, ok := v.(*lua.LTable)
			if !ok {
				return nil, errOther
			}
			return textItems(t)
		},
		to: func(c call, all []string) lua.LValue { return c.st.strings(all) },
	}
}

func textItems(t *lua.LTable) ([]string, error) {
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		return nil, fault.New(fault.Invalid, "takes a list, got a table with the key %q", keys[0])
	}
	all := make([]string, len(items))
	for i, v := range items {
		s, ok := textOf(v)
		if !ok {
			return nil, fault.New(fault.Invalid, "item %d must be a string, got %s", i+1, describe(v))
		}
		all[i] = s
	}
	return all, nil
}

// Pairs is a K=V option: a list of "K=V" or its one item, or a map. It comes as
// "K=V" texts, those of a map sorted; a text without = stays as it is.
var Pairs = Kind[[]string]{
	Name: "table<string,string>|string[]|string", Want: `"K=V", a list of them, or a map`, shape: shapeList,
	from: func(_ call, v lua.LValue) ([]string, error) {
		if s, ok := textOf(v); ok {
			return []string{s}, nil
		}
		t, ok := v.(*lua.LTable)
		if !ok {
			return nil, errOther
		}
		return pairItems(t)
	},
	to:    func(c call, all []string) lua.LValue { return c.st.strings(all) },
	plain: func(all []string) any { return all },
}

func pairItems(t *lua.LTable) ([]string, error) {
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	var all []string
	for i, v := range items {
		s, ok := textOf(v)
		if !ok {
			return nil, fault.New(fault.Invalid, "item %d must be \"K=V\", got %s", i+1, describe(v))
		}
		all = append(all, s)
	}
	for _, k := range keys {
		s, ok := textOf(t.RawGetString(k))
		if !ok {
			return nil, fault.New(fault.Invalid, "%s must be a string, got %s", k, describe(t.RawGetString(k)))
		}
		all = append(all, k+"="+s)
	}
	return all, nil
}

// Map is Pairs as a Go map; a text without = has the value "". It goes out as a
// table.
var Map = Kind[map[string]string]{
	Name: "table<string,string>", Want: Pairs.Want, shape: shapeMap,
	from: func(c call, v lua.LValue) (map[string]string, error) {
		pairs, err := Pairs.from(c, v)
		if err != nil {
			return nil, err
		}
		m := make(map[string]string, len(pairs))
		for _, p := range pairs {
			k, v, _ := strings.Cut(p, "=")
			m[k] = v
		}
		return m, nil
	},
	to: func(c call, m map[string]string) lua.LValue {
		t := c.L.CreateTable(0, len(m))
		for k, v := range m {
			t.RawSetString(k, lua.LString(v))
		}
		return t
	},
	plain: func(m map[string]string) any { return m },
}

// ListOf is a list of values of one kind: a plain table whose metatable knows
// :where, :map and their like. As a parameter, the one item will do too.
func ListOf[T any](k Kind[T]) Kind[[]T] {
	all := Kind[[]T]{
		Name: several(k.Name), Want: "a list, each item " + k.Want, Values: k.Values, Object: k.Object, Keys: k.Keys, class: k.class,
		from: func(c call, v lua.LValue) ([]T, error) { return listFrom(c, k, v) },
		to: func(c call, all []T) lua.LValue {
			items := make([]lua.LValue, len(all))
			for i, t := range all {
				items[i] = k.to(c, t)
			}
			return c.st.list(items, c.st.plainList())
		},
	}
	if k.shape == shapeNumber {
		all.shape, all.plain = shapeList, func(list []T) any {
			texts := make([]string, len(list))
			for i, t := range list {
				texts[i] = k.show(t)
			}
			return texts
		}
	}
	return all
}

// several is the type of a list of one type.
func several(one string) string {
	if strings.Contains(one, "|") {
		return "(" + one + ")[]"
	}
	return one + "[]"
}

func listFrom[T any](c call, k Kind[T], v lua.LValue) ([]T, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		one, err := k.from(c, v)
		return []T{one}, err
	}
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		one, err := k.from(c, v)
		return []T{one}, err
	}
	all := make([]T, len(items))
	for i, item := range items {
		all[i], err = k.from(c, item)
		if errors.Is(err, errOther) {
			return nil, fault.New(fault.Invalid, "item %d must be %s, got %s", i+1, k.Want, describe(item))
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// List is the kind of a list of the class's objects, with its bulk verbs.
func (k *Class[S]) List() Kind[[]S] {
	kind := ListOf(k.Kind())
	kind.to = func(c call, all []S) lua.LValue {
		have := c.st.Class(k)
		items := make([]lua.LValue, len(all))
		for i, s := range all {
			items[i] = k.wrap(s, have.meta, c.st.root.Env)
		}
		return c.st.list(items, have.list)
	}
	return kind
}

// list is a table of items with a metatable.
func (st *State) list(items []lua.LValue, mt *lua.LTable) *lua.LTable {
	t := st.root.CreateTable(len(items), 0)
	for i, v := range items {
		t.RawSetInt(i+1, v)
	}
	t.Metatable = mt
	return t
}

func (st *State) strings(all []string) lua.LValue {
	items := make([]lua.LValue, len(all))
	for i, s := range all {
		items[i] = lua.LString(s)
	}
	return st.list(items, st.plainList())
}

// listFor is a list of items, of their class if they all have one.
func (st *State) listFor(items []lua.LValue) *lua.LTable {
	mt := st.plainList()
	for i, v := range items {
		k := st.classOf(v)
		if k == nil || i > 0 && mt != k.list {
			return st.list(items, st.plainList())
		}
		mt = k.list
	}
	return st.list(items, mt)
}

func (st *State) classOf(v lua.LValue) *known {
	u, ok := v.(*lua.LUserData)
	if !ok {
		return nil
	}
	for _, k := range st.order {
		if u.Metatable == k.meta {
			return k
		}
	}
	return nil
}

// installList makes the metatable of the class's lists.
func (k *Class[S]) installList(st *State) *lua.LTable {
	acts := func() []*Func {
		all := listFuncs(k.keep)
		for _, m := range k.methods() {
			if slices.Contains(k.Bulk, m.Name) {
				all = append(all, k.bulk(m))
			}
		}
		return all
	}
	return st.listMeta(k.Name+" list", acts, k.columns)
}

// listMeta is the metatable of lists with the given methods.
func (st *State) listMeta(name string, acts func() []*Func, columns columnsOf) *lua.LTable {
	mt := st.root.CreateTable(0, 0)
	st.grids[mt] = columns
	all := sync.OnceValue(func() []*Func {
		all := acts()
		all[slices.IndexFunc(all, func(f *Func) bool { return f.Name == "table" })] = tableFunc(columns)
		return all
	})
	byName := st.functions("list", all)
	mt.RawSetString("__name", lua.LString(name))
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__index", st.meta(name, func(c call) int {
		key, ok := c.L.Get(2).(lua.LString)
		if !ok {
			c.L.Push(lua.LNil)
			return 1
		}
		if act := byName(string(key)); act != nil {
			c.L.Push(act)
			return 1
		}
		c.st.raise(c.L, fault.New(fault.Invalid, "a list has no %s; %s", strconv.Quote(string(key)), suggestion(string(key), namesOf(all()))).
			WithHint("an item is list[1], a fact of all is list:pluck(%q)", string(key)))
		return 0
	}))
	say := func(c call, v lua.LValue) string {
		if t, ok := v.(*lua.LTable); ok && t.Metatable == mt {
			return listText(c, t, columns)
		}
		return c.st.say(c.L, v)
	}
	mt.RawSetString("__tostring", st.meta(name, func(c call) int { c.L.Push(lua.LString(say(c, c.L.Get(1)))); return 1 }))
	mt.RawSetString("__concat", st.meta(name, func(c call) int {
		c.L.Push(lua.LString(say(c, c.L.Get(1)) + say(c, c.L.Get(2))))
		return 1
	}))
	return mt
}
