package host

import (
	"context"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// newMatcher is a matcher under the context of L. anchored says whether the
// pattern starts with ^, which is taken off.
func newMatcher(L *lua.LState, text, pattern string) (m *matcher, anchored bool) {
	ctx := L.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	m = &matcher{ctx: ctx, text: text, pattern: pattern}
	if strings.HasPrefix(pattern, "^") {
		m.pattern, anchored = pattern[1:], true
	}
	return m, anchored
}

// next finds the first match from a place on.
func (m *matcher) next(L *lua.LState, from int, anchored bool) (start, end int) {
	for s := from; s <= len(m.text); s++ {
		e, err := m.at(s, 0)
		if err != nil {
			L.RaiseError("%s", err)
		}
		if e >= 0 {
			return s, e
		}
		if anchored {
			break
		}
	}
	return -1, -1
}

// captured is the i-th capture of a match from s to e; without captures the
// whole match is the first.
func (m *matcher) captured(L *lua.LState, i, s, e int) lua.LValue {
	if i >= len(m.captures) {
		if i != 0 {
			L.RaiseError("invalid capture index")
		}
		return lua.LString(m.text[s:e])
	}
	switch c := m.captures[i]; c.length {
	case position:
		return lua.LNumber(c.start + 1)
	case open:
		L.RaiseError("unfinished capture")
		return lua.LNil
	default:
		return lua.LString(m.text[c.start : c.start+c.length])
	}
}

// pushCaptures pushes the captures, or the whole match where whole asks for it
// and there are none.
func (m *matcher) pushCaptures(L *lua.LState, s, e int, whole bool) int {
	n := len(m.captures)
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		L.Push(m.captured(L, i, s, e))
	}
	return n
}

// startAt reads the place where a search begins, as Lua counts.
func startAt(L *lua.LState, i int, text string) int {
	n := L.OptInt(i, 1)
	switch {
	case n < 0:
		n = max(len(text)+n, 0)
	case n > 0:
		n--
	}
	return n
}

func (h *Host) find(L *lua.LState) int { return search(L, true) }

func (h *Host) match(L *lua.LState) int { return search(L, false) }

func search(L *lua.LState, find bool) int {
	text, pattern := L.CheckString(1), L.CheckString(2)
	from := min(startAt(L, 3, text), len(text))
	if find && (L.ToBool(4) || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		return plainFind(L, text, pattern, from)
	}
	m, anchored := newMatcher(L, text, pattern)
	s, e := m.next(L, from, anchored)
	if s < 0 {
		L.Push(lua.LNil)
		return 1
	}
	if !find {
		return m.pushCaptures(L, s, e, true)
	}
	L.Push(lua.LNumber(s + 1))
	L.Push(lua.LNumber(e))
	return 2 + m.pushCaptures(L, s, e, false)
}

func plainFind(L *lua.LState, text, pattern string, from int) int {
	i := strings.Index(text[from:], pattern)
	if i < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(from + i + 1))
	L.Push(lua.LNumber(from + i + len(pattern)))
	return 2
}

func (h *Host) gmatch(L *lua.LState) int {
	text, pattern := L.CheckString(1), L.CheckString(2)
	from := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := &matcher{ctx: L.Context(), text: text, pattern: pattern}
		if m.ctx == nil {
			m.ctx = context.Background()
		}
		s, e := m.next(L, from, false)
		if s < 0 {
			from = len(text) + 1
			L.Push(lua.LNil)
			return 1
		}
		if from = e; s == e {
			from++
		}
		return m.pushCaptures(L, s, e, true)
	}))
	return 1
}

func (h *Host) gsub(L *lua.LState) int {
	text, pattern := L.CheckString(1), L.CheckString(2)
	L.CheckTypes(3, lua.LTString, lua.LTNumber, lua.LTTable, lua.LTFunction)
	most := L.OptInt(4, len(text)+1)
	m, anchored := newMatcher(L, text, pattern)
	var b strings.Builder
	s, count := 0, 0
	for count < most {
		e, err := m.at(s, 0)
		if err != nil {
			L.RaiseError("%s", err)
		}
		if e >= 0 {
			count++
			b.WriteString(m.replacement(L, L.Get(3), s, e))
		}
		if b.Len() > longest {
			L.RaiseError("resulting string too large")
		}
		switch {
		case e > s:
			s = e
		case s < len(text):
			b.WriteByte(text[s])
			s++
		default:
			s++
		}
		if s > len(text) || anchored {
			break
		}
	}
	if s < len(text) {
		b.WriteString(text[s:])
	}
	L.Push(lua.LString(b.String()))
	L.Push(lua.LNumber(count))
	return 2
}

// replacement is what takes the place of a match.
func (m *matcher) replacement(L *lua.LState, with lua.LValue, s, e int) string {
	var v lua.LValue
	switch with := with.(type) {
	case *lua.LTable:
		v = L.GetTable(with, m.captured(L, 0, s, e))
	case *lua.LFunction:
		L.Push(with)
		n := m.pushCaptures(L, s, e, true)
		L.Call(n, 1)
		v = L.Get(-1)
		L.Pop(1)
	default:
		return m.expand(L, with.String(), s, e)
	}
	switch v.Type() {
	case lua.LTString, lua.LTNumber:
		return v.String()
	}
	if lua.LVAsBool(v) {
		L.RaiseError("invalid replacement value (a %s)", v.Type())
	}
	return m.text[s:e]
}

// expand puts captures in the place of %1.
func (m *matcher) expand(L *lua.LState, form string, s, e int) string {
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '%' || i+1 == len(form) {
			b.WriteByte(form[i])
			continue
		}
		i++
		switch c := form[i]; {
		case c == '0':
			b.WriteString(m.text[s:e])
		case c >= '1' && c <= '9':
			b.WriteString(m.captured(L, int(c-'1'), s, e).String())
		case c == '%':
			b.WriteByte(c)
		default: // Lua drops the %, gopher-lua keeps it, and its tests want that
			b.WriteByte('%')
			b.WriteByte(c)
		}
	}
	return b.String()
}
