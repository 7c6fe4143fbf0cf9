package check

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"

	"neap/lua/bind"
)

// call reads a call and gives the kinds of what it returns.
func (r *reader) call(e *ast.FuncCallExpr) []kind {
	if e.Receiver != nil {
		return r.methodCall(e)
	}
	fn := r.expr(e.Func)
	if a, ok := e.Func.(*ast.AttrGetExpr); ok {
		r.dotted(e, a)
	}
	if fn.sort != function {
		args := r.exprs(e.Args)
		return r.builtin(e, args)
	}
	if a, ok := e.Func.(*ast.AttrGetExpr); ok && (r.known[a.Object].sort == object || r.known[a.Object].sort == list) {
		r.exprs(e.Args)
		return r.s.results(fn.fn, r.known[a.Object])
	}
	args := r.arguments(e, fn, e.Args)
	switch {
	case fn.name == "args" && len(e.Args) == 1:
		return []kind{{args: r.declared(e.Args[0]), class: nil}}
	case fn.name == "try" && len(args) > 0:
		return r.tried(args[0])
	}
	return r.s.results(fn.fn, kind{})
}

// builtin are the functions of Lua that pass on what they get.
func (r *reader) builtin(e *ast.FuncCallExpr, args []kind) []kind {
	i, ok := e.Func.(*ast.IdentExpr)
	if !ok || r.find(i.Value) != nil || r.assigned[i.Value] {
		return nil
	}
	switch i.Value {
	case "require":
		if s, ok := one(e.Args).(*ast.StringExpr); ok {
			if m := r.s.module(s.Value); m != nil {
				return []kind{{sort: module, module: m, name: s.Value}}
			}
		}
	case "try":
		if len(args) > 0 {
			return r.tried(args[0])
		}
	case "assert":
		return args
	case "tostring":
		return []kind{{sort: text_}}
	}
	return nil
}

// tried is what a function returns that is given to try, and the error.
func (r *reader) tried(fn kind) []kind {
	if fn.sort != function {
		return nil
	}
	all := r.s.results(fn.fn, kind{})
	for len(all) < 2 {
		all = append(all, kind{})
	}
	if c := r.s.class("Error"); c != nil && len(all) == 2 {
		all[1] = kind{sort: object, class: c}
	}
	return all
}

func one(all []ast.Expr) ast.Expr {
	if len(all) == 1 {
		return all[0]
	}
	return nil
}

// dotted tells of an act that is called with a dot without its object.
func (r *reader) dotted(e *ast.FuncCallExpr, a *ast.AttrGetExpr) {
	name, ok := a.Key.(*ast.StringExpr)
	of := r.known[a.Object]
	if !ok || of.sort != object && of.sort != list || funcOf(of.methods(), name.Value) == nil {
		return
	}
	if len(e.Args) > 0 {
		if _, plain := e.Args[0].(*ast.TableExpr); !plain && !scalar(e.Args[0]) {
			return // it may be the object
		}
	}
	r.tell(a.Line(), member(a.Object, name.Value), "%s is called with a dot; an object is called with a colon: :%s()", name.Value, name.Value)
}

func scalar(e ast.Expr) bool {
	_, constant := e.(ast.ConstExpr)
	return constant
}

func (r *reader) methodCall(e *ast.FuncCallExpr) []kind {
	if i, ok := e.Receiver.(*ast.IdentExpr); ok && r.find(i.Value) == nil {
		if m := r.s.module(i.Value); m != nil {
			r.tell(e.Line(), member(e.Receiver, e.Method), "a module is called with a dot: %s.%s()", i.Value, e.Method)
			r.exprs(e.Args)
			return nil
		}
	}
	of := r.expr(e.Receiver)
	if of.sort == module {
		r.tell(e.Line(), member(e.Receiver, e.Method), "a module is called with a dot: %s.%s()", of.name, e.Method)
		return nil
	}
	f := funcOf(of.methods(), e.Method)
	if f == nil {
		r.noMethod(e, of)
		r.exprs(e.Args)
		return nil
	}
	owner := "list"
	if of.sort == object {
		owner = of.class.Name
	}
	r.arguments(e, kind{sort: function, fn: f, owner: owner}, e.Args)
	if of.sort == list && slices.Contains([]string{"where", "sort", "slice", "first"}, e.Method) || of.sort == object {
		return r.s.results(f, of)
	}
	return nil
}

