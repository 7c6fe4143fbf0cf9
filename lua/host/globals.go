package host

import (
	"context"
	"io"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// globals are the functions that belong to no module.
func (h *Host) globals() *bind.Module {
	m := &bind.Module{Pure: true, Doc: "Functions that belong to no module.", Globals: []string{"defer", "re", "args", "help"}, Make: h.globalFuncs}
	if h.options.Tests != nil {
		m.Globals = append(m.Globals, "test")
		m.Make = func() []*bind.Func { return append(h.globalFuncs(), h.options.Tests.Func()) }
	}
	return m
}

func (h *Host) globalFuncs() []*bind.Func {
	return []*bind.Func{
		bind.Func1("defer", "Call a function at the end of the innermost scope: of the script, the task, the test. What is deferred last runs first, also after errors and cancel.",
			bind.Req("fn", bind.Passing(bind.Nothing), "what to do then"), bind.Nothing, deferred,
		).With(`defer(function() print("done") end)`),
		bind.Func2("re", "A regular expression (RE2), for filters, wait and match.",
			bind.Req("pattern", bind.String, "the expression"), bind.Options(bind.ExpressionOptions()), bind.Returns(bind.RegexpClass().Kind(), "it"),
			bind.Compile,
		).With(`assert(re("^a+$"):match("aaa"))`),
		bind.Func1("args", "Declare and read the arguments of the script; it must come before anything else is done.",
			bind.Req("declaration", bind.Mixed, `about = "…", then one table each: { "name", type = …, default = … } or { "--flag" }`),
			bind.Returns(argsClass().Kind(), "the arguments as properties"),
			h.readArgs,
		).With(`local opt = args{ about = "an example", { "--dry-run" } }
assert(opt.dry_run == false)`),
		bind.Func1("help", "Print what something is: a module, a function, an object, an option, a kind of error.",
			bind.Opt("of", bind.Opaque, bind.Value{}, "what to explain; everything if left out"), bind.Nothing,
			func(_ context.Context, of bind.Value) (bind.Void, error) {
				_, err := io.WriteString(h.options.Stdout, h.Help(of))
				return bind.Void{}, err
			}).With(`help("pcall")`),
	}
}

func deferred(ctx context.Context, fn bind.Callback[bind.Void, []bind.Value]) (bind.Void, error) {
	scope := bind.ScopeOf(ctx)
	if scope == nil {
		return bind.Void{}, fault.New(fault.Invalid, "defer: there is no scope here")
	}
	scope.Add(func(ctx context.Context) error {
		_, err := fn.Call(ctx, bind.Void{})
		return err
	})
	return bind.Void{}, nil
}
