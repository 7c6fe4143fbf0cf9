package host

import (
	"context"
	"sort"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// longestList is how many values the list part of a table may hold. gopher-lua
// fills the part up to any index below its own bound of 67 million, for one
// value that is put far out.
const longestList = 1 << 22

// boundLists sets gopher-lua's bound, which is the process's, once before any Lua
// runs.
var boundLists = sync.OnceFunc(func() { lua.MaxArrayIndex = longestList })

// amendTable replaces the table functions that know no limit or cannot be
// stopped.
func (h *Host) amendTable(library *lua.LTable) {
	insert := library.RawGetString("insert").(*lua.LFunction)
	library.RawSetString("insert", replace(h.L, insert, func(L *lua.LState) int {
		if L.CheckTable(1).Len() >= longestList-1 {
			L.RaiseError("a list holds at most %d values", longestList-1)
		}
		return insert.GFunction(L)
	}))
	library.RawSetString("concat", h.L.NewFunction(concat))
	library.RawSetString("sort", h.L.NewFunction(sortTable))
}

func concat(L *lua.LState) int {
	t, separator := L.CheckTable(1), L.OptString(2, "")
	length := t.Len()
	first, last := L.OptInt(3, 1), L.OptInt(4, length)
	if L.GetTop() == 3 && (first > length || first < 1) {
		L.Push(lua.LString(""))
		return 1
	}
	first, last = max(min(first, length), 1), min(last, length)
	var b strings.Builder
	for i := first; i <= last; i++ {
		v := t.RawGetInt(i)
		if !lua.LVCanConvToString(v) {
			L.RaiseError("invalid value (%s) at index %d in table for concat", v.Type(), i)
		}
		if i > first {
			b.WriteString(separator)
		}
		b.WriteString(v.String())
		if b.Len() > longest {
			L.RaiseError("resulting string too large")
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// sortTable is table.sort, which ends with its context also where no function
// of Lua compares.
func sortTable(L *lua.LState) int {
	t := L.CheckTable(1)
	s := &sorter{L: L, ctx: L.Context()}
	if L.GetTop() > 1 {
		s.less = L.CheckFunction(2)
	}
	for i := range t.Len() {
		s.values = append(s.values, t.RawGetInt(i+1))
	}
	defer func() {
		for i, v := range s.values {
			t.RawSetInt(i+1, v)
		}
	}()
	sort.Sort(s)
	return 0
}

type sorter struct {
	L      *lua.LState
	ctx    context.Context
	less   *lua.LFunction
	values []lua.LValue
	steps  int
}

func (s *sorter) Len() int { return len(s.values) }

func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *sorter) Less(i, j int) bool {
	if s.less == nil {
		if s.steps++; s.steps%checkEvery == 0 && s.ctx != nil && s.ctx.Err() != nil {
			s.L.RaiseError("%s", context.Cause(s.ctx))
		}
		return s.L.LessThan(s.values[i], s.values[j])
	}
	s.L.Push(s.less)
	s.L.Push(s.values[i])
	s.L.Push(s.values[j])
	s.L.Call(2, 1)
	yes := lua.LVAsBool(s.L.Get(-1))
	s.L.Pop(1)
	return yes
}
