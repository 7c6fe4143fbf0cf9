package check

import (
	"slices"
	"strings"

	"neap/lua/bind"
)

// sort is what a value is known to be.
type sort int

const (
	unknown sort = iota
	module
	object
	list
	function // one that is declared
	text_    // the plain ones, as literals have them
	number
	boolean
	nothing
	table
	luaFunction
	library
	iterator
)

// kind is the type of a value. The zero kind is not known.
type kind struct {
	sort   sort
	module *bind.Module
	class  *bind.ClassDoc // of an object; of the items of a list; nil if they are plain
	fn     *bind.Func
	owner  string
	args   map[string]kind // the arguments that args declared
	names  []string        // of a library
	name   string
}

// named is the kind that a declaration's type stands for.
func (s *Surface) named(typ string) kind {
	typ = strings.TrimSuffix(typ, "?")
	if item, ok := strings.CutPrefix(typ, "fun():"); ok {
		of := s.named(item)
		of.name = item
		if of.sort == object {
			return kind{sort: iterator, class: of.class}
		}
		return kind{sort: iterator}
	}
	if item, ok := strings.CutSuffix(typ, "[]"); ok && !strings.Contains(item, "|") {
		return kind{sort: list, class: s.class(item)}
	}
	if c := s.class(typ); c != nil {
		return kind{sort: object, class: c}
	}
	switch typ {
	case "string":
		return kind{sort: text_}
	case "number", "integer":
		return kind{sort: number}
	case "boolean":
		return kind{sort: boolean}
	}
	return kind{}
}

// class is that of a name. One whose members only a run knows is as good as
// none.
func (s *Surface) class(name string) *bind.ClassDoc {
	i := slices.IndexFunc(s.Classes, func(c bind.ClassDoc) bool { return c.Name == name })
	if i < 0 || len(s.Classes[i].Fields)+len(s.Classes[i].Methods) == 0 {
		return nil
	}
	return &s.Classes[i]
}

// noun is the class whose objects a script argument of that type is.
func (s *Surface) noun(name string) *bind.ClassDoc {
	i := slices.IndexFunc(s.Classes, func(c bind.ClassDoc) bool { return c.Noun == name && len(c.Methods) > 0 })
	if i < 0 {
		return nil
	}
	return &s.Classes[i]
}

func (s *Surface) module(name string) *bind.Module {
	for _, m := range s.Modules {
		if m.Name == name && name != "" {
			return m
		}
	}
	return nil
}

// global is what a name stands for that no local hides.
func (s *Surface) global(name string) (kind, bool) {
	if m := s.module(name); m != nil {
		return kind{sort: module, module: m, name: name}, true
	}
	for _, m := range s.Modules {
		if m.Name != "" {
			continue
		}
		if f := funcOf(m.Members(), name); f != nil {
			return kind{sort: function, fn: f, name: name}, true
		}
	}
	names, ok := s.Globals[name]
	if len(names) > 0 {
		return kind{sort: library, names: names, name: name}, true
	}
	return kind{}, ok
}

func (s *Surface) names() (all []string) {
	for _, m := range s.Modules {
		if m.Name != "" {
			all = append(all, m.Name)
			continue
		}
		all = append(all, funcNames(m.Members())...)
	}
	for name := range s.Globals {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func funcOf(all []*bind.Func, name string) *bind.Func {
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func funcNames(all []*bind.Func) []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

// results are the kinds of what a function returns. T is the item of the list
// that a method of lists is called on.
func (s *Surface) results(f *bind.Func, self kind) []kind {
	all := make([]kind, len(f.Returns))
	for i, r := range f.Returns {
		switch {
		case self.sort == list && r.Type == "T[]":
			all[i] = self
		case self.sort == list && strings.TrimSuffix(r.Type, "?") == "T":
			all[i] = self.item()
		case self.sort == list && strings.Contains(r.Type, "T"):
		default:
			all[i] = s.named(r.Type)
		}
	}
	return all
}

// item is the kind of one of a list.
func (k kind) item() kind {
	if k.class == nil {
		return kind{}
	}
	return kind{sort: object, class: k.class}
}

// methods are the acts of an object or a list.
func (k kind) methods() []*bind.Func {
	switch k.sort { //nolint:exhaustive // no other has acts
	case object:
		return k.class.Methods
	case list:
		all := bind.ListFuncs()
		if k.class != nil {
			for _, m := range k.class.Methods {
				if slices.Contains(k.class.Bulk, m.Name) {
					all = append(all, m)
				}
			}
		}
		return all
	}
	return nil
}

// noun is the kind in words.
func (k kind) noun() string {
	switch k.sort { //nolint:exhaustive // the others are told from each other by their literals
	case object:
		return article(k.class.Name)
	case list:
		if k.class != nil {
			return "a list of " + k.class.Name + "s"
		}
		return "a list"
	case text_:
		return "a string"
	case number:
		return "a number"
	case boolean:
		return "a boolean"
	case nothing:
		return "nil"
	case table:
		return "a table"
	case luaFunction, function:
		return "a function"
	case module:
		return "the module " + k.name
	}
	return "something else"
}

func article(noun string) string {
	if strings.ContainsRune("AEIOaeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
