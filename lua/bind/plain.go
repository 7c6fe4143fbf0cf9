package bind

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Any is a plain value both ways: nil, booleans, numbers, texts, lists and maps
// of them. In, numbers are float64, lists []any, maps map[string]any. Out, any
// Go value that has a JSON form, and what Box made of an object.
var Any = anything.accept(func(_ call, v lua.LValue) (any, error) { return fromLua(v, nil) })

var anything = Kind[any]{
	Name: "any", Want: "a plain value",
	to: func(c call, v any) lua.LValue { return c.st.toLua(v) },
}

// Mixed is Any for tables that are a map and a list at once: the list part is
// under the key "".
var Mixed = anything.accept(func(_ call, v lua.LValue) (any, error) { return mixedFromLua(v, 0) })

func mixedFromLua(v lua.LValue, level int) (any, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return fromLua(v, nil)
	}
	if level > depth {
		return nil, fault.New(fault.Invalid, "the table is nested too deep")
	}
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = mixedFromLua(item, level+1); err != nil {
			return nil, err
		}
	}
	if len(keys) == 0 {
		return list, nil
	}
	m := map[string]any{"": list}
	for _, k := range keys {
		if m[k], err = mixedFromLua(t.RawGetString(k), level+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// JSON is a document whose order of keys, empty lists and nulls survive the way
// through Lua: json.encode writes them as they came. In the table a null is nil.
var JSON = Kind[json.RawMessage]{
	Name: "table", Want: "a plain value",
	from: func(_ call, v lua.LValue) (json.RawMessage, error) { return EncodeJSON(v, "") },
	to: func(c call, raw json.RawMessage) lua.LValue {
		v, err := c.st.DecodeJSON(raw)
		if err != nil {
			c.st.raise(c.L, fault.New(fault.Bug, "no JSON: %v", err))
		}
		return v
	},
}

// form is what a table out of JSON remembers of it, in its metatable.
type form struct {
	list  bool
	size  int      // of a list
	order []string // the keys of a map
	nulls map[string]bool
}

const formKey = "neap form"

func formOf(t *lua.LTable) *form {
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	u, ok := mt.RawGetString(formKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	f, _ := u.Value.(*form)
	return f
}

func (st *State) formed(t *lua.LTable, f *form) *lua.LTable {
	mt := st.root.CreateTable(0, 2)
	mt.RawSetString(formKey, &lua.LUserData{Value: f, Metatable: lua.LNil, Env: st.root.Env})
	t.Metatable = mt
	return t
}

// toLua makes a Lua value of a Go one. The caller holds the lock.
func (st *State) toLua(v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case lua.LValue:
		return v
	case Value:
		return v.lua()
	case boxed:
		return v(st)
	case *Raised:
		return st.object(v)
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int:
		return lua.LNumber(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		items := make([]lua.LValue, len(v))
		for i, item := range v {
			items[i] = st.toLua(item)
		}
		return st.list(items, st.plainList())
	case []string:
		return st.strings(v)
	case map[string]any:
		return st.mapToLua(v)
	}
	return st.otherToLua(v)
}

func (st *State) mapToLua(m map[string]any) lua.LValue {
	t := st.root.CreateTable(0, len(m))
	for k, v := range m {
		t.RawSetString(k, st.toLua(v))
	}
	return t
}

// otherToLua tries the classes that hold such a value, by concrete type first,
// then the value's JSON form.
func (st *State) otherToLua(v any) lua.LValue {
	for _, k := range st.declared {
		if k.holds(v) {
			return k.wrap(v, st.Class(k).meta, st.root.Env)
		}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return lua.LString(fmt.Sprint(v))
	}
	out, err := st.DecodeJSON(raw)
	if err != nil {
		return lua.LString(fmt.Sprint(v))
	}
	return out
}

// deepest nesting of a plain value.
const depth = 200

// fromLua makes a Go value of a plain Lua one.
func fromLua(v lua.LValue, above []*lua.LTable) (any, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LTable:
		return tableFromLua(v, above)
	}
	return nil, fault.New(fault.Invalid, "%s is no plain value", describe(v))
}

func tableFromLua(t *lua.LTable, above []*lua.LTable) (any, error) {
	if slices.Contains(above, t) || len(above) > depth {
		return nil, fault.New(fault.Invalid, "the table contains itself or is nested too deep")
	}
	above = append(above, t)
	if f := formOf(t); f != nil && f.list || isList(t) {
		return listFromLua(t, formOf(t), above)
	}
	items, keys, err := split(t)
	if err != nil {
		return nil, err
	}
	if len(items) > 0 && len(keys) > 0 {
		return nil, fault.New(fault.Invalid, "a plain table is a list or a map; this one has items and the key %q", keys[0])
	}
	if len(items) > 0 {
		return listFromLua(t, nil, above)
	}
	m := make(map[string]any, len(keys))
	for _, k := range keys {
		if m[k], err = fromLua(t.RawGetString(k), above); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// isList says whether t has the metatable of a list.
func isList(t *lua.LTable) bool {
	mt, ok := t.Metatable.(*lua.LTable)
	return ok && strings.HasSuffix(mt.RawGetString("__name").String(), "list")
}

func listFromLua(t *lua.LTable, f *form, above []*lua.LTable) (any, error) {
	n := t.MaxN()
	if f != nil {
		n = max(n, f.size)
	}
	all := make([]any, n)
	for i := range all {
		var err error
		if all[i], err = fromLua(t.RawGetInt(i+1), above); err != nil {
			return nil, err
		}
	}
	return all, nil
}
