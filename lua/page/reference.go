package page

import (
	"fmt"
	"strings"

	"neap/lua/bind"
)

// Reference is the reference in Markdown: an index, a page for each module and
// class, for the functions without a module, for lists and for errors.
func Reference(modules []*bind.Module, classes []bind.ClassDoc) []File {
	var globals []*bind.Func
	all := []File{{Name: "README.md", Text: index(modules, classes)}}
	for _, m := range modules {
		if m.Name == "" {
			globals = append(globals, m.Members()...)
			continue
		}
		all = append(all, sheet(m.Name, m.Name, m.Doc, func(s *strings.Builder) { writeModule(s, m) }))
	}
	for _, c := range classes {
		all = append(all, sheet(c.Name, c.Name, c.Doc, func(s *strings.Builder) { writeClass(s, c) }))
	}
	return append(all,
		sheet("globals", "Functions without a module", "", func(s *strings.Builder) { writeAll(s, "", globals) }),
		sheet("lists", "Lists", "A list is an array: `#list`, `list[1]`, `ipairs(list)`. It has these methods, and the bulk verbs of what is in it.",
			func(s *strings.Builder) { writeAll(s, "list", bind.ListFuncs()) }),
		sheet("errors", "Kinds of errors", "`err.kind` is one of these words.", writeKinds))
}

// made stands at the head of every page.
const made = "<!-- Made from the declarations by `make generate`. -->\n\n"

func sheet(name, title, doc string, body func(*strings.Builder)) File {
	var s strings.Builder
	fmt.Fprintf(&s, "%s# %s\n", made, title)
	if doc != "" {
		fmt.Fprintf(&s, "\n%s\n", doc)
	}
	body(&s)
	return File{Name: pageName(name), Text: s.String()}
}

func pageName(name string) string { return strings.ToLower(name) + ".md" }

func index(modules []*bind.Module, classes []bind.ClassDoc) string {
	var s strings.Builder
	s.WriteString(made + "# Reference\n\n`help(x)` and `?x` at the prompt say the same.\n\n## Modules\n\n| | |\n|---|---|\n")
	row := func(name, doc string) { fmt.Fprintf(&s, "| [%s](%s) | %s |\n", name, pageName(name), cell(doc)) }
	for _, m := range modules {
		if m.Name != "" {
			row(m.Name, m.Doc)
		}
	}
	row("globals", "Functions without a module.")
	s.WriteString("\n## Objects\n\n| | |\n|---|---|\n")
	for _, c := range classes {
		row(c.Name, c.Doc)
	}
	row("lists", "What every list has.")
	row("errors", "The kinds of errors.")
	return s.String()
}

// cell is a text that may stand in a table.
func cell(text string) string { return strings.ReplaceAll(oneLine(text), "|", "\\|") }

func writeModule(s *strings.Builder, m *bind.Module) {
	if m.Call != nil {
		writeOne(s, "", m.Call)
	}
	writeAll(s, m.Name, m.Members())
}

func writeClass(s *strings.Builder, c bind.ClassDoc) {
	if len(c.Fields) > 0 {
		s.WriteString("\n## Facts\n\n| fact | type | what it is |\n|---|---|---|\n")
		for _, f := range c.Fields {
			fmt.Fprintf(s, "| `%s` | %s | %s |\n", f.Name, typeCell(f.Type), cell(f.Doc))
		}
	}
	if len(c.Bulk) > 0 {
		fmt.Fprintf(s, "\nA list of them has the verbs `%s` too, which do it to all at once.\n", strings.Join(c.Bulk, " "))
	}
	writeAll(s, c.Name, c.Methods)
}

func writeAll(s *strings.Builder, owner string, all []*bind.Func) {
	for _, f := range all {
		writeOne(s, owner, f)
	}
}

func writeOne(s *strings.Builder, owner string, f *bind.Func) {
	fmt.Fprintf(s, "\n## %s\n\n```lua\n%s\n```\n\n%s\n", f.Title(owner), Signature(owner, f), f.Doc)
	for _, r := range f.Returns {
		if r.Doc != "" {
			fmt.Fprintf(s, "\nReturns %s.\n", strings.TrimSuffix(r.Doc, "."))
		}
	}
	if rows := parameters(f); len(rows) > 0 {
		s.WriteString("\n| | type | what it is | default |\n|---|---|---|---|\n")
		for _, p := range rows {
			fmt.Fprintf(s, "| `%s` | %s | %s | %s |\n", parameter(p), typeCell(p.Type), cell(p.Doc), defaultCell(p))
		}
	}
	if f.Example != "" {
		fmt.Fprintf(s, "\nFor example:\n\n```lua\n%s\n```\n", strings.TrimSpace(f.Example))
	}
}

// parameters are those of a function, with the keys of its options in place of
// the table.
func parameters(f *bind.Func) (all []bind.ParamDoc) {
	for _, p := range f.Params {
		if p.Name != "options" {
			all = append(all, p)
		}
		all = append(all, p.Keys...)
	}
	return all
}

func typeCell(t string) string { return "`" + cell(t) + "`" }

func defaultCell(p bind.ParamDoc) string {
	switch {
	case p.Default != "":
		return "`" + cell(p.Default) + "`"
	case !p.Optional && !p.Rest:
		return "must be given"
	}
	return ""
}

func writeKinds(s *strings.Builder) {
	for _, kind := range sortedKinds() {
		k := kinds()[kind]
		fmt.Fprintf(s, "\n## %s\n\n%s\n\n- Raised by: %s.\n- What to do: %s.\n", kind, k.means, k.raised, k.do)
	}
}
