package host

import (
	"context"
	"io/fs"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/lua/check"
	"neap/lua/page"
	"neap/runtime/fault"
)

// scripts are the functions that work on scripts, and on what is written about
// them.
func (h *Host) scripts() *bind.Module {
	return &bind.Module{Name: "scripts", Doc: "What works on scripts: for those who write them.", Make: func() []*bind.Func {
		finding := findingClass()
		all := []*bind.Func{
			bind.Func1("check", "Look for mistakes in a script without running it: syntax, names, options and their types.",
				bind.Req("path", bind.String, "the script; - is standard input"), bind.Returns(finding.List(), "what was found; empty if nothing"),
				func(_ context.Context, path string) ([]check.Finding, error) {
					name, src, err := h.read(path)
					if err != nil {
						return nil, fault.Wrap("read script", path, err)
					}
					return check.Source(name, src, h.surface()), nil
				},
			).With(`local d = fs.tempdir()
fs.write(d .. "/x.lua", "containers.lst()")
for _, f in ipairs(scripts.check(d .. "/x.lua")) do print(f) end`),
			bind.Func1("command", "The source of a command of neap; nil if there is none of that name.",
				bind.Req("name", bind.String, "the command"), bind.Returns(bind.Maybe(bind.String), "its Lua"),
				func(_ context.Context, name string) (string, error) { return h.command(name), nil },
			).With(`print(scripts.command("ps"))`),
			bind.Func0("commands", "The names of the commands of neap.", bind.Returns(bind.Strings, "them, sorted"),
				func(context.Context) ([]string, error) { return h.commands(), nil },
			).With(`print(table.concat(scripts.commands(), " "))`),
			bind.Func0("annotations", "Definition files for the Lua language server: of every function, option, fact and kind of error.",
				bind.Returns(bind.Map, "texts by the names of their files"),
				func(context.Context) (map[string]string, error) { return byName(page.Annotations(h.documented())), nil },
			).With(`assert(scripts.annotations()["containers.lua"]:match("function containers.run"))`),
			bind.Func0("selene", "The surface as a standard library of selene.",
				bind.Returns(bind.String, "the text of neap.yml"),
				func(context.Context) (string, error) { return page.Selene(h.st.Modules()), nil },
			).With(`assert(scripts.selene():match("containers.run:"))`),
			bind.Func0("reference", "The reference in Markdown: a page for each module and object.",
				bind.Returns(bind.Map, "texts by the names of their files"),
				func(context.Context) (map[string]string, error) { return byName(page.Reference(h.documented())), nil },
			).With(`assert(scripts.reference()["containers.md"]:match("containers.run"))`),
		}
		if h.options.Tests != nil {
			all = append(all, h.options.Tests.Funcs()...)
		}
		return all
	}}
}

// command is the source of a bundled command, or "".
func (h *Host) command(name string) string {
	if h.options.Commands == nil || !fs.ValidPath(name+".lua") {
		return ""
	}
	src, err := fs.ReadFile(h.options.Commands, name+".lua")
	if err != nil {
		return ""
	}
	return string(src)
}

func (h *Host) commands() (names []string) {
	if h.options.Commands == nil {
		return nil
	}
	files, _ := fs.Glob(h.options.Commands, "*.lua") // the pattern is one
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file, ".lua"))
	}
	return names
}

// documented is all that scripts see.
func (h *Host) documented() ([]*bind.Module, []bind.ClassDoc) { return h.st.Modules(), h.st.Classes() }

func byName(files []page.File) map[string]string {
	all := make(map[string]string, len(files))
	for _, f := range files {
		all[f.Name] = f.Text
	}
	return all
}

// surface is what scripts may use, for check.
func (h *Host) surface() check.Surface {
	modules, classes := h.documented()
	s := check.Surface{Modules: modules, Classes: classes, Globals: map[string][]string{}}
	h.st.Locked(func(L *lua.LState) {
		L.G.Global.ForEach(func(k, v lua.LValue) {
			s.Globals[k.String()] = nil
			if _, ok := h.st.ModuleOf(v); ok {
				return
			}
			h.st.Touch(v)
			if t, ok := v.(*lua.LTable); ok && t != L.G.Global {
				t.ForEach(func(name, _ lua.LValue) { s.Globals[k.String()] = append(s.Globals[k.String()], name.String()) })
			}
		})
	})
	return s
}

func findingClass() *bind.Class[check.Finding] {
	k := bind.NewClass[check.Finding]("Finding", "A mistake in a script, and where it is.")
	k.Text = check.Finding.String
	k.Columns = []string{"file", "line", "column", "message"}
	k.Fields = []bind.Field[check.Finding]{
		bind.Plain("file", bind.String, "the script", func(f check.Finding) string { return f.File }),
		bind.Plain("line", bind.Int, "its line", func(f check.Finding) int { return f.Line }),
		bind.Plain("column", bind.Int, "its byte in the line, from 1", func(f check.Finding) int { return f.Column }),
		bind.Plain("width", bind.Int, "how many bytes are wrong", func(f check.Finding) int { return f.Width }),
		bind.Plain("message", bind.String, "what is wrong", func(f check.Finding) string { return f.Message }),
		bind.Plain("text", bind.String, "the line as it is written", func(f check.Finding) string { return f.Text }),
	}
	return k
}
