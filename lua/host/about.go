package host

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/page"
)

// HelpOn is help on a name as somebody types it: of what a variable of the
// session holds or a member of that, else of what the words stand for. It
// reads no property.
func (h *Host) HelpOn(name string) (text string) {
	head, member := name, ""
	if i := strings.IndexAny(name, ".:"); i >= 0 {
		head, member = name[:i], name[i+1:]
	}
	h.st.Locked(func(*lua.LState) { text = h.explainHeld(name, member, h.held(head)) })
	return text
}

func (h *Host) explainHeld(name, member string, held lua.LValue) string {
	if member == "" && held != lua.LNil && held.Type() != lua.LTString {
		return h.explain(held)
	}
	if c, ok := h.st.ListClassOf(held); ok && member != "" {
		if text, ok := page.OfList(c, member); ok {
			return text
		}
	}
	c, ok := h.st.ClassOf(held)
	if !ok || member == "" {
		return h.explainWord(name)
	}
	if text, ok := page.Named(c.Name+"."+member, h.st.Modules(), h.st.Classes()); ok {
		return text
	}
	return h.explainWord(c.Name + "." + member)
}
