package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"neap/lua/bind"
	"neap/lua/tree"
)

// reader goes through a script with the scopes it is in.
type reader struct {
	*text
	s      Surface
	scopes []map[string]*local
	depth  int // how many functions it is inside

	assigned map[string]bool // names that are assigned to after they were declared
	global   map[string]bool // globals that the main chunk, or a function of that name, makes
	asked    map[string]bool // globals that are read
	made     []made          // globals that are assigned to
	used     map[string]bool // modules of which something is used
	known    map[ast.Expr]kind
	open     bool // something may make globals that nobody sees here
	found    []Finding
}

// made is a global that is assigned to.
type made struct {
	name, near string
	line       int
	inside     bool // a function
}

// local is a variable: what it holds, and where it hides a module.
type local struct {
	kind
	line int
	hid  bool // it was told that it hides a module
}

func newReader(t *text, s Surface) *reader {
	return &reader{text: t, s: s, assigned: map[string]bool{}, global: map[string]bool{}, asked: map[string]bool{}, used: map[string]bool{}, known: map[ast.Expr]kind{}}
}

// tell notes a mistake at the word that fits, from a line on.
func (r *reader) tell(line int, fits func(word) bool, format string, args ...any) {
	column, width, on := r.at(line, fits)
	r.found = append(r.found, r.finding(on, column, width, fmt.Sprintf(format, args...)))
}

func (r *reader) enter() { r.scopes = append(r.scopes, map[string]*local{}) }
func (r *reader) leave() { r.scopes = r.scopes[:len(r.scopes)-1] }

// declare makes a local. One that is assigned to later may hold anything.
func (r *reader) declare(name string, k kind, line int) {
	if r.assigned[name] {
		k = kind{}
	}
	r.scopes[len(r.scopes)-1][name] = &local{kind: k, line: line}
}

func (r *reader) find(name string) *local {
	for i := len(r.scopes) - 1; i >= 0; i-- {
		if l := r.scopes[i][name]; l != nil {
			return l
		}
	}
	return nil
}

// note looks through the whole script first: what is assigned, and which
// modules are used. It is false for one that is nested too deep.
func (r *reader) note(chunk []ast.Stmt) bool {
	return tree.Walk{Stmt: func(s ast.Stmt) ast.Stmt {
		switch s := s.(type) {
		case *ast.AssignStmt:
			for _, e := range s.Lhs {
				r.noteTarget(e)
			}
		case *ast.FuncDefStmt:
			if s.Name.Receiver == nil {
				r.noteTarget(s.Name.Func)
			}
		}
		return s
	}, Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.AttrGetExpr:
			r.noteUse(e)
		case *ast.IdentExpr:
			r.open = r.open || slices.Contains([]string{"setfenv", "dofile", "loadfile", "loadstring", "load", "_G", "getfenv", "module"}, e.Value)
		}
	}}.Through(chunk)
}

// noteUse remembers that a module is used.
func (r *reader) noteUse(e *ast.AttrGetExpr) {
	of, ok := e.Object.(*ast.IdentExpr)
	name, also := e.Key.(*ast.StringExpr)
	if !ok || !also {
		return
	}
	if m := r.s.module(of.Value); m != nil && funcOf(m.Members(), name.Value) != nil {
		r.used[of.Value] = true
	}
}

// noteTarget remembers what is assigned to: a name, or a member of one.
func (r *reader) noteTarget(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		r.assigned[e.Value] = true
	case *ast.AttrGetExpr:
		of, ok := e.Object.(*ast.IdentExpr)
		name, also := e.Key.(*ast.StringExpr)
		if ok && also {
			r.assigned[of.Value+"."+name.Value] = true
		}
	}
}

// hides tells of a local that takes the name of a module which the script uses
// too.
func (r *reader) hides(names []string, exprs []ast.Expr, kinds []kind, line int) {
	for i, name := range names {
		m := r.s.module(name)
		if m == nil || !r.used[name] || i < len(kinds) && kinds[i].sort == module {
			continue
		}
		if i < len(exprs) && isRequire(exprs[i]) {
			continue
		}
		r.tell(line, variable(name), "local %s hides the module %s; take another name", name, name)
		r.find(name).hid = true
	}
}

func isRequire(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	i, ok := call.Func.(*ast.IdentExpr)
	return ok && i.Value == "require"
}

// misuse tells of a parameter or loop variable that stands where a module was
// meant: it has the module's name, and a member of the module is asked of it.
func (r *reader) misuse(l *local, name string, e *ast.AttrGetExpr, wanted string) bool {
	m := r.s.module(name)
	if m == nil || l.hid || l.sort != unknown && l.sort != text_ || funcOf(m.Members(), wanted) == nil {
		return false
	}
	r.tell(e.Line(), member(e.Object, wanted), "%s is a local here (line %d) and hides the module %s", name, l.line, name)
	return true
}

// suggestion ends a message about an unknown word.
func suggestion(name string, known []string) string {
	if near := bind.Near(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
