// Package page turns declarations into text: signatures, help, and what Tab
// offers.
//
// It is pure functions of the plain data that bind keeps of each declaration.
// It knows no Lua state, reads no property and prints nothing.
package page

import (
	"fmt"
	"strings"

	"neap/lua/bind"
)

// Signature is one line: containers.run{ image, …, name=, memory= } -> Container.
func Signature(owner string, f *bind.Func) string {
	var in []string
	for _, p := range f.Params {
		in = append(in, parameter(p))
	}
	text := f.Title(owner) + "(" + strings.Join(in, ", ") + ")"
	if len(f.Params) == 1 && f.Params[0].Name == "options" {
		text = f.Title(owner) + "{ " + strings.Trim(in[0], "{} ") + " }"
	}
	return text + results(f)
}

func parameter(p bind.ParamDoc) string {
	switch {
	case p.Name == "options":
		return "{ " + someKeys(p.Keys) + " }"
	case p.Rest:
		return p.Name + "…"
	case p.Optional:
		return p.Name + "?"
	}
	return p.Name
}

// someKeys names the first options.
func someKeys(keys []bind.ParamDoc) string {
	var names []string
	for i, k := range keys {
		if i == 6 {
			return strings.Join(append(names, "…"), ", ")
		}
		names = append(names, parameter(k))
	}
	return strings.Join(names, ", ")
}

func results(f *bind.Func) string {
	var out []string
	for _, r := range f.Returns {
		out = append(out, r.Type)
	}
	if len(out) == 0 {
		return ""
	}
	return " -> " + strings.Join(out, ", ")
}

// Func is what help prints of a function.
func Func(owner string, f *bind.Func) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n", Signature(owner, f), f.Doc)
	for _, p := range f.Params {
		if p.Name == "options" {
			writeParams(&b, p.Keys)
			continue
		}
		writeParams(&b, []bind.ParamDoc{p})
		if len(p.Keys) > 0 {
			writeParams(&b, p.Keys)
		}
	}
	for _, r := range f.Returns {
		if r.Doc != "" {
			fmt.Fprintf(&b, "  returns %s\n", r.Doc)
		}
	}
	if f.Example != "" {
		fmt.Fprintf(&b, "  for example:\n    %s\n", strings.ReplaceAll(strings.TrimSpace(f.Example), "\n", "\n    "))
	}
	return b.String()
}

func writeParams(b *strings.Builder, all []bind.ParamDoc) {
	width := 0
	for _, p := range all {
		width = max(width, len(p.Name))
	}
	for _, p := range all {
		fmt.Fprintf(b, "    %-*s  %s", width, p.Name, p.Doc)
		if notes := notesOf(p); notes != "" {
			fmt.Fprintf(b, " (%s)", notes)
		}
		b.WriteString("\n")
	}
}

func notesOf(p bind.ParamDoc) string {
	notes := []string{p.Type}
	switch {
	case p.Default != "":
		notes = append(notes, "default "+p.Default)
	case !p.Optional && !p.Rest:
		notes = append(notes, "must be given")
	}
	return strings.Join(notes, "; ")
}

// Param is what help prints of one option or fact.
func Param(owner string, p bind.ParamDoc) string {
	return fmt.Sprintf("%s.%s: %s\n  %s\n", owner, p.Name, p.Type, p.Doc)
}

// Class is what help prints of a class, or of an object of it.
func Class(c bind.ClassDoc) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.Name, c.Doc)
	if len(c.Fields) > 0 {
		b.WriteString("  facts\n")
		writeFacts(&b, c.Fields)
	}
	if len(c.Methods) > 0 {
		b.WriteString("  acts\n")
		writeFuncs(&b, c.Name, c.Methods)
	}
	if len(c.Bulk) > 0 {
		fmt.Fprintf(&b, "  a list of these can %s them all\n", strings.Join(c.Bulk, ", "))
	}
	return b.String()
}

func writeFacts(b *strings.Builder, facts []bind.ParamDoc) {
	width := 0
	for _, f := range facts {
		width = max(width, len(f.Name))
	}
	for _, f := range facts {
		fmt.Fprintf(b, "    %-*s  %s (%s)\n", width, f.Name, f.Doc, f.Type)
	}
}

func writeFuncs(b *strings.Builder, owner string, all []*bind.Func) {
	for _, f := range all {
		fmt.Fprintf(b, "    %s\n      %s\n", strings.TrimPrefix(Signature(owner, f), owner), f.Doc)
	}
}

// Module is what help prints of a module.
func Module(m *bind.Module) string {
	var b strings.Builder
	if m.Name == "" {
		fmt.Fprintf(&b, "%s\n", m.Doc)
		writeFuncs(&b, "", m.Members())
		return b.String()
	}
	fmt.Fprintf(&b, "%s: %s\n", m.Name, m.Doc)
	if m.Call != nil {
		fmt.Fprintf(&b, "    %s\n      %s\n", Signature("", m.Call), m.Call.Doc)
	}
	writeFuncs(&b, m.Name, m.Members())
	return b.String()
}

// Lists is what help prints of the methods that every list has.
func Lists() string {
	var b strings.Builder
	b.WriteString("list: an array with methods\n")
	writeFuncs(&b, "list", bind.ListFuncs())
	return b.String()
}

// Overview is what help() prints.
func Overview(modules []*bind.Module, classes []bind.ClassDoc) string {
	var b strings.Builder
	b.WriteString("modules\n")
	for _, m := range modules {
		if m.Name != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", m.Name, m.Doc)
		}
	}
	b.WriteString("functions\n")
	for _, m := range modules {
		if m.Name != "" {
			continue
		}
		for _, f := range m.Members() {
			fmt.Fprintf(&b, "  %-12s %s\n", f.Name, firstSentence(f.Doc))
		}
	}
	b.WriteString("objects\n")
	for _, c := range classes {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name, firstSentence(c.Doc))
	}
	b.WriteString("ask further: help(containers), help(containers.run), help(\"Container\"), help(\"busy\")\n")
	return b.String()
}

func firstSentence(s string) string {
	if head, _, ok := strings.Cut(s, ". "); ok {
		return head + "."
	}
	return s
}
