package bind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/runtime/fault"
)

// Differences is a method of two values that raises an error, saying where they
// differ, if they do: with ==, and in tables without an == of their own key by
// key.
func Differences[S any](name, doc string) Method[S] {
	f := &Func{Name: name, Doc: doc, method: true, Params: docs(
		ParamDoc{Name: "got", Type: "any", Doc: "what is", Optional: true},
		ParamDoc{Name: "want", Type: "any", Doc: "what should be", Optional: true},
	)}
	f.call = func(c call) int {
		self[S](c)
		d := differing{c: c, seen: map[[2]*lua.LTable]bool{}}
		d.values("", c.L.Get(2), c.L.Get(3))
		if len(d.found) > 0 {
			c.st.raise(c.L, fault.New(fault.Script, "not equal: %s", strings.Join(d.found, "; ")))
		}
		return 0
	}
	return Method[S]{f}
}

// differing finds where two values differ.
type differing struct {
	c     call
	seen  map[[2]*lua.LTable]bool
	found []string
}

// enough is how many differences are told.
const enough = 8

func (d *differing) values(at string, got, want lua.LValue) {
	if len(d.found) > enough || d.c.L.Equal(got, want) {
		return
	}
	a, one := got.(*lua.LTable)
	b, two := want.(*lua.LTable)
	if !one || !two {
		d.differ(at, got, want)
		return
	}
	if pair := [2]*lua.LTable{a, b}; !d.seen[pair] {
		d.seen[pair] = true
		d.tables(at, a, b)
	}
}

func (d *differing) differ(at string, got, want lua.LValue) {
	switch {
	case len(d.found) == enough:
		d.found = append(d.found, "…")
	case want == lua.LNil && at != "":
		d.found = append(d.found, fmt.Sprintf("%s is %s, and should not be there", at, d.shown(got)))
	case got == lua.LNil && at != "":
		d.found = append(d.found, fmt.Sprintf("%s is missing, and should be %s", at, d.shown(want)))
	default:
		if a, b, line := lines(got, want); line > 0 {
			at, got, want = strings.TrimSpace(at+" line "+strconv.Itoa(line)), a, b
		}
		d.found = append(d.found, strings.TrimSpace(fmt.Sprintf("%s is %s, and should be %s", orIt(at), d.shown(got), d.shown(want))))
	}
}

func orIt(at string) string {
	if at == "" {
		return "it"
	}
	return at
}

// lines are the first lines in which two texts of several lines differ.
func lines(got, want lua.LValue) (a, b lua.LValue, line int) {
	one, ok := got.(lua.LString)
	two, also := want.(lua.LString)
	if !ok || !also || !strings.Contains(string(one)+string(two), "\n") {
		return nil, nil, 0
	}
	left, right := strings.SplitAfter(string(one), "\n"), strings.SplitAfter(string(two), "\n")
	for i := range max(len(left), len(right)) {
		var x, y string
		if i < len(left) {
			x = left[i]
		}
		if i < len(right) {
			y = right[i]
		}
		if x != y {
			return lua.LString(x), lua.LString(y), i + 1
		}
	}
	return nil, nil, 0
}

func (d *differing) tables(at string, a, b *lua.LTable) {
	keys := map[lua.LValue]bool{}
	for _, t := range []*lua.LTable{a, b} {
		t.ForEach(func(k, _ lua.LValue) { keys[k] = true })
	}
	all := make([]lua.LValue, 0, len(keys))
	for k := range keys {
		all = append(all, k)
	}
	slices.SortFunc(all, orderKeys)
	for _, k := range all {
		d.values(at+d.key(k, at == ""), a.RawGet(k), b.RawGet(k))
	}
}

// orderKeys puts numbers first, each sort in its own order.
func orderKeys(a, b lua.LValue) int {
	x, one := a.(lua.LNumber)
	y, two := b.(lua.LNumber)
	switch {
	case one && two && x < y, one && !two:
		return -1
	case one && two && x > y, two && !one:
		return 1
	}
	return strings.Compare(a.String(), b.String())
}

// key is a step into a table, as Lua writes it.
func (d *differing) key(k lua.LValue, first bool) string {
	s, ok := k.(lua.LString)
	switch {
	case ok && isName(string(s)) && first:
		return string(s)
	case ok && isName(string(s)):
		return "." + string(s)
	}
	return "[" + d.shown(k) + "]"
}

func isName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

func (d *differing) shown(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return strconv.Quote(string(v))
	case *lua.LTable:
		var parts []string
		v.ForEach(func(k, item lua.LValue) {
			if len(parts) < enough {
				text := "{…}"
				if _, deep := item.(*lua.LTable); !deep {
					text = d.shown(item)
				}
				if _, ok := k.(lua.LNumber); !ok {
					text = strings.TrimPrefix(d.key(k, true), ".") + " = " + text
				}
				parts = append(parts, text)
			}
		})
		return "{ " + strings.Join(parts, ", ") + " }"
	default:
		return d.c.st.Text(d.c.L, v)
	}
}