func (r *reader) noMethod(e *ast.FuncCallExpr, of kind) {
	at := member(e.Receiver, e.Method)
	switch of.sort { //nolint:exhaustive // of all others nothing is known
	case object:
		if slices.Contains(paramNames(of.class.Fields), e.Method) {
			r.tell(e.Line(), at, "%s is a fact; write it with a dot and without brackets: .%s", e.Method, e.Method)
			return
		}
		r.tell(e.Line(), at, "%s has no %q%s", article(of.class.Name), e.Method, r.instead(of, e.Method))
	case list:
		r.tell(e.Line(), at, "%s has no %q%s", of.noun(), e.Method, suggestion(e.Method, funcNames(of.methods())))
	}
}

// arguments reads what a declared function is given.
func (r *reader) arguments(e *ast.FuncCallExpr, fn kind, args []ast.Expr) []kind {
	kinds := r.exprs(args)
	params := fn.fn.Params
	rest := len(params) > 0 && params[len(params)-1].Rest
	title := fn.fn.Title(fn.owner)
	here := r.place(e, fn)
	if len(args) > len(params) && !rest {
		r.tell(e.Line(), here, "%s takes %s at most, got %d", title, plural(len(params)), len(args))
	}
	for i, p := range params {
		switch {
		case i < len(args):
			r.argumentOf(title, p, args[i], here)
		case !p.Optional && !p.Rest && !several(args):
			r.tell(e.Line(), here, "%s: %s is missing: %s", title, p.Name, p.Doc)
		}
	}
	return kinds
}

// place is the word by which a call is found again.
func (r *reader) place(e *ast.FuncCallExpr, fn kind) func(word) bool {
	if e.Receiver != nil {
		return member(e.Receiver, e.Method)
	}
	if a, ok := e.Func.(*ast.AttrGetExpr); ok {
		return member(a.Object, fn.fn.Name)
	}
	return variable(fn.fn.Name)
}

// several says whether the last of the arguments may be more than one.
func several(args []ast.Expr) bool {
	if len(args) == 0 {
		return false
	}
	switch last := args[len(args)-1].(type) {
	case *ast.FuncCallExpr:
		return !last.AdjustRet
	case *ast.Comma3Expr:
		return !last.AdjustRet
	}
	return false
}

func plural(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

func (r *reader) argumentOf(title string, p bind.ParamDoc, e ast.Expr, here func(word) bool) {
	t, ok := e.(*ast.TableExpr)
	if ok && len(p.Keys) > 0 {
		r.options(title, p, t, here)
		return
	}
	if k := r.known[e]; len(p.Keys) > 0 && (k.sort == text_ || k.sort == number || k.sort == boolean) {
		r.tell(e.Line(), r.spot(e, ""), "%s: %s must be a table, got %s", title, p.Name, r.said(e))
		return
	}
	if wrong := r.wrong(p, e); wrong != "" {
		r.tell(e.Line(), r.spot(e, ""), "%s: %s must be %s, got %s", title, p.Name, wrong, r.said(e))
	}
}

// said is a value in words: what is written, or its kind.
func (r *reader) said(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StringExpr:
		return strconv.Quote(e.Value)
	case *ast.NumberExpr:
		return e.Value
	case *ast.TrueExpr:
		return "true"
	case *ast.FalseExpr:
		return "false"
	}
	return r.known[e].noun()
}

// spot is the word by which a value is found again, or the key before it.
func (r *reader) spot(e ast.Expr, name string) func(word) bool {
	switch e := e.(type) {
	case *ast.StringExpr:
		return literal(e.Value)
	case *ast.NumberExpr:
		return literal(e.Value)
	}
	if name != "" {
		return key(name)
	}
	return func(word) bool { return false }
}
