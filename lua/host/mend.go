package host

import (
	"github.com/yuin/gopher-lua/ast"
)

// mend parts what gopher-lua's compiler confuses: of { "a", k = f() } it also
// puts the results of f into the list part, since the last field is a call. A
// call in parentheses is one value, which is what a field with a key takes.
func mend(chunk []ast.Stmt) {
	for _, s := range chunk {
		mendStmt(s)
	}
}

func mendStmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		mendExprs(s.Lhs...)
		mendExprs(s.Rhs...)
	case *ast.LocalAssignStmt:
		mendExprs(s.Exprs...)
	case *ast.FuncCallStmt:
		mendExprs(s.Expr)
	case *ast.DoBlockStmt:
		mend(s.Stmts)
	case *ast.WhileStmt:
		mendExprs(s.Condition)
		mend(s.Stmts)
	case *ast.RepeatStmt:
		mendExprs(s.Condition)
		mend(s.Stmts)
	case *ast.IfStmt:
		mendExprs(s.Condition)
		mend(s.Then)
		mend(s.Else)
	case *ast.NumberForStmt:
		mendExprs(s.Init, s.Limit, s.Step)
		mend(s.Stmts)
	case *ast.GenericForStmt:
		mendExprs(s.Exprs...)
		mend(s.Stmts)
	case *ast.FuncDefStmt:
		mend(s.Func.Stmts)
	case *ast.ReturnStmt:
		mendExprs(s.Exprs...)
	}
}

func mendExprs(all ...ast.Expr) {
	for _, e := range all {
		mendExpr(e)
	}
}

func mendExpr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.TableExpr:
		mendTable(e)
	case *ast.FuncCallExpr:
		mendExprs(e.Func, e.Receiver)
		mendExprs(e.Args...)
	case *ast.FunctionExpr:
		mend(e.Stmts)
	case *ast.AttrGetExpr:
		mendExprs(e.Object, e.Key)
	case *ast.LogicalOpExpr:
		mendExprs(e.Lhs, e.Rhs)
	case *ast.RelationalOpExpr:
		mendExprs(e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		mendExprs(e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		mendExprs(e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		mendExprs(e.Expr)
	case *ast.UnaryNotOpExpr:
		mendExprs(e.Expr)
	case *ast.UnaryLenOpExpr:
		mendExprs(e.Expr)
	}
}

func mendTable(t *ast.TableExpr) {
	for i, field := range t.Fields {
		mendExprs(field.Key, field.Value)
		if field.Key == nil || i < len(t.Fields)-1 {
			continue
		}
		switch value := field.Value.(type) {
		case *ast.FuncCallExpr:
			value.AdjustRet = true
		case *ast.Comma3Expr:
			value.AdjustRet = true
		}
	}
}
