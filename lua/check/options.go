package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"neap/lua/bind"
)

// options reads a table of options that is written out.
func (r *reader) options(title string, p bind.ParamDoc, t *ast.TableExpr, here func(word) bool) {
	given := map[string]bool{}
	listed, open := 0, false
	filter := hasKey(p.Keys, "unless")
	for _, f := range t.Fields {
		if f.Key == nil {
			listed++
			open = open || several([]ast.Expr{f.Value})
			continue
		}
		name, ok := f.Key.(*ast.StringExpr)
		if !ok {
			open = true
			continue
		}
		given[name.Value] = true
		r.option(title, p, name, f.Value, filter)
	}
	if filter && len(t.Fields) == 0 {
		r.tell(t.Line(), here, "%s: the filter is empty; for all write none, or { all = true }", title)
	}
	if open {
		return
	}
	for i, k := range p.Keys {
		if k.Listed && !k.Rest && !k.Optional && listed <= i || !k.Listed && !k.Optional && !k.Rest && !given[k.Name] {
			r.tell(t.Line(), here, "%s: %s is missing: %s", title, k.Name, k.Doc)
		}
	}
}

func hasKey(all []bind.ParamDoc, name string) bool {
	return slices.ContainsFunc(all, func(p bind.ParamDoc) bool { return p.Name == name && !p.Listed })
}

func (r *reader) option(title string, p bind.ParamDoc, name *ast.StringExpr, value ast.Expr, filter bool) {
	var known []string
	for _, k := range p.Keys {
		if k.Listed {
			continue
		}
		known = append(known, k.Name)
		if k.Name != name.Value {
			continue
		}
		if t, ok := value.(*ast.TableExpr); ok && len(k.Keys) > 0 && !filter {
			r.options(title, k, t, key(k.Name))
		} else if wrong := r.wrong(k, value); wrong != "" && !filter {
			r.tell(value.Line(), r.spot(value, k.Name), "%s: %s must be %s, got %s", title, k.Name, wrong, r.said(value))
		}
		return
	}
	if hint := bind.Stranger(name.Value); hint != "" {
		r.tell(name.Line(), key(name.Value), "%s: no option is called %q; here: %s", title, name.Value, hint)
		return
	}
	r.tell(name.Line(), key(name.Value), "%s: no option is called %q%s", title, name.Value, suggestion(name.Value, known))
}

// wrong says what a parameter wants, if a value cannot be that.
func (r *reader) wrong(p bind.ParamDoc, e ast.Expr) string {
	if s, ok := e.(*ast.StringExpr); ok && len(p.Values) > 0 && !slices.Contains(p.Values, s.Value) && !strings.Contains(p.Type, "[]") {
		return "one of " + strings.Join(p.Values, ", ")
	}
	types := strings.Split(strings.TrimSuffix(p.Type, "?"), "|")
	k := r.known[e]
	if _, written := e.(*ast.TableExpr); k.sort == unknown || k.sort == nothing || written && k.sort == table {
		return r.noTable(types, k)
	}
	for _, t := range types {
		if r.takes(t, p, k) {
			return ""
		}
	}
	return want(types)
}

// noTable refuses a table where only plain values go.
func (r *reader) noTable(types []string, k kind) string {
	if k.sort != table {
		return ""
	}
	for _, t := range types {
		if !slices.Contains([]string{"string", "number", "integer", "boolean", "function"}, t) && !strings.HasPrefix(t, `"`) {
			return ""
		}
	}
	return want(types)
}

func want(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = t
		if !strings.HasPrefix(t, `"`) && !strings.HasSuffix(t, "[]") {
			words[i] = article(t)
		}
	}
	return strings.Join(words, " or ")
}

// takes says whether a declared type lets a value in. What it does not know it
// lets in.
func (r *reader) takes(typ string, p bind.ParamDoc, k kind) bool {
	plain := k.sort == text_ || k.sort == number || k.sort == boolean
	switch {
	case strings.HasSuffix(typ, "[]"), strings.HasPrefix(typ, "table<"):
		return k.sort != luaFunction && k.sort != function || strings.HasPrefix(typ, "any")
	case typ == "string":
		if k.sort == boolean && len(strings.Split(p.Type, "|")) > 1 {
			return false
		}
		return plain || k.sort == object && p.Object != "" // numbers become text in many places
	case strings.HasPrefix(typ, `"`):
		return k.sort == text_
	case typ == "number", typ == "integer":
		return k.sort == number
	case typ == "boolean":
		return k.sort == boolean
	case typ == "function":
		return !plain && k.sort != object && k.sort != list
	}
	if c := r.s.class(typ); c != nil {
		return k.sort == text_ || k.sort == object && k.class.Name == typ || k.sort == table || k.sort == list
	}
	return true
}
