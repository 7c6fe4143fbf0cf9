package page

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// token is a piece of Lua: a name or number, a string, or a mark.
type token struct {
	text string
	kind byte // 'n' a name or number, 's' a string, else the mark
}

// lexed is Lua up to the cursor. It need not be whole.
type lexed struct {
	tokens []token
	opens  []int  // the brackets that are still open, by the index of their tokens
	quote  string // what ends the string the cursor is in; "" if it is in none
	start  int    // where that string begins, after its quote
	noted  bool   // the cursor is in a comment
}

func lex(s string) (l lexed) {
	for i := 0; i < len(s) && l.quote == "" && !l.noted; {
		switch c := s[i]; {
		case strings.HasPrefix(s[i:], "--"):
			i = l.comment(s, i+2)
		case c == '"' || c == '\'':
			i = l.short(s, i)
		case c == '[' && longEnd(s[i:]) != "":
			i = l.long(s, i)
		case nameByte(c):
			from := i
			for i < len(s) && nameByte(s[i]) {
				i++
			}
			l.add('n', s[from:i])
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(s[i:], "==") || strings.HasPrefix(s[i:], "~=") || strings.HasPrefix(s[i:], ".."):
			l.add('o', s[i:i+2])
			i += 2
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			l.mark(s[i : i+n])
			i += n
		}
	}
	return l
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (l *lexed) add(kind byte, text string) { l.tokens = append(l.tokens, token{text, kind}) }

func (l *lexed) mark(text string) {
	l.add(text[0], text)
	switch text {
	case "(", "{", "[":
		l.opens = append(l.opens, len(l.tokens)-1)
	case ")", "}", "]":
		l.opens = l.opens[:max(0, len(l.opens)-1)]
	}
}

// comment passes over one; the cursor is in it if it does not end.
func (l *lexed) comment(s string, i int) int {
	end := longEnd(s[i:])
	if end == "" {
		end = "\n"
	}
	n := strings.Index(s[i:], end)
	if n < 0 {
		l.noted = true
		return len(s)
	}
	return i + n + len(end)
}

func (l *lexed) short(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case s[i]:
			l.add('s', s[i+1:j])
			return j + 1
		}
	}
	l.quote, l.start = s[i:i+1], i+1
	return len(s)
}

// longEnd is what ends the long bracket that s begins with, "" if with none.
func longEnd(s string) string {
	rest := strings.TrimPrefix(s, "[")
	level := len(rest) - len(strings.TrimLeft(rest, "="))
	if len(rest) == len(s) || !strings.HasPrefix(rest[level:], "[") {
		return ""
	}
	return "]" + strings.Repeat("=", level) + "]"
}

func (l *lexed) long(s string, i int) int {
	end := longEnd(s[i:])
	from := i + len(end)
	n := strings.Index(s[from:], end)
	if n < 0 {
		l.quote, l.start = end, from
		return len(s)
	}
	l.add('s', s[from:from+n])
	return from + n + len(end)
}

// is says whether there is a token of that text.
func (l *lexed) is(i int, texts ...string) bool {
	return i >= 0 && i < len(l.tokens) && l.tokens[i].kind != 's' && slices.Contains(texts, l.tokens[i].text)
}

// named says whether a token is a name, and no keyword.
func (l *lexed) named(i int) bool {
	return i >= 0 && i < len(l.tokens) && l.tokens[i].kind == 'n' && !slices.Contains(keywords(), l.tokens[i].text)
}

// closing is the token that closes the bracket at i, -1 if none does.
func (l *lexed) closing(i int) int { return l.partner(i, 1) }

// opening is the token that opened the bracket closed at i, -1 if none did.
func (l *lexed) opening(i int) int { return l.partner(i, -1) }

// partner is the bracket that belongs to the one at i, in the direction of step.
func (l *lexed) partner(i, step int) int {
	for depth := 0; i >= 0 && i < len(l.tokens); i += step {
		switch {
		case l.is(i, "(", "{", "["):
			depth += step
		case l.is(i, ")", "}", "]"):
			depth -= step
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

// begin is where the expression begins that ends with the token at end:
// "containers", of containers.get("web").
func (l *lexed) begin(end int) int {
	for i := end; i >= 0; {
		switch {
		case l.is(i, ")", "}", "]"):
			open := l.opening(i)
			if !l.ends(open - 1) {
				return open
			}
			i = open - 1
		case i < len(l.tokens) && l.tokens[i].kind == 's' && l.ends(i-1):
			i--
		case l.named(i) && l.is(i-1, ".", ":"):
			i -= 2
		case l.named(i):
			return i
		default:
			return i + 1
		}
	}
	return 0
}

// ends says whether what can be called or indexed may end with the token at i.
func (l *lexed) ends(i int) bool {
	return l.named(i) || l.is(i, ")", "]", "}") || i >= 0 && i < len(l.tokens) && l.tokens[i].kind == 's'
}

func keywords() []string {
	return []string{
		"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
		"repeat", "return", "then", "true", "until", "while",
	}
}
