package host

import (
	"context"

	"neap/lua/bind"
	"neap/lua/page"
)

// scripts are the functions that work on scripts, and on what is written about
// them.
func (h *Host) scripts() *bind.Module {
	return &bind.Module{Name: "scripts", Doc: "What works on scripts: for those who write them.", Make: func() []*bind.Func {
		return []*bind.Func{
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
	}}
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
