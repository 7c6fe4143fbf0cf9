package bind

import (
	"context"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/cells"
)

const (
	gap      = 2  // columns of a terminal between those of a table
	narrowed = 12 // how narrow a column may be made
)

// Table is a list of objects or of records as a table of width columns, 0 for
// any. ok is false for what does not print as one. The caller holds the lock, in
// a function that runs on L.
func (st *State) Table(L *lua.LState, v lua.LValue, width int) (text string, ok bool) {
	t, ok := v.(*lua.LTable)
	if !ok || st.grids[t.Metatable] == nil {
		return "", false
	}
	g, ok := gridOf(call{L, st, &Func{Name: "table"}, "list"}, t, st.grids[t.Metatable])
	switch {
	case !ok:
		return "", false
	case width > 0:
		return g.fit(width), true
	}
	return g.String(), true
}

// gridOf is a list as a table, if it is one of objects or of records.
func gridOf(c call, t *lua.LTable, columns columnsOf) (g grid, ok bool) {
	items := itemsOf(t)
	if len(items) == 0 {
		return g, false
	}
	switch first := items[0].(type) {
	case *lua.LUserData:
		if k := c.st.classOf(first); k == nil || t.Metatable != k.list {
			return g, false
		}
	case *lua.LTable:
		if isList(first) {
			return g, false
		}
		columns = plainColumns
	default:
		return g, false
	}
	g, err := columns(c, t, nil)
	return g, err == nil
}

// columnsOf reads a list in columns: the named ones, or the usual.
type columnsOf func(c call, t *lua.LTable, names []string) (grid, error)

// fit is the table in width columns of a terminal: wide cells are cut short, and
// what has no room even so is named below.
func (g grid) fit(width int) string {
	widths := g.widths()
	n := len(widths)
	for n > 1 && least(widths[:n]) > width {
		n--
	}
	narrow(widths[:n], width)
	fitted := grid{head: cutTo(g.head, widths[:n])}
	for _, row := range g.rows {
		fitted.rows = append(fitted.rows, cutTo(row, widths[:n]))
	}
	text := fitted.String()
	if n < len(widths) {
		text += "\n" + cells.Cut("… no room for "+strings.ToLower(strings.Join(g.head[n:], ", ")), width)
	}
	return text
}

// least is how narrow columns of such widths can become.
func least(widths []int) int {
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += min(w, narrowed)
	}
	return total
}

// narrow takes from the widest columns until all fit.
func narrow(widths []int, width int) {
	over := gap*(len(widths)-1) - width
	for _, w := range widths {
		over += w
	}
	for ; over > 0; over-- {
		i := slices.Index(widths, slices.Max(widths))
		if widths[i] <= 1 {
			return
		}
		widths[i]--
	}
}

func cutTo(row []string, widths []int) []string {
	cut := make([]string, len(widths))
	for i, w := range widths {
		cut[i] = cells.Cut(row[i], w)
	}
	return cut
}

// Shown says how a fact reads in tables and cards, where its value says less to
// people.
func (f Field[S]) Shown(text func(context.Context, S) ([]string, error)) Field[S] {
	f.shown = func(ctx context.Context, s S) (any, error) { return text(ctx, s) }
	return f
}
