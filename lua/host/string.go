package host

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// longest is how many bytes a string function may make.
const longest = 1 << 28

// amendString replaces the string functions that know no __tostring or no limit.
func (h *Host) amendString(library *lua.LTable) {
	library.RawSetString("format", h.L.NewFunction(h.format))
	library.RawSetString("byte", h.L.NewFunction(bytesOf))
	library.RawSetString("rep", h.L.NewFunction(repeat))
	for name, fn := range map[string]lua.LGFunction{"find": h.find, "match": h.match, "gmatch": h.gmatch, "gsub": h.gsub} {
		library.RawSetString(name, h.L.NewFunction(fn))
	}
	library.RawSetString("gfind", library.RawGetString("gmatch"))
}

// bytesOf is string.byte.
func bytesOf(L *lua.LState) int {
	s := L.CheckString(1)
	first := L.OptInt(2, 1)
	last := L.OptInt(3, first)
	if first < 0 {
		first = max(len(s)+first+1, 0)
	}
	if last < 0 {
		last = len(s) + last + 1
	}
	first, last = max(first, 1), min(last, len(s))
	if last-first >= mostResults {
		L.RaiseError("string slice too long")
	}
	for i := first; i <= last; i++ {
		L.Push(lua.LNumber(s[i-1]))
	}
	return max(0, last-first+1)
}

func repeat(L *lua.LState) int {
	s, n := L.CheckString(1), L.CheckNumber(2)
	if n < 1 {
		L.Push(lua.LString(""))
		return 1
	}
	if float64(n)*float64(len(s)) > longest {
		L.RaiseError("resulting string too large")
	}
	L.Push(lua.LString(strings.Repeat(s, int(n))))
	return 1
}

// format is string.format, honouring __tostring for %s.
func (h *Host) format(L *lua.LState) int {
	form := L.CheckString(1)
	var b strings.Builder
	next := 2
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			b.WriteByte(form[i])
			continue
		}
		end := i + 1
		for end < len(form) && strings.IndexByte("-+ #0123456789.", form[end]) >= 0 {
			end++
		}
		if end == len(form) || end-i > 20 {
			L.RaiseError("invalid format (%q)", form[i:end])
		}
		if form[end] == '%' {
			b.WriteByte('%')
		} else {
			b.WriteString(h.directive(L, form[i:end], form[end], next))
			next++
		}
		i = end
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// directive formats the i-th argument.
func (h *Host) directive(L *lua.LState, flags string, verb byte, i int) string {
	if i > L.GetTop() {
		L.ArgError(i, "no value")
	}
	switch verb {
	case 's':
		return fmt.Sprintf(flags+"s", h.st.Text(L, L.Get(i)))
	case 'q':
		return quote(L.CheckString(i))
	case 'c':
		return string([]byte{byte(L.CheckInt(i))})
	case 'd', 'i':
		return fmt.Sprintf(flags+"d", int64(L.CheckNumber(i)))
	case 'u':
		return fmt.Sprintf(flags+"d", uint64(int64(L.CheckNumber(i))))
	case 'o', 'x', 'X':
		return fmt.Sprintf(flags+string(verb), uint64(int64(L.CheckNumber(i))))
	case 'e', 'E', 'f', 'g', 'G':
		return float(flags, verb, float64(L.CheckNumber(i)))
	}
	L.RaiseError("invalid option '%%%c' to 'format'", verb)
	return ""
}

// float writes numbers as C does: %g has six digits and a two-digit exponent.
func float(flags string, verb byte, n float64) string {
	if (verb == 'g' || verb == 'G') && !strings.Contains(flags, ".") {
		flags += ".6"
	}
	text := fmt.Sprintf(flags+string(verb), n)
	return strings.NewReplacer("+Inf", "inf", "Inf", "inf", "NaN", "nan").Replace(text)
}

// quote writes a string so that Lua reads it back.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
