package bind

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/cells"
)

// grid is a text table: a head and rows of cells.
type grid struct {
	head []string
	rows [][]string
}

// String aligns the columns.
func (g grid) String() string {
	widths := g.widths()
	lines := make([]string, 0, len(g.rows)+1)
	for _, row := range append([][]string{g.head}, g.rows...) {
		var b strings.Builder
		for i, cell := range row {
			if i < len(row)-1 {
				cell = cells.Pad(cell, widths[i]+gap)
			}
			b.WriteString(cell)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return strings.Join(lines, "\n")
}

func (g grid) widths() []int {
	widths := make([]int, len(g.head))
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], cells.Width(cell))
		}
	}
	return widths
}

// columns reads the named facts of the class's objects, or the usual ones.
func (k *Class[S]) columns(c call, t *lua.LTable, names []string) (grid, error) {
	fields, err := k.shown(names)
	if err != nil {
		return grid{}, err
	}
	var objects []S
	for _, v := range itemsOf(t) {
		if s, ok := it[S](v); ok {
			objects = append(objects, s)
		}
	}
	now := c.st.now()
	return outside(c, func(ctx context.Context) (grid, error) {
		return k.grid(k.moment(ctx, len(objects)), objects, fields, now), nil
	})
}

// Table is a list of objects as a text table of their usual facts, which holds
// no time that needs a clock.
func (k *Class[S]) Table(ctx context.Context, all []S) string {
	fields, err := k.filled().shown(nil)
	if err != nil {
		return err.Error()
	}
	return k.grid(ctx, all, fields, time.Time{}).String()
}

func (k *Class[S]) grid(ctx context.Context, all []S, fields []Field[S], now time.Time) (g grid) {
	for _, f := range fields {
		g.head = append(g.head, strings.ToUpper(strings.ReplaceAll(f.Name, "_", " ")))
	}
	for _, s := range all {
		g.rows = append(g.rows, k.row(ctx, s, fields, now))
	}
	return g
}

func (k *Class[S]) shown(names []string) (fields []Field[S], err error) {
	if len(names) == 0 {
		names = k.Columns
	}
	for _, f := range k.Fields {
		if len(names) == 0 && f.plain != nil && f.shape != shapeMap {
			fields = append(fields, f)
		}
	}
	for _, name := range names {
		i := slices.IndexFunc(k.Fields, func(f Field[S]) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s has no %q; %s", article(k.Name), name, suggestion(name, k.members()))
		}
		fields = append(fields, k.Fields[i])
	}
	return fields, nil
}

func (k *Class[S]) row(ctx context.Context, s S, fields []Field[S], now time.Time) []string {
	row := make([]string, len(fields))
	for i, f := range fields {
		row[i] = strings.Join(k.parts(ctx, s, f, now), ", ")
	}
	return row
}

// parts is a fact for people: one text, or one for each of several.
func (k *Class[S]) parts(ctx context.Context, s S, f Field[S], now time.Time) []string {
	read := f.shown
	if read == nil {
		read = f.plain
	}
	if read == nil {
		return nil
	}
	v, err := read(ctx, s)
	if err != nil {
		return []string{"?"}
	}
	return cellsOf(v, f.shape, now)
}

// cellsOf is a plain value for people: texts of one line each.
func cellsOf(v any, s shape, now time.Time) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		return []string{numberCell(v, s)}
	case string:
		if t, err := time.Parse(Stamp, v); err == nil && s == shapeTime {
			return []string{Ago(now.Sub(t))}
		}
		return []string{printable(v)}
	case []string:
		return escaped(v)
	case map[string]string:
		var pairs []string
		for key, value := range v {
			pairs = append(pairs, key+"="+value)
		}
		slices.Sort(pairs)
		return escaped(pairs)
	}
	return []string{printable(fmt.Sprint(v))}
}

func escaped(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = printable(s)
	}
	return out
}

