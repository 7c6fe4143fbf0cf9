package host

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"neap/lua/tree"
	"neap/runtime/fault"
)

// Argument is what a script declares of one of its arguments.
type Argument struct {
	Name, Short string // "--to", "-t"; a plain word without dashes is a place
	Kind, About string // the kind "flag" takes no value
	Values      []string
	Repeated    bool
}

func (u *usage) arguments() []Argument {
	all := make([]Argument, len(u.all))
	for i, a := range u.all {
		all[i] = Argument{Name: a.name, Kind: a.kind, About: a.about, Values: a.values, Repeated: a.rest}
		if a.short != "" {
			all[i].Short = "-" + strings.TrimLeft(a.short, "-")
		}
	}
	return all
}

// Ask runs a script up to its args, for what that declares, in a host that is
// good for nothing else then: calls of neap that come before it are refused, as
// are Lua's own that change files. A script without args is not run.
func (h *Host) Ask(ctx context.Context, path string) ([]Argument, error) {
	name, src, err := h.read(path)
	if err != nil {
		return nil, fault.Wrap("read script", path, err)
	}
	chunk, err := parseChunk(name, src)
	if err != nil || !callsArgs(chunk) {
		return nil, err
	}
	if h.dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return nil, err
	}
	fn, err := h.compile(name, text{src: src}, chunk)
	if err != nil {
		return nil, err
	}
	h.disarm()
	declared := []Argument{}
	r := &running{name: name, asked: &declared}
	h.st.Locked(func(*lua.LState) { h.st.OnAct(h.acts(r)) })
	_, err = h.run(ctx, r, fn)
	var exit *Exit
	if errors.As(err, &exit) {
		err = nil
	}
	return declared, err
}

// disarm refuses what of Lua's own libraries changes files.
func (h *Host) disarm() {
	for library, names := range map[string][]string{"io": {"open", "lines", "output", "popen", "tmpfile"}, "os": {"remove", "rename", "tmpname"}} {
		h.st.Amend(library, func(t *lua.LTable) {
			for _, name := range names {
				h.refuse(t, library+"."+name, name, "it after args")
			}
		})
	}
}

// callsArgs says whether a chunk calls args.
func callsArgs(chunk []ast.Stmt) bool {
	found := false
	tree.Walk{Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok {
			return
		}
		name, ok := call.Func.(*ast.IdentExpr)
		found = found || ok && name.Value == "args"
	}}.Through(chunk)
	return found
}

// Plain are the arguments that are places, in order.
func Plain(all []Argument) []Argument {
	return slices.DeleteFunc(slices.Clone(all), func(a Argument) bool { return a.Name[0] == '-' })
}
