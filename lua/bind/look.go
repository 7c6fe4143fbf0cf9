package bind

import lua "github.com/yuin/gopher-lua"

// FuncOf is the declaration behind a function that scripts hold.
func (st *State) FuncOf(v lua.LValue) (f *Func, owner string, ok bool) {
	fn, _ := v.(*lua.LFunction)
	b, ok := st.funcs[fn]
	if !ok {
		return nil, "", false
	}
	return b.fn(), b.owner, true
}

// ClassOf is the class of an object that scripts hold.
func (st *State) ClassOf(v lua.LValue) (ClassDoc, bool) {
	u, ok := v.(*lua.LUserData)
	if !ok {
		return ClassDoc{}, false
	}
	if u.Metatable == st.raised() {
		return errorClass.describe(), true
	}
	if k := st.classOf(v); k != nil {
		return k.class.describe(), true
	}
	return ClassDoc{}, false
}

// ListClassOf is the class whose list v is; it has no name for a list of plain
// values.
func (st *State) ListClassOf(v lua.LValue) (ClassDoc, bool) {
	t, ok := v.(*lua.LTable)
	if !ok || t.Metatable == lua.LNil {
		return ClassDoc{}, false
	}
	for _, k := range st.order {
		if t.Metatable == k.list {
			return k.class.describe(), true
		}
	}
	return ClassDoc{}, t.Metatable == st.plainList()
}

// ModuleOf is the module behind a table.
func (st *State) ModuleOf(v lua.LValue) (*Module, bool) {
	for _, m := range st.modules {
		if m.Name != "" && st.root.G.Global.RawGetString(m.Name) == v {
			return m, true
		}
	}
	return nil, false
}

// Text is tostring of v, as L would say it. The caller holds the lock.
func (st *State) Text(L *lua.LState, v lua.LValue) string { return st.say(L, v) }

// Wrap is a Value of this tree.
func Wrap(v lua.LValue) Value { return Value{v} }

// Unwrap is the Lua value behind a Value.
func Unwrap(v Value) lua.LValue { return v.lua() }

// Raise stops the script that runs on L with an error.
func (st *State) Raise(L *lua.LState, err error) { st.raise(L, err) }

// ToLua makes a Lua value of a plain Go value, or of what Class.Box made. The
// caller holds the lock.
func (st *State) ToLua(v any) lua.LValue { return st.toLua(v) }

// IsTrue says whether Lua takes the value for true.
func (v Value) IsTrue() bool { return lua.LVAsBool(v.lua()) }
