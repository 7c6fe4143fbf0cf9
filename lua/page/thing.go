package page

import (
	"slices"
	"strings"

	"neap/lua/bind"
)

// thing is what an expression stands for, as far as declarations and the
// session tell. The zero thing is unknown.
type thing struct {
	module *bind.Module
	class  string     // of an object, or of the items of a list
	list   bool       // it is a list
	fn     *bind.Func // it is a function,
	of     *thing     // of this one
	path   string     // it is a variable, or a key in one
}

// chain reads the expression that begins with the token at i, and gives where it
// ends.
func (e Env) chain(l *lexed, i int) (t thing, next int) {
	switch {
	case l.is(i, "("):
		end := l.closing(i)
		if end < 0 {
			return t, i + 1
		}
		if inner, after := e.chain(l, i+1); after == end {
			t = inner
		}
		i = end + 1
	case l.named(i):
		t = e.base(l, i)
		i++
	default:
		return t, i + 1
	}
	for i < len(l.tokens) {
		end := i
		switch {
		case l.is(i, ".", ":") && l.named(i+1):
			t, end = e.member(t, l.tokens[i].text, l.tokens[i+1].text), i+1
		case l.tokens[i].kind == 's':
			t = t.result()
		case l.is(i, "(", "{", "["):
			if end = l.closing(i); end < 0 {
				return t, i
			}
			if l.is(i, "[") {
				t = t.item()
			} else {
				t = t.result()
			}
		default:
			return t, i
		}
		i = end + 1
	}
	return t, i
}

// ending is the thing whose expression ends with the token at end.
func (e Env) ending(l *lexed, end int) thing {
	if end < 0 || !l.ends(end) {
		return thing{}
	}
	t, next := e.chain(&lexed{tokens: l.tokens[:end+1]}, l.begin(end))
	if next != end+1 {
		return thing{}
	}
	return t
}

// base is what a name stands for: what the text before makes of it, else a
// variable, a module, a function of no module.
func (e Env) base(l *lexed, i int) thing {
	name := l.tokens[i].text
	if t := e.local(l, i, name); t != (thing{}) {
		return t
	}
	t := thing{path: name}
	if e.ClassOf != nil {
		class := e.ClassOf(name)
		t.class, t.list = strings.TrimSuffix(class, "[]"), strings.HasSuffix(class, "[]")
	}
	for _, m := range e.Modules {
		if m.Name == name {
			t.module, t.fn = m, m.Call
		}
		if m.Name != "" {
			continue
		}
		if f := find(m.Members(), name); f != nil {
			t.fn = f
		}
	}
	return t
}

// local is what the text before i makes of a name: name = …, for _, name in
// ipairs(…), the item in list:map(function(name).
func (e Env) local(l *lexed, i int, name string) thing {
	for j := i - 1; j >= 0; j-- {
		if l.tokens[j].text != name || !l.named(j) || l.is(j-1, ".", ":") {
			continue
		}
		switch {
		case l.is(j+1, "=") && !e.optionAt(l, j):
			t, _ := e.chain(l, j+2)
			return t
		case l.is(j+1, "in") && l.is(j+2, "ipairs", "pairs") && l.is(j+3, "("):
			t, _ := e.chain(l, j+4)
			return t.item()
		case l.is(j-1, "(") && l.is(j-2, "function") && l.is(j-3, "("):
			if call := e.ending(l, j-4); call.of != nil {
				return call.of.item()
			}
		}
	}
	return thing{}
}

// optionAt says whether name = … at j stands in a table.
func (e Env) optionAt(l *lexed, j int) bool {
	depth := 0
	for k := j - 1; k >= 0; k-- {
		switch {
		case l.is(k, ")", "}", "]"):
			depth++
		case l.is(k, "(", "{", "["):
			if depth--; depth < 0 {
				return l.is(k, "{")
			}
		}
	}
	return false
}

// member is what follows a dot or a colon.
func (e Env) member(t thing, mark, name string) thing {
	m := thing{of: &t}
	switch {
	case t.module != nil && mark == ".":
		m.fn = find(t.module.Members(), name)
	case mark == ":" && (t.list || t.class != ""):
		m.fn = find(e.methods(t), name)
	case mark == "." && t.path != "":
		m.path = t.path + "." + name
	}
	return m
}

func find(all []*bind.Func, name string) *bind.Func {
	if i := slices.IndexFunc(all, func(f *bind.Func) bool { return f.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

// result is what a function gives back.
func (t thing) result() thing {
	if t.fn == nil || len(t.fn.Returns) == 0 {
		return thing{}
	}
	kind := strings.TrimSuffix(t.fn.Returns[0].Type, "?")
	name, list := strings.CutSuffix(kind, "[]")
	if name == "T" && t.of != nil {
		return thing{class: t.of.class, list: list}
	}
	return thing{class: name, list: list}
}

// item is one of a list.
func (t thing) item() thing {
	if !t.list {
		return thing{}
	}
	return thing{class: t.class}
}

// classOf is the class of a thing, or of a list's items.
func (e Env) classOf(t thing) bind.ClassDoc {
	for _, c := range e.Classes {
		if c.Name == t.class {
			return c
		}
	}
	return bind.ClassDoc{}
}

// methods are what a thing can be told with a colon.
func (e Env) methods(t thing) []*bind.Func {
	c := e.classOf(t)
	if !t.list {
		return c.Methods
	}
	all := bind.ListFuncs()
	for _, m := range c.Methods {
		if slices.Contains(c.Bulk, m.Name) {
			all = append(all, m)
		}
	}
	return all
}
