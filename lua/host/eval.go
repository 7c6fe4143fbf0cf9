package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// declare is what a top-level local of the REPL is turned into a call of. No
// script can write the name.
const declare = "local "

// Incomplete says whether src ends in the middle of a statement.
func Incomplete(src string) bool {
	asValue, asStatement := endsEarly("return "+src), endsEarly(src)
	return asValue != whole && asStatement != whole && (asValue == early || asStatement == early)
}

// IsStatement says whether src may stand in a script as it is.
func IsStatement(src string) bool { return endsEarly(src) == whole }

// IsExpression says whether src has values.
func IsExpression(src string) bool { return endsEarly("return "+src) == whole }

// reading is how far the parser gets.
type reading int

const (
	whole reading = iota
	early         // the end comes too early
	wrong
)

func endsEarly(src string) reading {
	_, err := parse.Parse(strings.NewReader(src), "line")
	var e *parse.Error
	switch {
	case err == nil:
		return whole
	case errors.As(err, &e) && e.Pos.Line == parse.EOF:
		return early
	}
	return wrong
}

// Eval runs one statement of a session: as an expression if it is one. Its
// top-level locals last for the session; _ is the last value.
func (h *Host) Eval(ctx context.Context, src string) ([]bind.Value, error) {
	h.typed++
	name, t := h.typedName(), text{src: src, lead: "return ", typed: true}
	chunk, err := parseChunk(name, t.lead+src)
	if err != nil {
		as := err
		t.lead = ""
		h.remember(name, t)
		if chunk, err = parseChunk(name, src); err != nil {
			return nil, further(as, err)
		}
	}
	fn, err := h.compile(name, t, lasting(chunk))
	if err != nil {
		return nil, err
	}
	h.st.Locked(func(*lua.LState) { fn.Env = h.session })
	results, err := h.run(ctx, &running{name: name}, fn)
	if err != nil {
		return nil, err
	}
	values := make([]bind.Value, len(results))
	for i, v := range results {
		values[i] = bind.Wrap(v)
	}
	if len(results) > 0 && results[0] != lua.LNil {
		h.st.Locked(func(*lua.LState) { h.session.RawSetString("_", results[0]) })
	}
	return values, nil
}

// Answer runs Lua that is not of the session, and gives its first result as text.
func (h *Host) Answer(ctx context.Context, src string, args ...string) (string, error) {
	const name = "answer"
	fn, err := h.load(name, src)
	if err != nil {
		return "", err
	}
	values := make([]lua.LValue, len(args))
	for i, a := range args {
		values[i] = lua.LString(a)
	}
	results, err := h.run(ctx, &running{name: name}, fn, values...)
	if err != nil || len(results) == 0 {
		return "", err
	}
	return results[0].String(), nil
}

// further is the syntax error that lies deeper in the text: of reading it as a
// value, with a return before it, and of reading it as a statement.
func further(value, statement error) error {
	var a, b *bind.Raised
	if !errors.As(value, &a) || !errors.As(statement, &b) || a.Place.Column == 0 || b.Place.Column == 0 {
		return statement
	}
	at := a.Place
	if at.Line == 1 {
		at.Column = max(1, at.Column-len("return "))
	}
	if at.Line < b.Place.Line || at.Line == b.Place.Line && at.Column <= b.Place.Column {
		return statement
	}
	return &bind.Raised{Fault: a.Fault, Place: at}
}

// typedName is what places call the statement that was evaluated last.
func (h *Host) typedName() string { return fmt.Sprintf("[%d]", h.typed) }

// lasting turns the top-level locals of a chunk into declarations of the
// session.
func lasting(chunk []ast.Stmt) []ast.Stmt {
	for i, stmt := range chunk {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		chunk[i] = declaration(local)
	}
	return chunk
}

// declaration is declare({names…}, exprs…). A local function is declared before
// it is made, so that it can call itself.
func declaration(local *ast.LocalAssignStmt) ast.Stmt {
	at := local.Line()
	names := &ast.TableExpr{}
	names.SetLine(at)
	for _, n := range local.Names {
		s := &ast.StringExpr{Value: n}
		s.SetLine(at)
		names.Fields = append(names.Fields, &ast.Field{Value: s})
	}
	to := &ast.IdentExpr{Value: declare}
	to.SetLine(at)
	call := &ast.FuncCallExpr{Func: to, Args: append([]ast.Expr{names}, local.Exprs...)}
	call.SetLine(at)
	call.SetLastLine(at)
	stmt := &ast.FuncCallStmt{Expr: call}
	stmt.SetLine(at)
	stmt.SetLastLine(local.LastLine())
	return stmt
}

// openSession makes the environment of REPL lines: its own locals before the
// globals, and no assigning to a module's name.
func (h *Host) openSession() {
	L := h.L
	h.session = L.CreateTable(0, 0)
	mt := L.CreateTable(0, 0)
	guard := func(L *lua.LState, name string) {
		if m, ok := h.st.ModuleOf(L.G.Global.RawGetString(name)); ok {
			h.st.Raise(L, fault.New(fault.Invalid, "%s is a module; take another name", m.Name))
		}
	}
	mt.RawSetString("__index", L.G.Global)
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		guard(L, L.Get(2).String())
		L.G.Global.RawSet(L.Get(2), L.Get(3))
		return 0
	}))
	h.session.Metatable = mt
	h.session.RawSetString(declare, L.NewFunction(func(L *lua.LState) int {
		names := L.CheckTable(1)
		for i := 1; i <= names.Len(); i++ {
			name := names.RawGetInt(i).String()
			guard(L, name)
			h.session.RawSetString(name, L.Get(i+1))
		}
		return 0
	}))
}
