package cells_test

import (
	"slices"
	"strings"
	"testing"

	"neap/lua/cells"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "данные": 6, "日本": 4, "é": 1, "e\u0301": 1, "🚢": 2} {
		if got := cells.Width(s); got != want {
			t.Errorf("%q is %d columns wide, not %d", s, got, want)
		}
	}
}

func TestCutAndPad(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		cut   string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"данные", 4, "дан…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"x", 0, ""},
	} {
		got := cells.Cut(c.s, c.width)
		if got != c.cut && c.width > 0 || cells.Width(got) > max(c.width, 1) {
			t.Errorf("%q in %d: %q", c.s, c.width, got)
		}
		if padded := cells.Pad(got, c.width); c.width > 0 && cells.Width(padded) != c.width {
			t.Errorf("%q padded to %d: %q", got, c.width, padded)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two three", 20, []string{"one two three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"0123456789", 4, []string{"0123", "4567", "89"}},
		{"a 0123456789", 6, []string{"a 0123", "456789"}},
		{"раз два", 4, []string{"раз", "два"}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日本語", 1, []string{"日", "本", "語"}},
		{"a\n\nb", 5, []string{"a", "", "b"}},
	} {
		if got := cells.Wrap(c.s, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d: %q", c.s, c.width, got)
		}
	}
}

func TestColumns(t *testing.T) {
	words := []string{"a", "b", "cc", "日本", "e"}
	if got, want := cells.Columns(words, 12), "a     日本\nb     e\ncc\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := cells.Columns(words, 3); strings.Count(got, "\n") != 5 {
		t.Errorf("%q", got)
	}
}

func TestEscape(t *testing.T) {
	for s, want := range map[string]string{
		"plain": "plain", "данные": "данные", "a\x1b[2Jb": `a\x1b[2Jb`, "a\tb\nc\r": "a\tb\nc\\x0d", "\u009b1m": `\x9b1m`,
		"\xff\x9b1m": `\xff\x9b1m`, "\u202egnp": `\u202egnp`, "\ufffd": "\ufffd", "\x7f": `\x7f`,
	} {
		if got := cells.Escape(s, "\n\t"); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestHang(t *testing.T) {
	text := "head\n  name  what it is called by, in words\n    set in, and long enough to wrap\n"
	want := "head\n  name  what it is called\n        by, in words\n    set in, and long enough\n    to wrap\n"
	if got := cells.Hang(text, 28); got != want || cells.Hang(text, 0) != text {
		t.Errorf("%q", got)
	}
}
