package host

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"neap/lua/bind"
	"neap/lua/tree"
)

// mark is where a call or an index stands in a source: a line and columns in
// bytes, from 1. last is 0 where it goes on in another line.
type mark struct{ line, first, last int }

// locate finds the call or index that runs at a place. gopher-lua notes lines
// only: so the source is compiled once more, with the number of a mark in place
// of each line, and read at the same instruction. It costs nothing until
// something is wrong.
func (h *Host) locate(p bind.Place) (m mark, ok bool) {
	code, pc := p.Code()
	text, known := h.source(p.File)
	if !known || code == nil || text.code == nil {
		return m, false
	}
	marks := links(text.lead + text.src)
	again := numbered(text, p.File, len(marks))
	same := counterpart(text.code, again, code)
	if same == nil || pc < 1 || pc > len(same.DbgSourcePositions) {
		return m, false
	}
	at := same.DbgSourcePositions[pc-1] - firstMark
	if at < 0 || at >= len(marks) {
		return m, false
	}
	return marks[at].without(text.lead), true
}

// without is the mark in a source that was compiled with a lead before it.
func (m mark) without(lead string) mark {
	if m.line == 1 {
		m.first, m.last = max(1, m.first-len(lead)), max(0, m.last-len(lead))
	}
	return m
}

// firstMark parts numbers of marks from numbers of lines.
const firstMark = 1 << 40

// numbered compiles a source in which calls and indexes have numbers for lines;
// nil if there are not as many as n.
func numbered(t text, name string, n int) *lua.FunctionProto {
	chunk, err := parse.Parse(strings.NewReader(withoutShebang(t.lead+t.src)), name)
	if err != nil {
		return nil
	}
	found := 0
	w := tree.Walk{Expr: func(e ast.Expr) {
		switch e.(type) {
		case *ast.FuncCallExpr, *ast.AttrGetExpr:
			e.SetLine(firstMark + found)
			found++
		}
	}}
	if !w.Through(chunk) || found != n || mend(chunk) != nil {
		return nil
	}
	if t.typed {
		chunk = lasting(chunk)
	}
	code, err := lua.Compile(chunk, name)
	if err != nil {
		return nil
	}
	return code
}

// counterpart is the function of tree b that lies where code lies in tree a.
func counterpart(a, b, code *lua.FunctionProto) *lua.FunctionProto {
	if a == code {
		return b
	}
	if b == nil || len(a.FunctionPrototypes) != len(b.FunctionPrototypes) {
		return nil
	}
	for i := range a.FunctionPrototypes {
		if found := counterpart(a.FunctionPrototypes[i], b.FunctionPrototypes[i], code); found != nil {
			return found
		}
	}
	return nil
}

// links finds the calls and indexes of a source, in the order of their
// brackets and dots.
func links(src string) []mark {
	var l linker
	scanner, lexer := parse.NewScanner(strings.NewReader(withoutShebang(src)), ""), &parse.Lexer{}
	for {
		token, err := scanner.Scan(lexer)
		if err != nil || token.Type == parse.EOF {
			return l.found
		}
		l.token(token, scanner.Pos)
		lexer.PrevTokenType = token.Type
		l.before = token.Type
	}
}

// linker reads tokens. It knows of each bracket whether it is a call's.
type linker struct {
	found   []mark
	open    []bracket
	chain   chain
	before  int  // the type of the last token
	naming  bool // from function to its parameters
	listing bool // the names after local
}

// chain is what the last token may end: an expression that can be called.
type chain struct {
	ok     bool
	start  ast.Position // where the mark of its next link begins
	called bool         // the last link was a call: the next mark begins anew
}

// bracket is one that is open, and what it will have been when it closes.
type bracket struct {
	link  int // the index in found, or -1
	after chain
}

func (l *linker) token(t ast.Token, end ast.Position) {
	before := l.chain
	l.listing = t.Type == parse.TLocal || l.listing && (t.Type == ',' || t.Type == parse.TIdent && l.before != parse.TIdent)
	switch t.Type {
	case parse.TFunction:
		l.chain, l.naming = chain{}, true
	case parse.TIdent:
		l.name(t, end)
	case '.':
		if before.ok && !l.naming {
			l.link(before)
		}
	case ':':
	case '(', '[', '{':
		l.opens(t)
	case ')', ']', '}':
		l.closes(end)
	case parse.TString:
		l.chain = chain{}
		if before.ok {
			l.link(before)
			l.ends(len(l.found)-1, end)
			l.chain = chain{true, before.start, true}
		}
	default:
		l.chain = chain{}
	}
}

func (l *linker) name(t ast.Token, end ast.Position) {
	follows := l.chain.ok && (l.before == '.' || l.before == ':')
	switch {
	case l.naming || l.listing || l.before == parse.TGoto || l.before == parse.T2Colon:
		l.chain = chain{}
		return
	case !follows || l.chain.called:
		l.chain = chain{ok: true, start: t.Pos}
	}
	if follows && l.before == '.' {
		i := len(l.found) - 1
		l.found[i].line, l.found[i].first = l.chain.start.Line, l.chain.start.Column
		l.ends(i, end)
	}
}

func (l *linker) opens(t ast.Token) {
	b := bracket{link: -1}
	switch {
	case l.naming && t.Type == '(': // parameters
		l.naming = false
	case l.chain.ok:
		b.after = l.chain
		if b.after.called && l.before != parse.TIdent {
			b.after.start = t.Pos
		}
		b.link = l.link(b.after)
		b.after.called = t.Type != '['
	case t.Type == '(':
		b.after = chain{ok: true, start: t.Pos}
	}
	l.open = append(l.open, b)
	l.chain = chain{}
}

func (l *linker) closes(end ast.Position) {
	if len(l.open) == 0 {
		return
	}
	b := l.open[len(l.open)-1]
	l.open = l.open[:len(l.open)-1]
	if b.link >= 0 {
		l.ends(b.link, end)
	}
	l.chain = b.after
}

func (l *linker) link(c chain) int {
	l.found = append(l.found, mark{line: c.start.Line, first: c.start.Column})
	return len(l.found) - 1
}

func (l *linker) ends(i int, end ast.Position) {
	if l.found[i].line == end.Line {
		l.found[i].last = end.Column
	}
}