func numberCell(n float64, s shape) string {
	switch s {
	case shapeSize:
		return FormatSize(int64(n))
	case shapeDuration:
		return FormatDuration(time.Duration(n * float64(time.Second)).Round(time.Millisecond))
	default:
		return lua.LNumber(n).String()
	}
}

// Ago is a span for people, as Docker says it: "2 minutes ago".
func Ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "just now"
	case d < 2*time.Minute:
		return plural(int(d.Seconds()), "second") + " ago"
	case d < 2*time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	}
	return plural(int(d.Hours()/24), "day") + " ago"
}

// Span is a time as docker ps says it: "2 minutes", "About an hour".
func Span(d time.Duration) string {
	seconds, minutes, hours := int(d.Seconds()), int(d.Minutes()), int(d.Hours()+0.5)
	switch {
	case seconds < 1:
		return "Less than a second"
	case seconds == 1:
		return "1 second"
	case seconds < 60:
		return strconv.Itoa(seconds) + " seconds"
	case minutes == 1:
		return "About a minute"
	case minutes < 60:
		return strconv.Itoa(minutes) + " minutes"
	case hours == 1:
		return "About an hour"
	case hours < 48:
		return strconv.Itoa(hours) + " hours"
	case hours < 24*14:
		return strconv.Itoa(hours/24) + " days"
	case hours < 24*60:
		return strconv.Itoa(hours/24/7) + " weeks"
	case hours < 24*365*2:
		return strconv.Itoa(hours/24/30) + " months"
	}
	return strconv.Itoa(int(d.Hours())/24/365) + " years"
}

// Printable is s with escapes for what a terminal would act upon.
func Printable(s string) string { return printable(s) }

func printable(s string) string { return cells.Escape(s, "") }

// tableFunc is list:table(columns…).
func tableFunc(columns columnsOf) *Func {
	all := listFuncs(nil)
	f := all[len(all)-1]
	f.call = func(c call) int {
		t := c.listSelf()
		var names []string
		for i := 2; i <= c.L.GetTop(); i++ {
			s, ok := c.L.Get(i).(lua.LString)
			if !ok {
				c.usage("columns must be strings, got %s", describe(c.L.Get(i)))
			}
			names = append(names, string(s))
		}
		g, err := columns(c, t, names)
		if err != nil {
			c.usage("%s", err)
		}
		c.L.Push(lua.LString(g.String()))
		return 1
	}
	return f
}

// listText is how a list prints: objects and records as a table, plain values
// one a line.
func listText(c call, t *lua.LTable, columns columnsOf) string {
	if g, ok := gridOf(c, t, columns); ok {
		return g.String()
	}
	items := itemsOf(t)
	lines := make([]string, len(items))
	for i, v := range items {
		lines[i] = c.st.say(c.L, v)
	}
	return strings.Join(lines, "\n")
}

// plainColumns shows a list of plain tables: the named keys, or all of them.
func plainColumns(c call, t *lua.LTable, names []string) (grid, error) {
	items := itemsOf(t)
	if len(names) == 0 {
		names = allKeys(items)
	}
	g := grid{}
	for _, n := range names {
		g.head = append(g.head, strings.ToUpper(strings.ReplaceAll(n, "_", " ")))
	}
	for _, v := range items {
		row := make([]string, len(names))
		for i, n := range names {
			if got := c.L.GetField(v, n); got != lua.LNil {
				row[i] = printable(c.st.say(c.L, got))
			}
		}
		g.rows = append(g.rows, row)
	}
	return g, nil
}

func allKeys(items []lua.LValue) (names []string) {
	seen := map[string]bool{}
	for _, v := range items {
		t, ok := v.(*lua.LTable)
		if !ok {
			continue
		}
		_, keys, _ := split(t)
		if f := formOf(t); f != nil {
			keys = f.order
		}
		for _, k := range keys {
			if !seen[k] {
				seen[k] = true
				names = append(names, k)
			}
		}
	}
	return names
}
