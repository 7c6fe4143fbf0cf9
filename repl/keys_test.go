package repl

import (
	"strings"
	"testing"
)

func TestPasteBecomesOneLine(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want string
	}{
		{name: "typed", in: []string{"ab\r", "\x1b[A\t"}, want: "ab\r\x1b[A\t"},
		{name: "pasted", in: []string{"x = \x1b[200~1\r2\r\n3\n\x1b[201~\r"}, want: "x = 1↵2↵3\r"},
		{name: "in pieces", in: []string{"\x1b", "[20", "0~a\x1b[2", "01~b"}, want: "\x1b[200~a\x1b[201~b"},
		{name: "in other pieces", in: []string{"\x1b[20", "0~a\nb\x1b", "[201", "~c\r"}, want: "a↵bc\r"},
		{name: "blank lines", in: []string{"\x1b[200~a\n\n\tb\n\n\x1b[201~"}, want: "a↵↵    b"},
		{name: "control characters", in: []string{"\x1b[200~a\x03\x04\x1b[201\x1b[201~\r"}, want: "a[201\r"},
		{name: "escape alone", in: []string{"\x1b"}, want: "\x1b"},
		{name: "a paste without an end", in: []string{"\x1b[200~os.exit()\r", "\x03", "1\r"}, want: "\x031\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, got := &paste{fold: func(s string) string { return (&folds{}).shut(s, 80) }}, ""
			for _, in := range c.in {
				got += string(p.filter([]byte(in)))
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestFolds(t *testing.T) {
	var f folds
	if got := f.shut("a\nb", 80); got != "a↵b" || f.open(got) != "a\nb" {
		t.Error(got)
	}
	long := "for i = 1, 3 do" + strings.Repeat("\n  print(i)", 200) + "\nend"
	token := f.shut(long, 400)
	if token != "for i = 1, 3 do‹202 lines, 1›" || f.open("x()"+mark+token+" y()") != "x()\n"+long+" y()" || f.shut(long, 400) != token {
		t.Error(token)
	}
	huge := strings.Repeat("x", 1<<20)
	if token := f.shut(huge, 400); len(token) > 100 || f.open(token) != huge {
		t.Error(token)
	}
	if got := f.open("‹no token›"); got != "‹no token›" {
		t.Error(got)
	}
}

func TestCommonPrefix(t *testing.T) {
	for want, words := range map[string][]string{"": {"a", "b"}, "данн": {"данные", "данный"[:10], "даннa"}, "ab": {"ab", "abc"}} {
		if got := commonPrefix(words); got != want {
			t.Errorf("%q: %q", words, got)
		}
	}
}
