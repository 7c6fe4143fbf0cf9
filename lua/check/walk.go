package check

import "github.com/yuin/gopher-lua/ast"

// each hands the statements of a chunk to stmt, all expressions to expr, and
// the bodies of functions to body, which goes on there itself.
func each(chunk []ast.Stmt, stmt func(ast.Stmt), expr func(ast.Expr), body func([]ast.Stmt)) {
	w := walk{stmt, expr, body}
	w.chunk(chunk)
}

type walk struct {
	stmt func(ast.Stmt)
	expr func(ast.Expr)
	body func([]ast.Stmt)
}

func (w walk) chunk(chunk []ast.Stmt) {
	for _, s := range chunk {
		w.stmt(s)
		w.inside(s)
	}
}

func (w walk) inside(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, e := range s.Lhs {
			if _, name := e.(*ast.IdentExpr); !name {
				w.exprs(e)
			}
		}
		w.exprs(s.Rhs...)
	case *ast.LocalAssignStmt:
		w.exprs(s.Exprs...)
	case *ast.FuncCallStmt:
		w.exprs(s.Expr)
	case *ast.DoBlockStmt:
		w.chunk(s.Stmts)
	case *ast.WhileStmt:
		w.exprs(s.Condition)
		w.chunk(s.Stmts)
	case *ast.RepeatStmt:
		w.chunk(s.Stmts)
		w.exprs(s.Condition)
	case *ast.IfStmt:
		w.exprs(s.Condition)
		w.chunk(s.Then)
		w.chunk(s.Else)
	case *ast.NumberForStmt:
		w.exprs(s.Init, s.Limit, s.Step)
		w.chunk(s.Stmts)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs...)
		w.chunk(s.Stmts)
	case *ast.FuncDefStmt:
		w.exprs(s.Name.Receiver)
		if _, name := s.Name.Func.(*ast.IdentExpr); !name {
			w.exprs(s.Name.Func)
		}
		w.body(s.Func.Stmts)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs...)
	}
}

func (w walk) exprs(all ...ast.Expr) {
	for _, e := range all {
		if e == nil {
			continue
		}
		w.expr(e)
		if f, ok := e.(*ast.FunctionExpr); ok {
			w.body(f.Stmts)
		}
		w.exprs(parts(e)...)
	}
}

// parts are the expressions that an expression is made of.
func parts(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.TableExpr:
		var all []ast.Expr
		for _, f := range e.Fields {
			all = append(all, f.Key, f.Value)
		}
		return all
	case *ast.FuncCallExpr:
		return append([]ast.Expr{e.Func, e.Receiver}, e.Args...)
	case *ast.AttrGetExpr:
		return []ast.Expr{e.Object, e.Key}
	case *ast.LogicalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.RelationalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.StringConcatOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.ArithmeticOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.UnaryMinusOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryNotOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryLenOpExpr:
		return []ast.Expr{e.Expr}
	}
	return nil
}
