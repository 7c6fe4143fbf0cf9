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
// "containers.run.name" for an option). ok is false if it stands for nothing.
func Named(word string, modules []*bind.Module, classes []bind.ClassDoc) (text string, ok bool) {
	head, member, _ := strings.Cut(strings.ReplaceAll(word, ":", "."), ".")
	if member == "" {
		return whole(head, modules, classes)
	}
	for _, m := range modules {
		if m.Name == head {
			return memberOf(head, member, nil, m.Members())
		}
	}
	for _, c := range classes {
		if strings.EqualFold(c.Name, head) {
			return memberOf(c.Name, member, c.Fields, c.Methods)
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
	if text, ok := kinds()[fault.Kind(word)]; ok {
		return word + ": a kind of error\n  " + text + "\n", true
	}
	return "", false
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

// kinds says what each kind of error means and what to do.
func kinds() map[fault.Kind]string {
	return map[fault.Kind]string{
		fault.NotFound:    "Nothing has this name. find returns nil instead of raising.",
		fault.Exists:      "The name is taken.",
		fault.Conflict:    "The state of the object forbids this.",
		fault.Invalid:     "The request makes no sense: a wrong option, type or value.",
		fault.Denied:      "Not allowed.",
		fault.Unsupported: "This kernel or host cannot do it.",
		fault.Timeout:     "It took too long.",
		fault.Canceled:    "Somebody asked for the end. pcall cannot hold it; defers run.",
		fault.Busy:        "Somebody uses or holds the object.",
		fault.Damaged:     "What is on disk cannot be believed.",
		fault.Partial:     "Some of several objects were done: err.done, err.failed.",
		fault.Failed:      "A program ended with another code than 0: err.result.",
		fault.Script:      "A plain error of the script.",
		fault.Bug:         "neap is wrong. Please report it.",
	}
}

// sortedKinds are the kinds of errors, by name.
func sortedKinds() []fault.Kind { return slices.Sorted(maps.Keys(kinds())) }
