package check

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// text is a script as it is written: gopher-lua's tree has lines only, so what
// is wrong is found again among the words of its line.
type text struct {
	name, code string
	lines      []string
	words      map[int][]word // by line
	told       map[word]bool
}

// word is a token: what it says, where it begins, and what stands around it.
type word struct {
	line, column  int
	said          string
	kind          int
	before, after int    // the kinds of its neighbours
	owner         string // the name before its dot or colon
}

func newText(name, src string) *text {
	code := src
	if strings.HasPrefix(src, "#!") {
		code = "--" + src[2:]
	}
	t := &text{name: name, code: code, lines: strings.Split(src, "\n"), words: map[int][]word{}, told: map[word]bool{}}
	t.read()
	return t
}

func (t *text) read() {
	scanner, lexer := parse.NewScanner(strings.NewReader(t.code), t.name), &parse.Lexer{}
	var all []word
	for {
		token, err := scanner.Scan(lexer)
		if err != nil || token.Type == parse.EOF {
			break
		}
		lexer.PrevTokenType = token.Type
		all = append(all, word{line: token.Pos.Line, column: token.Pos.Column, said: token.Str, kind: token.Type})
	}
	for i := range all {
		w := &all[i]
		if i > 0 {
			w.before = all[i-1].kind
		}
		if i > 1 && (w.before == '.' || w.before == ':') {
			w.owner = all[i-2].said
		}
		if i+1 < len(all) {
			w.after = all[i+1].kind
		}
		t.words[w.line] = append(t.words[w.line], *w)
	}
}

// finding is one at a place.
func (t *text) finding(line, column, width int, message string) Finding {
	f := Finding{File: t.name, Line: line, Column: column, Width: max(width, 1), Message: message}
	if line >= 1 && line <= len(t.lines) {
		f.Text = strings.TrimRight(t.lines[line-1], " \t\r")
	}
	return f
}

// member is a name after a dot or colon, told from others by what is before it.
func member(e ast.Expr, name string) func(word) bool {
	owner := ""
	if i, ok := e.(*ast.IdentExpr); ok {
		owner = i.Value
	}
	return func(w word) bool {
		return w.said == name && (w.before == '.' || w.before == ':') && (owner == "" || w.owner == owner)
	}
}

// variable is a name that stands alone.
func variable(name string) func(word) bool {
	return func(w word) bool {
		return w.kind == parse.TIdent && w.said == name && w.before != '.' && w.before != ':'
	}
}

// key is the name of a field in a table.
func key(name string) func(word) bool {
	return func(w word) bool { return w.said == name && (w.after == '=' || w.after == ']') }
}

// literal is a value that is written out.
func literal(said string) func(word) bool {
	return func(w word) bool { return w.said == said && w.kind != parse.TIdent }
}

// at finds the first such word from a line on that was not told of yet.
func (t *text) at(line int, fits func(word) bool) (column, width, on int) {
	for l := line; l <= line+20; l++ {
		for _, w := range t.words[l] {
			if fits(w) && !t.told[w] {
				t.told[w] = true
				return w.column, len(w.said), l
			}
		}
	}
	return 1, 0, line
}
