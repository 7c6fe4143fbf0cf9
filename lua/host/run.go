package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// Exit is how os.exit ends a script, after its defers ran. It is the error of
// the run; a script's unless the code is 0.
type Exit struct{ Code int }

// Error says the code.
func (e *Exit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Usage is wrong use of a script's arguments: exit code 2.
type Usage struct{ Message string }

// Error is the message.
func (u *Usage) Error() string { return u.Message }

// running is one run, found again through the context.
type running struct {
	name  string
	args  []string
	acted string      // the first call of neap; "" before it
	asked *[]Argument // where args says what it declares, if that is all that is wanted
}

// acts is told of each call that asks or changes the world, until there was one.
func (h *Host) acts(r *running) func(what string) error {
	return func(what string) error {
		if r.asked != nil {
			return fault.New(fault.Unsupported, "%s: the script is only asked for its arguments", what)
		}
		r.acted = what
		h.st.OnAct(nil)
		return nil
	}
}

type runningKey struct{}

func runningOf(ctx context.Context) *running {
	r, _ := ctx.Value(runningKey{}).(*running)
	return r
}

// RunFile runs a script, or standard input if the path is "-". Its error is
// nil, an *Exit, a *Usage or a *bind.Raised.
func (h *Host) RunFile(ctx context.Context, path string, args []string) error {
	name, src, err := h.read(path)
	if err != nil {
		return fail(fault.Wrap("read script", path, err))
	}
	if path != "-" {
		if dir, err := filepath.Abs(filepath.Dir(path)); err == nil {
			h.dir = dir
		}
	}
	return h.RunString(ctx, name, src, args)
}

func (h *Host) read(path string) (name, src string, err error) {
	if path != "-" {
		b, err := os.ReadFile(path)
		return path, string(b), err
	}
	if h.options.Stdin == nil {
		return "stdin", "", fault.New(fault.Invalid, "there is no standard input")
	}
	b, err := io.ReadAll(h.options.Stdin)
	return "stdin", string(b), err
}

// RunString runs Lua source under a name that places will carry.
func (h *Host) RunString(ctx context.Context, name, src string, args []string) error {
	fn, err := h.load(name, src)
	if err != nil {
		return err
	}
	return h.runScript(ctx, name, fn, args)
}

func (h *Host) runScript(ctx context.Context, name string, fn *lua.LFunction, args []string) error {
	values := make([]lua.LValue, len(args))
	table := h.L.CreateTable(0, 0)
	table.RawSetInt(0, lua.LString(name))
	for i, a := range args {
		values[i] = lua.LString(a)
		table.RawSetInt(i+1, values[i])
	}
	h.st.Locked(func(L *lua.LState) { L.SetGlobal("arg", table) })
	r := &running{name: name, args: args}
	h.st.Locked(func(*lua.LState) { h.st.OnAct(h.acts(r)) })
	_, err := h.run(ctx, r, fn, values...)
	var exit *Exit
	if errors.As(err, &exit) && exit.Code == 0 {
		return nil
	}
	return err
}

// run calls a function in a scope of its own and ends the scope, whatever
// happened.
func (h *Host) run(ctx context.Context, r *running, fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
	ctx = bind.WithEnds(bind.WithClock(ctx, h.options.Clock), bind.Ends{Grace: h.options.Grace, Report: h.report})
	ctx, cancel := bind.WithQuit(context.WithValue(ctx, runningKey{}, r))
	defer cancel(nil)
	results, err := bind.InScope(ctx, func(ctx context.Context) ([]lua.LValue, error) { return h.st.Call(ctx, fn, args...) })
	if cause := context.Cause(ctx); cause != nil {
		return nil, ended(cause, err)
	}
	return results, fail(err)
}

// report tells what failed in a defer of what had failed before. That a defer
// ended the script is no failure.
func (h *Host) report(err error) {
	if fault.Is(err, fault.Canceled) {
		return
	}
	_, _ = fmt.Fprintf(h.options.Stderr, "in a defer: %s", h.Explain(fail(err)))
}

// ended is the error of a run whose context ended: a cancel at its last
// instruction leaves no other trace.
func ended(cause, err error) error {
	var exit *Exit
	var wrong *Usage
	switch {
	case errors.As(cause, &exit):
		return exit
	case errors.As(cause, &wrong):
		return wrong
	}
	kind := fault.Canceled
	if fault.Is(cause, fault.Timeout) {
		kind = fault.Timeout
	}
	end := &bind.Raised{Fault: fault.New(kind, "%s", cause)}
	var raised *bind.Raised
	if errors.As(err, &raised) {
		end.Place, end.Trace = raised.Place, raised.Trace
	}
	return end
}

// fail is err as a *bind.Raised.
func fail(err error) error {
	var raised *bind.Raised
	if err == nil || errors.As(err, &raised) && raised == err { //nolint:errorlint // only one that is not wrapped
		return err
	}
	known := &fault.Error{}
	if !errors.As(err, &known) || known.Error() != err.Error() {
		known = &fault.Error{Kind: fault.KindOf(err), Message: err.Error()}
	}
	return &bind.Raised{Fault: known}
}

// load compiles source and remembers it for the places of errors.
func (h *Host) load(name, src string) (*lua.LFunction, error) {
	chunk, err := parseChunk(name, src)
	if err != nil {
		h.remember(name, text{src: src})
		return nil, err
	}
	return h.compile(name, text{src: src}, chunk)
}

func parseChunk(name, src string) ([]ast.Stmt, error) {
	chunk, err := parse.Parse(strings.NewReader(withoutShebang(src)), name)
	if err != nil {
		return nil, syntax(name, err)
	}
	if err := mend(chunk); err != nil {
		return nil, syntax(name, err)
	}
	return chunk, nil
}

func withoutShebang(src string) string {
	if strings.HasPrefix(src, "#!") {
		return "--" + src
	}
	return src
}

func (h *Host) compile(name string, t text, chunk []ast.Stmt) (*lua.LFunction, error) {
	proto, err := lua.Compile(chunk, name)
	t.code = proto
	h.remember(name, t)
	if err != nil {
		return nil, syntax(name, err)
	}
	return h.function(proto), nil
}

func (h *Host) function(proto *lua.FunctionProto) (fn *lua.LFunction) {
	h.st.Locked(func(L *lua.LState) { fn = L.NewFunctionFromProto(proto) })
	return fn
}

// syntax is an error of the parser with its place.
func syntax(name string, err error) *bind.Raised {
	r := &bind.Raised{Fault: &fault.Error{Kind: fault.Script, Message: strings.TrimSpace(err.Error())}, Place: bind.Place{File: name}}
	var wrong *parse.Error
	var late *lua.CompileError
	switch {
	case errors.As(err, &wrong) && strings.HasPrefix(wrong.Message, "unterminated"):
		r.Fault.Message = "syntax error: " + wrong.Message
	case errors.As(err, &wrong) && wrong.Pos.Line == parse.EOF:
		r.Fault.Message = "syntax error: the script ends in the middle of a statement"
	case errors.As(err, &wrong):
		r.Place.Line, r.Place.Column = wrong.Pos.Line, wrong.Pos.Column
		r.Fault.Message = fmt.Sprintf("syntax error near %q", wrong.Token)
	case errors.As(err, &late):
		r.Place.Line = late.Line
		r.Fault.Message = "syntax error: " + late.Message
	}
	return r
}

// ExitCode is what a process that ran a script ends with.
func ExitCode(err error) int {
	var exit *Exit
	var wrong *Usage
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &wrong):
		return 2
	}
	switch fault.KindOf(err) {
	case fault.Partial:
		return 3
	case fault.Timeout:
		return 124
	case fault.Canceled:
		return 130
	case fault.Bug:
		return 70
	default:
		return 1
	}
}
