package host

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/lua/page"
)

// Help is what help(of) prints: of a function, a module, an object, a list, or
// what a string names. It reads no property.
func (h *Host) Help(of bind.Value) (text string) {
	h.st.Locked(func(*lua.LState) { text = h.explain(bind.Unwrap(of)) })
	return text
}

func (h *Host) explain(v lua.LValue) string {
	if v == lua.LNil {
		return page.Overview(h.st.Modules(), h.st.Classes())
	}
	if f, owner, ok := h.st.FuncOf(v); ok {
		return page.Func(owner, f)
	}
	if m, ok := h.st.ModuleOf(v); ok {
		return page.Module(m)
	}
	if c, ok := h.st.ClassOf(v); ok {
		return page.Class(c)
	}
	if c, ok := h.st.ListClassOf(v); ok {
		text := page.Lists()
		if c.Name != "" {
			text += "  and what all its items can\n" + page.Class(c)
		}
		return text
	}
	if word, ok := v.(lua.LString); ok {
		return h.explainWord(string(word))
	}
	return "there is no help for " + v.Type().String() + " values of your own\n"
}

func (h *Host) explainWord(word string) string {
	if text, ok := page.Named(word, h.st.Modules(), h.st.Classes()); ok {
		return text
	}
	var known []string
	for _, m := range h.st.Modules() {
		known = append(known, m.Name)
	}
	for _, c := range h.st.Classes() {
		known = append(known, c.Name)
	}
	if near := bind.Near(word, known); near != "" {
		return "there is no help for " + strconv.Quote(word) + "; did you mean " + strconv.Quote(near) + "?\n"
	}
	return "there is no help for " + strconv.Quote(word) + "\n"
}
