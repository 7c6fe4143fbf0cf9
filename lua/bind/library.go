package bind

import (
	lua "github.com/yuin/gopher-lua"
)

// Late makes t a table whose contents come when somebody first touches it. It
// is a table like any other from then on.
func (st *State) Late(t *lua.LTable, fill func()) {
	t.Metatable = st.lateMeta()
	st.late[t] = func() {
		delete(st.late, t)
		t.Metatable = lua.LNil
		fill()
	}
}

// untouched is the metatable of tables that nobody has touched.
func (st *State) untouched() *lua.LTable {
	mt := st.root.CreateTable(0, 2)
	mt.RawSetString("__index", st.meta("", func(c call) int {
		t := c.L.CheckTable(1)
		c.st.Touch(t)
		c.L.Push(c.L.GetTable(t, c.L.Get(2)))
		return 1
	}))
	mt.RawSetString("__newindex", st.meta("", func(c call) int {
		t := c.L.CheckTable(1)
		c.st.Touch(t)
		c.L.SetTable(t, c.L.Get(2), c.L.Get(3))
		return 0
	}))
	return mt
}

// OpenLate makes a library of gopher-lua known to Lua: its table is there at
// once, what is in it when it is first touched.
func (st *State) OpenLate(name string, open lua.LGFunction) *lua.LTable {
	L := st.root
	t := L.CreateTable(0, 0)
	global := L.G.Global
	loaded := L.FindTable(L.G.Registry, "_LOADED", 1).(*lua.LTable)
	global.RawSetString(name, t)
	loaded.RawSetString(name, t)
	st.Late(t, func() {
		named, required := global.RawGetString(name), loaded.RawGetString(name)
		global.RawSetString(name, t) // open fills what it finds there, and what is not loaded
		loaded.RawSetString(name, lua.LNil)
		open(L)
		L.Pop(1)
		global.RawSetString(name, named)
		loaded.RawSetString(name, required)
	})
	return t
}

// Amend changes a library as soon as it is open.
func (st *State) Amend(name string, change func(*lua.LTable)) {
	t := st.root.G.Global.RawGetString(name).(*lua.LTable)
	fill, late := st.late[t]
	if !late {
		change(t)
		return
	}
	st.late[t] = func() {
		fill()
		change(t)
	}
}

// Touch makes what is in a table that nobody has touched; of any other value it
// does nothing. What looks into tables without their metatables calls it first.
func (st *State) Touch(v lua.LValue) {
	if t, ok := v.(*lua.LTable); ok {
		if fill := st.late[t]; fill != nil {
			fill()
		}
	}
}
