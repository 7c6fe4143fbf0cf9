package bind

import (
	"cmp"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// keeper picks the items that a filter keeps; raises if v is no filter.
type keeper func(c call, items []lua.LValue, filter *lua.LTable) []lua.LValue

// ListFuncs are the methods that every list has, for documents.
func ListFuncs() []*Func { return listFuncs(nil) }

// listFuncs are the methods of every list. They run under the Lua lock, on the
// tables themselves, and return new values.
func listFuncs(keep keeper) []*Func {
	field := ParamDoc{Name: "field", Type: "string", Doc: "the name of a fact"}
	by := ParamDoc{Name: "by", Type: "string|function", Doc: "the name of a fact, or a function of the item"}
	return []*Func{
		listFunc("where", "The items that a filter or a function keeps.", "T[]",
			func(c call, t *lua.LTable) int { return where(c, t, keep) }, ParamDoc{Name: "filter", Type: "table|function", Doc: "which to keep"}),
		listFunc("map", "What a function returns for each item.", "any[]", mapItems, ParamDoc{Name: "fn", Type: "function", Doc: "what to do with an item"}),
		listFunc("pluck", "One fact of each item.", "any[]", pluck, field),
		listFunc("sort", "The items in the order of a fact.", "T[]", sorted, by,
			ParamDoc{Name: "order", Type: `"asc"|"desc"`, Doc: "which way", Optional: true, Default: `"asc"`, Values: []string{"asc", "desc"}}),
		listFunc("first", "The first item, or nil.", "T?", func(c call, t *lua.LTable) int { c.L.Push(t.RawGetInt(1)); return 1 }),
		listFunc("slice", "The items from one place to another; negative places count from the end.", "T[]", slice,
			ParamDoc{Name: "from", Type: "integer", Doc: "the first place"}, ParamDoc{Name: "to", Type: "integer", Doc: "the last place", Optional: true, Default: "-1"}),
		listFunc("sum", "The sum of a fact that is a number; what is nil counts nothing.", "number", sum, by),
		listFunc("group_by", "Lists of the items by what a fact is.", "table<any,T[]>", groupBy, by),
		listFunc("table", "The list as a text table.", "string", nil,
			ParamDoc{Name: "columns", Type: "string", Doc: "the facts to show", Optional: true, Rest: true}),
	}
}

func listFunc(name, doc, result string, do func(call, *lua.LTable) int, params ...ParamDoc) *Func {
	return &Func{
		Name: name, Doc: doc, Params: params, Returns: []ParamDoc{{Type: result}}, method: true,
		call: func(c call) int { return do(c, c.listSelf()) },
	}
}

func (c call) listSelf() *lua.LTable {
	t, ok := c.L.Get(1).(*lua.LTable)
	if !ok {
		c.usage("needs a list before the colon, got %s", describe(c.L.Get(1)))
	}
	return t
}

func itemsOf(t *lua.LTable) []lua.LValue {
	items := make([]lua.LValue, t.Len())
	for i := range items {
		items[i] = t.RawGetInt(i + 1)
	}
	return items
}

// like is a list of the same sort as t.
func like(c call, t *lua.LTable, items []lua.LValue) int {
	mt, _ := t.Metatable.(*lua.LTable)
	c.L.Push(c.st.list(items, mt))
	return 1
}

// ask calls a Lua function with one value.
func (c call) ask(fn, v lua.LValue) lua.LValue {
	c.L.Push(fn)
	c.L.Push(v)
	c.L.Call(1, 1)
	result := c.L.Get(-1)
	c.L.Pop(1)
	return result
}

// of is what the first argument, a fact's name or a function, says of an item.
func (c call) of() func(lua.LValue) lua.LValue {
	switch by := c.L.Get(2).(type) {
	case *lua.LFunction:
		return func(v lua.LValue) lua.LValue { return c.ask(by, v) }
	case lua.LString:
		return func(v lua.LValue) lua.LValue { return c.L.GetField(v, string(by)) }
	default:
		c.usage("%s must be the name of a fact or a function, got %s", c.fn.Params[0].Name, describe(by))
		return nil
	}
}

func where(c call, t *lua.LTable, keep keeper) int {
	items := itemsOf(t)
	switch by := c.L.Get(2).(type) {
	case *lua.LFunction:
		return like(c, t, slices.DeleteFunc(items, func(v lua.LValue) bool { return lua.LVIsFalse(c.ask(by, v)) }))
	case *lua.LTable:
		if keep != nil {
			return like(c, t, keep(c, items, by))
		}
		c.usage("takes a function for a list of plain values")
	default:
		c.usage("filter must be a table or a function, got %s", describe(by))
	}
	return 0
}

func mapItems(c call, t *lua.LTable) int {
	fn, ok := c.L.Get(2).(*lua.LFunction)
	if !ok {
		c.usage("fn must be a function, got %s", describe(c.L.Get(2)))
	}
	var out []lua.LValue
	for _, v := range itemsOf(t) {
		if got := c.ask(fn, v); got != lua.LNil {
			out = append(out, got)
		}
	}
	c.L.Push(c.st.listFor(out))
	return 1
}

func pluck(c call, t *lua.LTable) int {
	of := c.of()
	var out []lua.LValue
	for _, v := range itemsOf(t) {
		if got := of(v); got != lua.LNil {
			out = append(out, got)
		}
	}
	c.L.Push(c.st.listFor(out))
	return 1
}

func sum(c call, t *lua.LTable) int {
	of, total := c.of(), lua.LNumber(0)
	for _, v := range itemsOf(t) {
		switch got := of(v).(type) {
		case lua.LNumber:
			total += got
		case *lua.LNilType:
		default:
			c.usage("cannot add %s", describe(got))
		}
	}
	c.L.Push(total)
	return 1
}

func groupBy(c call, t *lua.LTable) int {
	of, groups := c.of(), map[lua.LValue][]lua.LValue{}
	var order []lua.LValue
	for _, v := range itemsOf(t) {
		key := of(v)
		if key == lua.LNil {
			continue
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], v)
	}
	out := c.L.CreateTable(0, 0)
	mt, _ := t.Metatable.(*lua.LTable)
	for _, key := range order {
		out.RawSet(key, c.st.list(groups[key], mt))
	}
	c.L.Push(out)
	return 1
}

