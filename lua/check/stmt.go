package check

import (
	"github.com/yuin/gopher-lua/ast"
)

// block reads statements in the scope that is open.
func (r *reader) block(chunk []ast.Stmt) {
	for _, s := range chunk {
		r.stmt(s)
	}
}

// scoped reads statements in a scope of their own.
func (r *reader) scoped(chunk []ast.Stmt) {
	r.enter()
	r.block(chunk)
	r.leave()
}

func (r *reader) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Rhs)
		for _, e := range s.Lhs {
			r.assign(e)
		}
	case *ast.LocalAssignStmt:
		r.localStmt(s)
	case *ast.FuncCallStmt:
		r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.scoped(s.Stmts)
	case *ast.WhileStmt:
		r.condition(s.Condition)
		r.scoped(s.Stmts)
	case *ast.RepeatStmt:
		r.enter()
		r.block(s.Stmts)
		r.condition(s.Condition)
		r.leave()
	case *ast.IfStmt:
		r.condition(s.Condition)
		r.scoped(s.Then)
		r.scoped(s.Else)
	case *ast.NumberForStmt:
		r.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		r.enter()
		r.declare(s.Name, kind{sort: number}, s.Line())
		r.block(s.Stmts)
		r.leave()
	case *ast.GenericForStmt:
		r.generic(s)
	case *ast.FuncDefStmt:
		r.defined(s)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

func (r *reader) localStmt(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok { // it may call itself
			r.declare(s.Names[0], kind{sort: luaFunction}, s.Line())
			r.hides(s.Names, nil, nil, s.Line())
			r.function(f)
			return
		}
	}
	kinds := r.exprs(s.Exprs)
	for i, name := range s.Names {
		k := kind{}
		if i < len(kinds) {
			k = kinds[i]
		}
		r.declare(name, k, s.Line())
	}
	r.hides(s.Names, s.Exprs, kinds, s.Line())
}

// generic reads for … in … do.
func (r *reader) generic(s *ast.GenericForStmt) {
	kinds := r.exprs(s.Exprs)
	vars := make([]kind, len(s.Names))
	if over, ok := r.over(s.Exprs); ok && len(vars) > 1 {
		vars[1] = over
	}
	if len(kinds) > 0 && kinds[0].sort == iterator {
		vars[0] = kinds[0].item()
	}
	r.enter()
	for i, name := range s.Names {
		r.declare(name, vars[i], s.Line())
	}
	r.block(s.Stmts)
	r.leave()
}

// over is the kind of the items of ipairs(list).
func (r *reader) over(exprs []ast.Expr) (kind, bool) {
	if len(exprs) != 1 {
		return kind{}, false
	}
	call, ok := exprs[0].(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return kind{}, false
	}
	if i, ok := call.Func.(*ast.IdentExpr); !ok || i.Value != "ipairs" && i.Value != "pairs" || r.find(i.Value) != nil {
		return kind{}, false
	}
	of := r.known[call.Args[0]]
	return of.item(), of.sort == list
}

// defined reads function a.b:c() … end.
func (r *reader) defined(s *ast.FuncDefStmt) {
	i, name := s.Name.Func.(*ast.IdentExpr)
	switch {
	case s.Name.Receiver != nil:
		r.expr(s.Name.Receiver)
	case !name:
		r.assign(s.Name.Func)
	case r.s.module(i.Value) != nil:
		r.assignName(i)
	default:
		r.global[i.Value] = true // a function that becomes a global is meant to
	}
	r.enter()
	if s.Name.Receiver != nil {
		r.declare("self", kind{}, s.Line())
	}
	r.function(s.Func)
	r.leave()
}

func (r *reader) function(f *ast.FunctionExpr) {
	r.depth++
	r.enter()
	for _, name := range f.ParList.Names {
		r.declare(name, kind{}, f.Line())
	}
	r.declare("arg", kind{}, f.Line())
	r.block(f.Stmts)
	r.leave()
	r.depth--
}

// assign reads what stands to the left of =.
func (r *reader) assign(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		r.assignName(e)
	case *ast.AttrGetExpr:
		of := r.expr(e.Object)
		name, ok := e.Key.(*ast.StringExpr)
		switch {
		case !ok:
			r.expr(e.Key)
		case of.sort == module:
			r.tell(e.Line(), member(e.Object, name.Value), "the module %s cannot be changed", of.name)
		case of.sort == object:
			r.tell(e.Line(), member(e.Object, name.Value), "%s.%s cannot be assigned", of.class.Name, name.Value)
		}
	default:
		r.expr(e)
	}
}

func (r *reader) assignName(e *ast.IdentExpr) {
	name := e.Value
	if r.find(name) != nil {
		return
	}
	if m := r.s.module(name); m != nil {
		r.tell(e.Line(), variable(name), "%s is a module; take another name", name)
		return
	}
	if _, known := r.s.global(name); known || r.open {
		return
	}
	r.global[name] = r.global[name] || r.depth == 0
	r.made = append(r.made, made{name, r.nearLocal(name), e.Line(), r.depth > 0})
}

// settle tells of globals that are made by mistake, now that all is read.
func (r *reader) settle() {
	for _, g := range r.made {
		switch {
		case g.inside && !r.global[g.name]:
			r.tell(g.line, variable(g.name), "%s becomes a global; write local %s if it is for this function only%s", g.name, g.name, g.near)
		case !r.asked[g.name]:
			r.tell(g.line, variable(g.name), "%s becomes a global that nothing reads%s", g.name, g.near)
		}
	}
}

// nearLocal names a variable that may have been meant.
func (r *reader) nearLocal(name string) string {
	var all []string
	for _, scope := range r.scopes {
		for n := range scope {
			if len(n) > 2 {
				all = append(all, n)
			}
		}
	}
	return suggestion(name, all)
}
