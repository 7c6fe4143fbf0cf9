package page

import (
	"fmt"
	"slices"
	"strings"

	"neap/lua/bind"
)

// File is a text with the name of the file it belongs in.
type File struct{ Name, Text string }

// Annotations are definition files for the Lua language server: every module,
// function, option, fact, list and kind of error, a file for each module and
// class (LuaLS, "Annotations").
func Annotations(modules []*bind.Module, classes []bind.ClassDoc) []File {
	w := annotator{written: map[string]bool{}, lists: map[string]bool{}}
	for _, c := range classes {
		w.lists[c.Name] = true
	}
	var all []File
	var globals []*bind.Func
	for _, m := range modules {
		if m.Name == "" {
			globals = append(globals, m.Members()...)
			continue
		}
		all = append(all, w.file(m.Name, func() { w.module(m) }))
	}
	for _, c := range classes {
		all = append(all, w.file(c.Name, func() { w.class(c) }))
	}
	return append(all, w.file("globals", func() { w.funcs("", globals) }), w.file("errors", w.kinds))
}

// annotator writes one file after another; options that several functions
// share are written where they are first met.
type annotator struct {
	b       strings.Builder
	written map[string]bool
	lists   map[string]bool // the classes
}

func (w *annotator) file(name string, write func()) File {
	w.b.Reset()
	w.line("---@meta")
	write()
	return File{Name: strings.ToLower(name) + ".lua", Text: w.b.String()}
}

func (w *annotator) line(format string, args ...any) { fmt.Fprintf(&w.b, format+"\n", args...) }

// doc writes a text as comment lines.
func (w *annotator) doc(text string) {
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		w.line("%s", strings.TrimRight("--- "+line, " "))
	}
}

func (w *annotator) module(m *bind.Module) {
	for _, f := range m.Members() {
		w.options(f)
	}
	w.line("")
	w.doc(m.Doc)
	w.line("---@class %slib", m.Name)
	if m.Call != nil {
		w.line("---@overload %s", signature(m.Call))
	}
	w.line("%s = {}", m.Name)
	w.funcs(m.Name, m.Members())
}

// signature is a function's type in one line.
func signature(f *bind.Func) string {
	var in []string
	for _, p := range f.Params {
		in = append(in, paramName(p)+optional(p)+": "+p.Type)
	}
	text := "fun(" + strings.Join(in, ", ") + ")"
	if len(f.Returns) > 0 {
		text += ": " + f.Returns[0].Type
	}
	return text
}

func (w *annotator) class(c bind.ClassDoc) {
	for _, f := range c.Methods {
		w.options(f)
	}
	w.line("")
	w.doc(c.Doc)
	w.line("---@class %s", c.Name)
	for _, f := range c.Fields {
		w.line("---@field %s %s # %s", f.Name, w.result(f.Type), f.Doc)
	}
	w.line("local %s = {}", c.Name)
	w.funcs(c.Name, c.Methods)
	w.list(c)
}

// list is the class of a list of objects: an array with the methods of every
// list and the bulk verbs of its kind.
func (w *annotator) list(c bind.ClassDoc) {
	name := c.Name + "List"
	w.line("")
	w.line("--- Several of them: an array with methods.")
	w.line("---@class %s: { [integer]: %s }", name, c.Name)
	w.line("local %s = {}", name)
	for _, f := range bind.ListFuncs() {
		w.function(name, f, func(t string) string {
			return w.result(strings.NewReplacer("T[]", c.Name+"[]", "T?", c.Name+"?", "any,T", "any,"+c.Name).Replace(t))
		})
	}
	for _, verb := range c.Bulk {
		i := slices.IndexFunc(c.Methods, func(f *bind.Func) bool { return f.Name == verb })
		w.function(name, c.Methods[i], func(t string) string { return w.result(t + "[]") })
	}
}

func (w *annotator) funcs(owner string, all []*bind.Func) {
	for _, f := range all {
		if owner == "" {
			w.options(f)
		}
		w.function(owner, f, w.result)
	}
}

// function writes one function; returned turns the type of a result into how
// it is written.
func (w *annotator) function(owner string, f *bind.Func, returned func(string) string) {
	w.line("")
	w.doc(f.Doc)
	if f.Example != "" {
		w.doc("```lua\n" + strings.TrimSpace(f.Example) + "\n```")
	}
	var names []string
	for _, p := range f.Params {
		name := paramName(p)
		names = append(names, name)
		w.line("---@param %s%s %s # %s", name, optional(p), p.Type, oneLine(p.Doc))
	}
	for _, r := range f.Returns {
		w.line("---@return %s", strings.TrimSpace(returned(r.Type)+" "+resultName(r)))
	}
	w.line("function %s(%s) end", f.Title(owner), strings.Join(names, ", "))
}

// resultName is the name of a result and what it is.
func resultName(p bind.ParamDoc) string {
	if p.Rest {
		return "... # " + oneLine(p.Doc)
	}
	if p.Doc == "" {
		return p.Name
	}
	return strings.TrimSpace(p.Name + " # " + oneLine(p.Doc))
}

func paramName(p bind.ParamDoc) string {
	if p.Rest {
		return "..."
	}
	return p.Name
}

func optional(p bind.ParamDoc) string {
	if p.Optional && !p.Rest {
		return "?"
	}
	return ""
}

// oneLine is a text without its line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// result is a type as results have it: a list of objects is a list with
// methods.
func (w *annotator) result(t string) string {
	for name := range w.lists {
		t = replaceWord(t, name+"[]", name+"List")
	}
	return t
}

// replaceWord replaces a name where it does not continue a longer one.
func replaceWord(text, old, with string) string {
	if i := strings.Index(text, old); i >= 0 && (i == 0 || !nameByte(text[i-1])) {
		return text[:i] + with + text[i+len(old):]
	}
	return text
}

// options writes the tables of options that a function takes.
func (w *annotator) options(f *bind.Func) {
	for _, p := range f.Params {
		w.record(p)
	}
}

func (w *annotator) record(p bind.ParamDoc) {
	if len(p.Keys) == 0 || w.written[p.Type] {
		return
	}
	w.written[p.Type] = true
	for _, k := range p.Keys {
		w.record(k)
	}
	w.line("")
	w.doc(p.Doc)
	w.line("---@class %s", p.Type)
	place := 0
	for _, k := range p.Keys {
		name := k.Name + optional(k)
		switch {
		case k.Listed && k.Rest:
			name = "[integer]"
		case k.Listed:
			place++
			name = fmt.Sprintf("[%d]", place)
		}
		w.line("---@field %s %s # %s%s", name, elementOf(k), oneLine(k.Doc), defaultOf(k))
	}
}

// elementOf is the type of one item where a list part is described, else the
// type itself.
func elementOf(k bind.ParamDoc) string {
	if k.Listed && k.Rest {
		return strings.TrimSuffix(k.Type, "[]")
	}
	return k.Type
}

func defaultOf(k bind.ParamDoc) string {
	if k.Default == "" {
		return ""
	}
	return " (default " + k.Default + ")"
}

// kinds names every kind of error.
func (w *annotator) kinds() {
	w.line("")
	w.line("--- What sort of failure an Error is.")
	w.line("---@alias ErrorKind")
	for _, kind := range sortedKinds() {
		w.line("---| %q # %s", string(kind), oneLine(kinds()[kind].means))
	}
}