func slice(c call, t *lua.LTable) int {
	items := itemsOf(t)
	place := func(i, other int) int {
		v := c.L.Get(i)
		if v == lua.LNil && i == 3 {
			return other
		}
		n, err := Int.from(c, v)
		if err != nil {
			c.usage("%s must be a whole number, got %s", c.fn.Params[0].Name, describe(v))
		}
		if n < 0 {
			n += len(items) + 1
		}
		return n
	}
	from, to := max(place(2, 1), 1), min(place(3, len(items)), len(items))
	if from > to {
		return like(c, t, nil)
	}
	return like(c, t, items[from-1:to])
}

type ranked struct{ item, key lua.LValue }

func sorted(c call, t *lua.LTable) int {
	order := c.L.Get(3).String()
	if order != "asc" && order != "desc" && c.L.Get(3) != lua.LNil {
		c.usage(`order must be "asc" or "desc", got %s`, describe(c.L.Get(3)))
	}
	of := c.of()
	all := make([]ranked, 0, t.Len())
	for _, v := range itemsOf(t) {
		all = append(all, ranked{v, of(v)})
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		if order == "desc" {
			return c.compare(b.key, a.key)
		}
		return c.compare(a.key, b.key)
	})
	items := make([]lua.LValue, len(all))
	for i, r := range all {
		items[i] = r.item
	}
	return like(c, t, items)
}

// compare orders numbers, texts and booleans; nil comes first.
func (c call) compare(a, b lua.LValue) int {
	if a == lua.LNil || b == lua.LNil {
		return boolOrder(a != lua.LNil, b != lua.LNil)
	}
	switch x := a.(type) {
	case lua.LNumber:
		if y, ok := b.(lua.LNumber); ok {
			return cmp.Compare(x, y)
		}
	case lua.LString:
		if y, ok := b.(lua.LString); ok {
			return cmp.Compare(x, y)
		}
	case lua.LBool:
		if y, ok := b.(lua.LBool); ok {
			return boolOrder(bool(x), bool(y))
		}
	}
	c.st.raise(c.L, fault.New(fault.Invalid, "%s: cannot order %s and %s", c.title(), describe(a), describe(b)))
	return 0
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
