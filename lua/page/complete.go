package page

import (
	"slices"
	"strings"
	"unicode/utf8"

	"neap/lua/bind"
)

// Env is what completion knows of the session. All functions may be nil; none
// may call Lua or read a property.
type Env struct {
	Modules []*bind.Module
	Classes []bind.ClassDoc
	Globals []string                     // names of the session besides modules and keywords
	ClassOf func(variable string) string // the class of what a variable holds; with "[]" behind it for a list
	Names   func(noun string) []string   // names of live objects: noun is "container", "image"
	Files   func(prefix string) []string // paths, for strings that name no object
}

// Complete says what may stand at pos, a count of runes, in line: the text
// before the word, the words, and the text after, as liner wants it.
func Complete(line string, pos int, env Env) (head string, words []string, tail string) {
	at := byteOffset(line, pos)
	before, tail := line[:at], line[at:]
	ctx := scan(before)
	switch {
	case ctx.quote != 0:
		head, words = inString(before, ctx, env)
	default:
		head, words = outside(before, ctx, env)
	}
	slices.Sort(words)
	return head, slices.Compact(words), tail
}

func byteOffset(line string, pos int) int {
	at := 0
	for range pos {
		if at >= len(line) {
			break
		}
		_, n := utf8.DecodeRuneInString(line[at:])
		at += n
	}
	return at
}

// place is where in a statement the cursor is.
type place struct {
	quote byte // the quote of the string it is in, or 0
	start int  // where that string begins, after the quote
	calls []opened
}

// opened is a parenthesis or brace that is still open, and the name before it.
type opened struct {
	mark byte
	name string
	at   int
}

// scan walks the text before the cursor.
func scan(s string) (p place) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case p.quote != 0 && c == '\\':
			i++
		case p.quote != 0 && c == p.quote:
			p.quote = 0
		case p.quote != 0:
		case c == '"' || c == '\'':
			p.quote, p.start = c, i+1
		case c == '(' || c == '{' || c == '[':
			p.calls = append(p.calls, opened{c, lastName(s[:i]), i})
		case (c == ')' || c == '}' || c == ']') && len(p.calls) > 0:
			p.calls = p.calls[:len(p.calls)-1]
		}
	}
	return p
}

// lastName is the dotted name that s ends with: "containers.run", "c:stop".
func lastName(s string) string {
	s = strings.TrimRight(s, " ")
	i := len(s)
	for i > 0 && nameByte(s[i-1]) {
		i--
	}
	return s[i:]
}

