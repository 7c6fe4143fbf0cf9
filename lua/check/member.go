package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// attribute reads a.b and a["b"], which are one to Lua.
func (r *reader) attribute(e *ast.AttrGetExpr) kind {
	name, ok := e.Key.(*ast.StringExpr)
	if !ok {
		of := r.expr(e.Object)
		if r.expr(e.Key).sort == number && of.sort == list {
			return of.item()
		}
		return kind{}
	}
	if i, ok := e.Object.(*ast.IdentExpr); ok {
		if l := r.find(i.Value); l != nil && r.misuse(l, i.Value, e, name.Value) {
			return kind{}
		}
	}
	return r.member(e, r.expr(e.Object), name.Value)
}

// member is what a name after a dot stands for.
func (r *reader) member(e *ast.AttrGetExpr, of kind, name string) kind {
	at := member(e.Object, name)
	switch of.sort { //nolint:exhaustive // of all others nothing is known
	case module:
		if f := funcOf(of.module.Members(), name); f != nil {
			return kind{sort: function, fn: f, owner: of.name}
		}
		r.tell(e.Line(), at, "%s has no %q%s", of.name, name, suggestion(name, funcNames(of.module.Members())))
	case library:
		if !slices.Contains(of.names, name) && !r.given(of.name, name) {
			r.tell(e.Line(), at, "%s has no %q%s", of.name, name, suggestion(name, of.names))
		}
	case object:
		return r.fact(e, of, name)
	case list:
		if f := funcOf(of.methods(), name); f != nil {
			return kind{sort: function, fn: f, owner: "list"}
		}
		r.tell(e.Line(), at, "%s has no %q%s", of.noun(), name, suggestion(name, funcNames(of.methods())))
	}
	if of.args != nil {
		return r.argument(e, of, name)
	}
	return kind{}
}

// given says whether the script puts a name into a library by itself.
func (r *reader) given(library, name string) bool { return r.assigned[library+"."+name] }

func (r *reader) fact(e *ast.AttrGetExpr, of kind, name string) kind {
	for _, f := range of.class.Fields {
		if f.Name == name {
			return r.s.named(f.Type)
		}
	}
	if f := funcOf(of.class.Methods, name); f != nil {
		return kind{sort: function, fn: f, owner: of.class.Name}
	}
	r.tell(e.Line(), member(e.Object, name), "%s has no %q%s", article(of.class.Name), name, r.instead(of, name))
	return kind{}
}

// instead names the word for what is not there.
func (r *reader) instead(of kind, name string) string {
	if hint := of.class.Hints[name]; hint != "" {
		return "; the word here is " + hint
	}
	return suggestion(name, append(paramNames(of.class.Fields), funcNames(of.class.Methods)...))
}

// argument is what args declared under a name.
func (r *reader) argument(e *ast.AttrGetExpr, of kind, name string) kind {
	k, ok := of.args[name]
	if !ok {
		var names []string
		for n := range of.args {
			names = append(names, n)
		}
		slices.Sort(names)
		r.tell(e.Line(), member(e.Object, name), "args declares no %q%s", name, suggestion(name, names))
	}
	return k
}

// declared are the arguments of args{ … }, if all can be read here.
func (r *reader) declared(e ast.Expr) map[string]kind {
	t, ok := e.(*ast.TableExpr)
	if !ok {
		return nil
	}
	all := map[string]kind{}
	for _, f := range t.Fields {
		if f.Key != nil {
			continue
		}
		one, ok := f.Value.(*ast.TableExpr)
		if !ok {
			return nil
		}
		name, k := r.declaredOne(one)
		if name == "" {
			return nil
		}
		all[name] = k
	}
	return all
}

func (r *reader) declaredOne(t *ast.TableExpr) (name string, k kind) {
	rest := false
	for _, f := range t.Fields {
		s, ok := f.Value.(*ast.StringExpr)
		key, named := f.Key.(*ast.StringExpr)
		switch {
		case f.Key == nil && ok:
			name = strings.ReplaceAll(strings.TrimPrefix(s.Value, "--"), "-", "_")
		case named && key.Value == "type" && ok:
			if c := r.s.noun(s.Value); c != nil {
				k = kind{sort: object, class: c}
			}
		case named && key.Value == "rest":
			rest = true
		}
	}
	if rest && k.sort == object {
		k.sort = list
	}
	return name, k
}
