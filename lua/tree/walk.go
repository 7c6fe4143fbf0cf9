// Package tree goes through the syntax tree of a script.
//
// It knows gopher-lua's tree and how deep it may be. It does not know what is
// looked for in it.
package tree

import (
	"github.com/yuin/gopher-lua/ast"
)

// Walk goes through a chunk in the order of its text. Expr sees each
// expression: a call or an index when what stands before its brackets or its
// dot has been seen. Stmt may put another statement in the place of one; nil
// leaves all as they are.
type Walk struct {
	Expr func(ast.Expr)
	Stmt func(ast.Stmt) ast.Stmt

	blocks, depth int // how many more may be inside one another
}

// What may be inside one another in a source: it keeps the stacks of the walk
// and of gopher-lua's compiler within what Go gives, and the time that functions
// in functions take.
const (
	deepestBlock = 1000
	deepestExpr  = 20000
)

// tooDeep is what a walk past its depth panics with.
type tooDeep struct{}

// Through goes through a chunk and says whether it got to the end.
func (w Walk) Through(chunk []ast.Stmt) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, deep := p.(tooDeep); !deep {
				panic(p)
			}
			ok = false
		}
	}()
	w.blocks, w.depth = deepestBlock, deepestExpr
	w.chunk(chunk)
	return true
}

func (w Walk) chunk(chunk []ast.Stmt) {
	if w.blocks--; w.blocks < 0 {
		panic(tooDeep{})
	}
	for i, s := range chunk {
		w.inside(s)
		if w.Stmt != nil {
			chunk[i] = w.Stmt(s)
		}
	}
}

func (w Walk) inside(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Lhs...)
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
		w.chunk(s.Func.Stmts)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs...)
	}
}

func (w Walk) exprs(all ...ast.Expr) {
	for _, e := range all {
		if e != nil {
			w.one(e)
		}
	}
}

func (w Walk) one(e ast.Expr) {
	if w.depth--; w.depth < 0 {
		panic(tooDeep{})
	}
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		w.exprs(e.Func, e.Receiver)
		w.Expr(e)
		w.exprs(e.Args...)
		return
	case *ast.AttrGetExpr:
		w.exprs(e.Object)
		w.Expr(e)
		w.exprs(e.Key)
		return
	case *ast.TableExpr:
		for _, f := range e.Fields {
			w.exprs(f.Key, f.Value)
		}
	case *ast.FunctionExpr:
		w.chunk(e.Stmts)
	case *ast.LogicalOpExpr:
		w.exprs(e.Lhs, e.Rhs)
	case *ast.RelationalOpExpr:
		w.exprs(e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		w.exprs(e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		w.exprs(e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		w.exprs(e.Expr)
	case *ast.UnaryNotOpExpr:
		w.exprs(e.Expr)
	case *ast.UnaryLenOpExpr:
		w.exprs(e.Expr)
	}
	w.Expr(e)
}
