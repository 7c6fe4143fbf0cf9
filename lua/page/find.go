package page

import (
	"maps"
	"slices"
	"strings"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// Named explains what a word stands for: a module, a class, a kind of error, or
// one of these and a member ("containers.run", "Container:stop",
// "containers.run.name" for an option; "E:busy" is surely a kind). ok is false if it stands for nothing.
func Named(word string, modules []*bind.Module, classes []bind.ClassDoc) (text string, ok bool) {
	if kind, ok := strings.CutPrefix(word, "E:"); ok {
		return kindOf(fault.Kind(kind))
	}
	head, member, _ := strings.Cut(strings.ReplaceAll(word, ":", "."), ".")
	if member == "" {
		return whole(head, modules, classes)
	}
	for _, m := range modules {
		if m.Name == head {
			return memberOf(head, member, nil, m.Members())
		}
	}
	if head == "list" {
		return memberOf(head, member, nil, bind.ListFuncs())
	}
	for _, c := range classes {
		if !strings.EqualFold(c.Name, head) {
			continue
		}
		if text, ok := memberOf(c.Name, member, c.Fields, c.Methods); ok {
			return text, true
		}
	}
	for _, m := range modules {
		if m.Name == "" { // an option of a function without a module
			if text, ok := memberOf("", head+"."+member, nil, m.Members()); ok {
				return text, true
			}
		}
	}
	return "", false
}

func whole(word string, modules []*bind.Module, classes []bind.ClassDoc) (string, bool) {
	for _, m := range modules {
		if m.Name == word {
			return Module(m), true
		}
		for _, f := range m.Members() {
			if m.Name == "" && f.Name == word {
				return Func("", f), true
			}
		}
	}
	for _, c := range classes {
		if strings.EqualFold(c.Name, word) {
			return Class(c), true
		}
	}
	if word == "list" {
		return Lists(), true
	}
	return kindOf(fault.Kind(word))
}

// OfList explains a method of a list of the class's objects, or of plain values.
func OfList(c bind.ClassDoc, member string) (text string, ok bool) {
	return memberOf("list", member, nil, Env{Classes: []bind.ClassDoc{c}}.methods(thing{class: c.Name, list: true}))
}

func memberOf(owner, member string, facts []bind.ParamDoc, acts []*bind.Func) (string, bool) {
	member, option, _ := strings.Cut(member, ".")
	for _, p := range facts {
		if p.Name == member {
			return Param(owner, p), true
		}
	}
	for _, f := range acts {
		if f.Name != member {
			continue
		}
		if option == "" {
			return Func(owner, f), true
		}
		for _, k := range optionsOf(f) {
			if k.Name == option {
				return Param(f.Title(owner), k), true
			}
		}
	}
	return "", false
}

// optionsOf lists the keys that a call's table may have.
func optionsOf(f *bind.Func) []bind.ParamDoc {
	for _, p := range f.Params {
		if len(p.Keys) > 0 {
			return p.Keys
		}
	}
	return nil
}

// sortedKinds are the kinds of errors, by name.
func sortedKinds() []fault.Kind { return slices.Sorted(maps.Keys(kinds())) }
