package host

import (
	"errors"

	"github.com/yuin/gopher-lua/ast"

	"neap/lua/tree"
)

// mend changes what gopher-lua's compiler gets wrong into what means the same
// and is compiled well. It refuses what is nested too deeply to be compiled.
func mend(chunk []ast.Stmt) error {
	w := tree.Walk{Expr: mendTable, Stmt: mendJump}
	if w.Through(chunk) {
		return nil
	}
	return errNested
}

var errNested = errors.New("syntax error: too much inside one another")

// mendTable parts what the compiler confuses: of { "a", k = f() } it also puts
// the results of f into the list part, since the last field is a call. A call
// in parentheses is one value, which is what a field with a key takes.
func mendTable(e ast.Expr) {
	t, ok := e.(*ast.TableExpr)
	if !ok || len(t.Fields) == 0 {
		return
	}
	last := t.Fields[len(t.Fields)-1]
	if last.Key == nil {
		return
	}
	switch value := last.Value.(type) {
	case *ast.FuncCallExpr:
		value.AdjustRet = true
	case *ast.Comma3Expr:
		value.AdjustRet = true
	}
}

// mendJump puts an instruction before one that jumps: the compiler takes a jump
// back to a jump for one to its target's distance, so that "for … in … do break
// end" inside another loop goes anywhere.
func mendJump(s ast.Stmt) ast.Stmt {
	switch s := s.(type) {
	case *ast.BreakStmt, *ast.GotoStmt:
	case *ast.IfStmt:
		if !constant(s.Condition) {
			return s
		}
	case *ast.WhileStmt:
		if !constant(s.Condition) {
			return s
		}
	default:
		return s
	}
	nothing := &ast.LocalAssignStmt{Names: []string{"(jump)"}, Exprs: []ast.Expr{&ast.NilExpr{}}}
	nothing.Exprs[0].SetLine(s.Line())
	block := &ast.DoBlockStmt{Stmts: []ast.Stmt{nothing, s}}
	for _, made := range []ast.Stmt{nothing, block} {
		made.SetLine(s.Line())
		made.SetLastLine(max(s.Line(), s.LastLine()))
	}
	return block
}

// constant says whether a condition may begin with a jump, as the compiler
// knows its value.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case ast.ConstExpr:
		return true
	case *ast.UnaryNotOpExpr:
		return constant(e.Expr)
	case *ast.LogicalOpExpr:
		return constant(e.Lhs)
	}
	return false
}
