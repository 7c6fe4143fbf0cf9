package page

import (
	"slices"
	"strconv"
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
	ClassOf func(variable string) string // the class of what a variable holds; with "[]" behind it for a list; "string"
	Keys    func(path string) []string   // what a plain table has: those of "string", of a variable, of a key in one
	Names   func(noun string) []string   // names of live objects: noun is "container", "image"
	Files   func(prefix string) []string // paths, for strings that name no object
	Library []string                     // what require finds
}

// Complete says what may stand at pos, a count of runes, in line: the text
// before the word, the words, and the text after, as liner wants it. The line
// may be several.
func Complete(line string, pos int, env Env) (head string, words []string, tail string) {
	at := byteOffset(line, pos)
	before, tail := line[:at], line[at:]
	l := lex(before)
	switch {
	case l.noted:
		return before, nil, tail
	case l.quote != "":
		head, words = before[:l.start], env.quoted(&l, before[l.start:])
		if len(words) == 1 && !strings.HasPrefix(tail, l.quote) && !strings.HasSuffix(words[0], "/") {
			words[0] += l.quote
		}
	default:
		word := lastName(before)
		head = before[:len(before)-len(word)]
		words = env.plain(&l, word)
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

// lastName is the name that s ends with, or "".
func lastName(s string) string {
	i := len(s)
	for i > 0 && nameByte(s[i-1]) {
		i--
	}
	return s[i:]
}

// plain completes names: members after a dot or colon, options inside a table,
// values after their key, globals elsewhere.
func (e Env) plain(l *lexed, word string) []string {
	last := len(l.tokens) - 1
	if word != "" {
		last--
	}
	if l.is(last, ".", ":") {
		return keep(e.members(e.ending(l, last-1), l.tokens[last].text), word)
	}
	in := e.slot(l)
	if words := keep(append(in.options(), e.literals(l, in, last, word)...), word); len(words) > 0 {
		return words
	}
	if word == "" && (len(in.keys) > 0 || l.ends(last)) {
		return nil
	}
	return keep(e.globals(word), word)
}

// options are the keys that a table may still have.
func (at slot) options() (words []string) {
	for _, k := range at.keys {
		if !k.Listed && !slices.Contains(at.used, k.Name) {
			words = append(words, k.Name+" = ")
		}
	}
	return words
}

// literals are the values that fit right behind key =, or an argument's start.
func (e Env) literals(l *lexed, at slot, last int, word string) (words []string) {
	if !l.is(last, "=", "(") {
		return nil
	}
	if at.value.Type == "boolean" && l.is(last, "=") {
		return []string{"true", "false"}
	}
	if word != "" {
		return nil
	}
	for _, v := range e.values(at) {
		words = append(words, strconv.Quote(v))
	}
	return words
}

// members are what may follow a dot or a colon.
func (e Env) members(t thing, mark string) (words []string) {
	switch {
	case mark == ":" && t.class == "string" && !t.list:
		return e.keys("string")
	case mark == ":":
		for _, f := range e.methods(t) {
			words = append(words, opening(f))
		}
		return words
	case t.module != nil:
		for _, f := range t.module.Members() {
			words = append(words, opening(f))
		}
		return words
	case t.class != "" && !t.list:
		for _, f := range e.classOf(t).Fields {
			words = append(words, f.Name)
		}
	}
	if t.path != "" && len(words) == 0 && !t.list {
		words = e.keys(t.path)
	}
	return words
}

func (e Env) keys(path string) []string {
	if e.Keys == nil {
		return nil
	}
	return e.Keys(path)
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

// globals are names that may begin an expression or a statement. What begins
// with an underscore is for those who ask for it.
func (e Env) globals(word string) (words []string) {
	for _, name := range e.Globals {
		if word != "" || name[0] != '_' {
			words = append(words, name)
		}
	}
	for _, m := range e.Modules {
		if m.Name != "" {
			words = append(words, m.Name)
			continue
		}
		for _, f := range m.Members() {
			words = append(words, f.Name)
		}
	}
	if word != "" {
		words = append(words, keywords()...)
	}
	return words
}

// quoted completes what stands in quotes: an enumeration's words, names of live
// objects, of facts, of what help knows, paths.
func (e Env) quoted(l *lexed, word string) []string {
	last := len(l.tokens) - 1
	in := e.slot(l)
	if in.fn.fn == nil { // a call without a parenthesis: containers.get "we
		if called := e.ending(l, last); called.fn != nil {
			in = slot{fn: called, value: positional(called.fn.Params, 0)}
		}
	}
	if words := e.values(in); words != nil {
		return keep(words, word)
	}
	switch {
	case l.is(last, "require") || l.is(last, "(") && l.is(last-1, "require"):
		return keep(e.Library, word)
	case in.fn.fn != nil && in.fn.fn.Name == "help" && in.fn.of == nil:
		return keep(e.topics(), word)
	case e.Files == nil || l.is(last, "[", "=="):
		return nil
	}
	return e.Files(word)
}

// topics are what help("…") explains.
func (e Env) topics() (words []string) {
	for _, m := range e.Modules {
		words = append(words, m.Name)
	}
	for _, c := range e.Classes {
		words = append(words, c.Name)
	}
	for kind := range kinds() {
		words = append(words, "E:"+string(kind))
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// values are the words that fit a parameter; nil if nothing is known of it.
func (e Env) values(at slot) []string {
	switch p := at.value; {
	case len(p.Values) > 0:
		return slices.Clone(p.Values)
	case p.Object != "" && e.Names != nil:
		return append([]string{}, e.Names(p.Object)...)
	case at.fn.of != nil && at.fn.of.list && slices.Contains([]string{"field", "by", "columns"}, p.Name):
		var facts []string
		for _, f := range e.classOf(*at.fn.of).Fields {
			facts = append(facts, f.Name)
		}
		return facts
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
