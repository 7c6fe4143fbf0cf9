package page

import (
	"fmt"
	"strings"

	"neap/lua/bind"
)

// Selene is the surface as a standard library of selene, in YAML ("Standard
// library format" of its manual): every global and how many arguments of which
// sort it takes.
func Selene(modules []*bind.Module) string {
	var b strings.Builder
	b.WriteString("---\nbase: lua51\nname: neap\nglobals:\n")
	for _, m := range modules {
		if m.Call != nil {
			seleneFunc(&b, m.Name, m.Call)
		}
		for _, f := range m.Members() {
			seleneFunc(&b, f.Title(m.Name), f)
		}
	}
	return b.String()
}

func seleneFunc(b *strings.Builder, title string, f *bind.Func) {
	if len(f.Params) == 0 {
		fmt.Fprintf(b, "  %s:\n    args: []\n", title)
		return
	}
	fmt.Fprintf(b, "  %s:\n    args:\n", title)
	for _, p := range f.Params {
		if p.Rest {
			b.WriteString("      - type: \"...\"\n        required: false\n")
			continue
		}
		fmt.Fprintf(b, "      - type: %s\n", seleneType(p))
		if p.Optional {
			b.WriteString("        required: false\n")
		}
	}
}

// seleneType is the nearest of selene's types; any where several fit.
func seleneType(p bind.ParamDoc) string {
	switch {
	case len(p.Keys) > 0:
		return "table"
	case len(p.Values) > 0:
		return "string"
	}
	switch p.Type {
	case "string", "number", "function", "table":
		return p.Type
	case "integer":
		return "number"
	case "boolean":
		return "bool"
	}
	return "any"
}
