package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"neap/lua/bind"
)

// exprs reads a list of expressions, of which the last may be several values.
func (r *reader) exprs(all []ast.Expr) []kind {
	var kinds []kind
	for i, e := range all {
		if e == nil {
			continue
		}
		if call, ok := e.(*ast.FuncCallExpr); ok && i == len(all)-1 {
			last := r.call(call)
			if len(last) > 0 {
				r.known[e] = last[0]
			}
			return append(kinds, last...)
		}
		kinds = append(kinds, r.expr(e))
	}
	return kinds
}

// expr reads an expression and remembers its kind.
func (r *reader) expr(e ast.Expr) kind {
	k := r.read(e)
	r.known[e] = k
	return k
}

func (r *reader) read(e ast.Expr) kind {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return r.ident(e, false)
	case *ast.AttrGetExpr:
		return r.attribute(e)
	case *ast.FuncCallExpr:
		if all := r.call(e); len(all) > 0 {
			return all[0]
		}
		return kind{}
	case *ast.FunctionExpr:
		r.function(e)
		return kind{sort: luaFunction}
	case *ast.TableExpr:
		r.tableExpr(e)
		return kind{sort: table}
	case *ast.StringExpr:
		return kind{sort: text_}
	case *ast.NumberExpr:
		return kind{sort: number}
	case *ast.TrueExpr, *ast.FalseExpr:
		return kind{sort: boolean}
	case *ast.NilExpr:
		return kind{sort: nothing}
	case *ast.LogicalOpExpr:
		return r.logical(e)
	case *ast.RelationalOpExpr:
		r.compared(e)
		return kind{sort: boolean}
	case *ast.StringConcatOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
		return kind{sort: text_}
	case *ast.UnaryNotOpExpr:
		r.condition(e.Expr)
		return kind{sort: boolean}
	case *ast.ArithmeticOpExpr:
		r.expr(e.Lhs)
		r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		r.expr(e.Expr)
	}
	return kind{}
}

// logical reads and and or: one of two values, so its kind is known only where
// both are alike.
func (r *reader) logical(e *ast.LogicalOpExpr) kind {
	r.condition(e.Lhs)
	k := r.expr(e.Rhs)
	if left := r.known[e.Lhs]; e.Operator == "or" && left.sort == k.sort && left.class == k.class && k.sort == object {
		return k
	}
	return kind{}
}

func (r *reader) tableExpr(e *ast.TableExpr) {
	for _, f := range e.Fields {
		if _, name := f.Key.(*ast.StringExpr); f.Key != nil && !name {
			r.expr(f.Key)
		}
		r.expr(f.Value)
	}
}

// condition reads an expression of which only the truth counts: an act there
// is always true, and a global need not be there.
func (r *reader) condition(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		r.known[e] = r.ident(e, true)
	case *ast.AttrGetExpr:
		if i, ok := e.Object.(*ast.IdentExpr); ok && r.find(i.Value) == nil && len(r.s.Globals[i.Value]) > 0 {
			return // table.unpack or unpack
		}
		r.known[e] = r.attribute(e)
		r.act(e)
	default:
		r.expr(e)
	}
}

// act tells of a method that is used as a fact.
func (r *reader) act(e *ast.AttrGetExpr) {
	name, ok := e.Key.(*ast.StringExpr)
	of := r.known[e.Object]
	if !ok || of.sort != object || funcOf(of.class.Methods, name.Value) == nil {
		return
	}
	message := "%s is an act, which is always true; call it: %s()"
	if near := bind.Near(name.Value, paramNames(of.class.Fields)); near != "" {
		message = "%s is an act, which is always true; the fact is %s"
		r.tell(e.Line(), member(e.Object, name.Value), message, of.class.Name+":"+name.Value, near)
		return
	}
	r.tell(e.Line(), member(e.Object, name.Value), message, of.class.Name+":"+name.Value, ":"+name.Value)
}

func (r *reader) compared(e *ast.RelationalOpExpr) {
	for _, side := range []ast.Expr{e.Lhs, e.Rhs} {
		r.expr(side)
		if a, ok := side.(*ast.AttrGetExpr); ok {
			r.act(a)
		}
	}
	r.never(e.Lhs, e.Rhs)
	r.never(e.Rhs, e.Lhs)
}

// never tells of a fact that is compared with a word which it never is.
func (r *reader) never(fact, with ast.Expr) {
	a, ok := fact.(*ast.AttrGetExpr)
	s, also := with.(*ast.StringExpr)
	if !ok || !also {
		return
	}
	name, ok := a.Key.(*ast.StringExpr)
	of := r.known[a.Object]
	if !ok || of.sort != object {
		return
	}
	for _, f := range of.class.Fields {
		if f.Name == name.Value && len(f.Values) > 0 && !slices.Contains(f.Values, s.Value) {
			near := suggestion(s.Value, f.Values)
			if near == "" {
				near = "; it is one of " + strings.Join(f.Values, ", ")
			}
			r.tell(with.Line(), literal(s.Value), "%s.%s is never %q%s", of.class.Name, f.Name, s.Value, near)
		}
	}
}

func paramNames(all []bind.ParamDoc) []string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	return names
}

// ident reads a name. A global that may be absent is no mistake.
func (r *reader) ident(e *ast.IdentExpr, maybe bool) kind {
	if l := r.find(e.Value); l != nil {
		return l.kind
	}
	r.asked[e.Value] = true
	if r.assigned[e.Value] {
		return kind{}
	}
	k, known := r.s.global(e.Value)
	if known || maybe || r.open {
		return k
	}
	r.tell(e.Line(), variable(e.Value), "there is no %s%s", e.Value, suggestion(e.Value, append(r.s.names(), r.localNames()...)))
	return kind{}
}

func (r *reader) localNames() (all []string) {
	for _, scope := range r.scopes {
		for name := range scope {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
