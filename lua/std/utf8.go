package std

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func utf8Funcs() []*bind.Func {
	text := bind.Req("text", bind.String, "the text")
	number := bind.Returns(bind.Int, "the number")
	said := bind.Returns(bind.String, "the text")
	return []*bind.Func{
		bind.Func1("len", "How many characters a text has.", text, bind.Returns2("length", bind.Ptr(bind.Int), "bad", bind.Ptr(bind.Int), "the number; or nil and where the first byte is that is no UTF-8"), length).
			With(`assert(utf8.len("Тест") == 4)`),
		bind.Func3("codepoint", "The numbers of characters of a text, by where they are.", text, bind.Opt("i", bind.Int, 1, "the first; negative counts from the end"),
			bind.Opt("j", bind.Ptr(bind.Int), nil, "the last; the first if left out"), bind.Returns(bind.ListOf(bind.Int), "a list of them"), codepoint,
		).With(`assert(utf8.codepoint("é")[1] == 233)`),
		bind.Func1("char", "The text of characters of these numbers.", bind.Rest("code", bind.Int, "their numbers"), said, char).
			With(`assert(utf8.char(1058, 101) == "Тe")`),
		bind.Func3("sub", "A part of a text, by characters.", text, bind.Req("i", bind.Int, "the first; negative counts from the end"),
			bind.Opt("j", bind.Int, -1, "the last"), said,
			func(_ context.Context, s string, i, j int) (string, error) {
				all := []rune(s)
				i, j = within(i, j, len(all))
				return string(all[i:j]), nil
			}).With(`assert(utf8.sub("Привет", 2, 3) == "ри")`),
		bind.Func1("width", "How many columns of a terminal a text takes.", text, number,
			func(_ context.Context, s string) (int, error) { return runewidth.StringWidth(s), nil },
		).With(`assert(utf8.width("漢字") == 4)`),
		bind.Func2("cut", "A text cut to a number of columns, with … at its end if something was cut.", text, bind.Req("width", bind.Int, "how many"), said,
			func(_ context.Context, s string, width int) (string, error) {
				return runewidth.Truncate(s, max(width, 0), "…"), nil
			}).With(`assert(utf8.cut("container", 5) == "cont…")`),
		bind.Func2("pad", "A text with blanks up to a number of columns; a negative number puts them before it.", text, bind.Req("width", bind.Int, "how many"), said,
			func(_ context.Context, s string, width int) (string, error) { return pad(s, width) },
		).With(`assert(utf8.pad("é", 3) == "é  " and utf8.pad("é", -3) == "  é")`),
		bind.Func1("chars", "Go through the characters of a text.", text, bind.Iterates(bind.String, "a character"),
			func(_ context.Context, s string) (bind.Iterator[string], error) { return &runes{s}, nil },
		).With(`local n = 0
for c in utf8.chars("дом") do n = n + 1 end
assert(n == 3)`),
		bind.Func1("upper", "A text in capital letters.", text, said, func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil }).
			With(`assert(utf8.upper("привет") == "ПРИВЕТ")`),
		bind.Func1("lower", "A text in small letters.", text, said, func(_ context.Context, s string) (string, error) { return strings.ToLower(s), nil }).
			With(`assert(utf8.lower("ПРИВЕТ") == "привет")`),
		bind.Func1("valid", "Whether a text is UTF-8.", text, bind.Returns(bind.Bool, "yes or no"), func(_ context.Context, s string) (bool, error) { return utf8.ValidString(s), nil }).
			With(`assert(utf8.valid("é") and not utf8.valid("\255"))`),
	}
}

func length(_ context.Context, s string) (p bind.Pair[*int, *int], err error) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			bad := i + 1
			return bind.Pair[*int, *int]{B: &bad}, nil
		}
		i += n
	}
	n := utf8.RuneCountInString(s)
	return bind.Pair[*int, *int]{A: &n}, nil
}

// within makes a half-open range of Lua's first and last, of a list of n.
func within(i, j, n int) (from, to int) {
	if i < 0 {
		i = n + i + 1
	}
	if j < 0 {
		j = n + j + 1
	}
	from, to = max(i, 1)-1, min(j, n)
	if from >= to {
		return 0, 0
	}
	return from, to
}

func codepoint(_ context.Context, s string, i int, j *int) ([]int, error) {
	if j == nil {
		j = &i
	}
	all := []rune(s)
	from, to := within(i, *j, len(all))
	codes := make([]int, 0, to-from)
	for _, r := range all[from:to] {
		codes = append(codes, int(r))
	}
	return codes, nil
}

func char(_ context.Context, codes []int) (string, error) {
	var b strings.Builder
	for _, c := range codes {
		if c < 0 || c > unicode.MaxRune || !utf8.ValidRune(rune(c)) {
			return "", fault.New(fault.Invalid, "no character has the number %d", c)
		}
		b.WriteRune(rune(c))
	}
	return b.String(), nil
}

// widest is how many blanks a text is filled up with at most.
const widest = 1 << 16

func pad(s string, width int) (string, error) {
	if width > widest || width < -widest {
		return "", fault.New(fault.Invalid, "no terminal has %d columns", width)
	}
	if width < 0 {
		return runewidth.FillLeft(s, -width), nil
	}
	return runewidth.FillRight(s, width), nil
}

// runes goes through a text.
type runes struct{ rest string }

func (r *runes) Next(context.Context) (string, bool, error) {
	if r.rest == "" {
		return "", false, nil
	}
	_, n := utf8.DecodeRuneInString(r.rest)
	c := r.rest[:n]
	r.rest = r.rest[n:]
	return c, true, nil
}

func (r *runes) Close() error { return nil }
