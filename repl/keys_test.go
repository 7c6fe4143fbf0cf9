package repl

import "testing"

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
	} {
		t.Run(c.name, func(t *testing.T) {
			p, got := &paste{}, ""
			for _, in := range c.in {
				got += string(p.filter([]byte(in)))
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