func nameByte(c byte) bool {
	return c == '_' || c == '.' || c == ':' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// call finds the function whose arguments the cursor is in, and whether it is
// inside its table.
func (p place) call(env Env) (f *bind.Func, table bool) {
	for i := len(p.calls) - 1; i >= 0; i-- {
		o := p.calls[i]
		table = table || o.mark == '{'
		if f := env.function(o.name); f != nil {
			return f, table
		}
	}
	return nil, false
}

// function is the declaration that a name in the line stands for.
func (env Env) function(name string) *bind.Func {
	owner, member := cutLast(name)
	for _, m := range env.Modules {
		if m.Name != owner {
			continue
		}
		for _, f := range m.Members() {
			if f.Name == member {
				return f
			}
		}
	}
	c, ok := env.class(owner)
	if !ok {
		return nil
	}
	for _, f := range c.Methods {
		if f.Name == member {
			return f
		}
	}
	return nil
}

func cutLast(name string) (owner, member string) {
	i := strings.LastIndexAny(name, ".:")
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// class is that of a variable, by the session.
func (env Env) class(variable string) (bind.ClassDoc, bool) {
	if env.ClassOf == nil || variable == "" {
		return bind.ClassDoc{}, false
	}
	name := env.ClassOf(variable)
	list := strings.HasSuffix(name, "[]")
	name = strings.TrimSuffix(name, "[]")
	for _, c := range env.Classes {
		if c.Name == name {
			if list {
				return listOf(c), true
			}
			return c, true
		}
	}
	return listOf(bind.ClassDoc{}), list
}

// listOf is what a list of objects can do.
func listOf(c bind.ClassDoc) bind.ClassDoc {
	l := bind.ClassDoc{Name: "list", Methods: bind.ListFuncs()}
	for _, m := range c.Methods {
		if slices.Contains(c.Bulk, m.Name) {
			l.Methods = append(l.Methods, m)
		}
	}
	return l
}

// outside completes names: members after a dot or colon, options inside a
// table, globals elsewhere.
func outside(before string, p place, env Env) (head string, words []string) {
	name := lastName(before)
	head = before[:len(before)-len(name)]
	if i := strings.LastIndexAny(name, ".:"); i >= 0 {
		return head + name[:i+1], keep(env.members(name[:i], name[i]), name[i+1:])
	}
	if f, table := p.call(env); f != nil && table {
		var keys []string
		for _, k := range optionsOf(f) {
			if !k.Rest && !strings.Contains(before, k.Name+" =") {
				keys = append(keys, k.Name+" = ")
			}
		}
		words = keep(keys, name)
	}
	return head, append(words, keep(env.globals(), name)...)
}

// members are what may follow a dot or a colon.
func (env Env) members(owner string, mark byte) (words []string) {
	for _, m := range env.Modules {
		if m.Name != owner || mark != '.' {
			continue
		}
		for _, f := range m.Members() {
			words = append(words, opening(f))
		}
	}
	c, _ := env.class(owner)
	if mark == ':' {
		for _, f := range c.Methods {
			words = append(words, opening(f))
		}
		return words
	}
	for _, f := range c.Fields {
		words = append(words, f.Name)
	}
	return words
}

// opening is a function's name with the bracket that its call starts with.
func opening(f *bind.Func) string {
	switch {
	case len(f.Params) == 0:
		return f.Name + "()"
	case f.Params[0].Name == "options":
		return f.Name + "{"
	}
	return f.Name + "("
}

func (env Env) globals() []string {
	words := slices.Clone(env.Globals)
	for _, m := range env.Modules {
		if m.Name != "" {
			words = append(words, m.Name)
			continue
		}
		for _, f := range m.Members() {
			words = append(words, f.Name)
		}
	}
	return append(words, "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
		"repeat", "return", "then", "true", "until", "while")
}

// inString completes what stands in quotes: an enumeration's words, names of
// live objects, paths.
func inString(before string, p place, env Env) (head string, words []string) {
	head, word := before[:p.start], before[p.start:]
	f, table := p.call(env)
	if f != nil {
		words = env.values(subject(f, table, before[:p.start-1]), word)
	}
	if words == nil && env.Files != nil {
		words = env.Files(word)
	}
	return head, words
}

// subject is the parameter or option that a string is for.
func subject(f *bind.Func, table bool, before string) bind.ParamDoc {
	if !table {
		commas := strings.Count(before[strings.LastIndexByte(before, '(')+1:], ",")
		if commas < len(f.Params) {
			return f.Params[commas]
		}
		return bind.ParamDoc{}
	}
	keys := optionsOf(f)
	left := strings.TrimRight(before, " {")
	if key, ok := strings.CutSuffix(left, "="); ok {
		word := lastName(key)
		for _, k := range keys {
			if k.Name == word {
				return k
			}
		}
		return bind.ParamDoc{}
	}
	if len(keys) > 0 && strings.HasSuffix(strings.TrimRight(before, " "), "{") {
		return keys[0]
	}
	return bind.ParamDoc{}
}

// values are the words that fit a parameter.
func (env Env) values(p bind.ParamDoc, word string) (words []string) {
	if len(p.Values) > 0 {
		return keep(p.Values, word)
	}
	if p.Object != "" && env.Names != nil {
		return keep(env.Names(p.Object), word)
	}
	return nil
}

func keep(words []string, prefix string) (kept []string) {
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			kept = append(kept, w)
		}
	}
	return kept
}
