// Package cells measures and shapes text in the columns of a terminal.
//
// It knows how wide characters are, and which would act upon a terminal instead
// of being shown. It knows neither Lua nor a terminal of its own.
package cells

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Width is how many columns a text takes: two for each wide character, none for
// one that joins the one before.
func Width(s string) int {
	for i := range len(s) {
		if s[i] >= 0x7f || s[i] < ' ' {
			return runewidth.StringWidth(s)
		}
	}
	return len(s)
}

// Cut is s in width columns at most; an ellipsis stands for what is cut off.
func Cut(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	return runewidth.Truncate(s, width, "…")
}

// Pad is s with blanks up to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Wrap breaks s into lines of width columns at most: between words, or inside
// those that are longer. Line ends in s stay.
func Wrap(s string, width int) (lines []string) {
	for line := range strings.SplitSeq(s, "\n") {
		lines = append(lines, wrapped(line, width)...)
	}
	return lines
}

func wrapped(line string, width int) (lines []string) {
	for Width(line) > width {
		head := fitting(line, width)
		lines = append(lines, strings.TrimRight(head, " "))
		if line = strings.TrimLeft(line[len(head):], " "); line == "" {
			return lines
		}
	}
	return append(lines, line)
}

// fitting is how s begins in width columns, up to the end of a word if one ends
// in the second half of them. It is never empty.
func fitting(s string, width int) string {
	end, word, used := 0, 0, 0
	for i, r := range s {
		used += runewidth.RuneWidth(r)
		if used > width && i > 0 {
			break
		}
		end = i + len(string(r))
		if r == ' ' && used > width/2 {
			word = i
		}
	}
	if word > 0 && end < len(s) && s[end] != ' ' {
		return s[:word]
	}
	return s[:end]
}

// Hang wraps the lines of a text; what goes on below stands under where the
// line's own text begins: behind a term, or set in as the line is. A width below
// 20 is any.
func Hang(text string, width int) string {
	if width < 20 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		head := lead().FindString(line)
		if Width(head) > width/2 {
			head = line[:len(line)-len(strings.TrimLeft(line, " "))]
		}
		indent := Width(head)
		b.WriteString(head + strings.Join(Wrap(line[len(head):], width-indent), "\n"+strings.Repeat(" ", indent)) + "\n")
	}
	return b.String()
}

// lead is how a line begins that says something of a term, or that is set in.
func lead() *regexp.Regexp { return regexp.MustCompile(`^ *(\S+( \S+)*  +)?`) }

// Columns arranges words in as many columns as fit, top to bottom.
func Columns(words []string, width int) string {
	widest := 1
	for _, w := range words {
		widest = max(widest, Width(w)+2)
	}
	across := max(1, (width+2)/widest)
	rows := (len(words) + across - 1) / across
	var b strings.Builder
	for row := range rows {
		line := ""
		for i := row; i < len(words); i += rows {
			line = Pad(line, i/rows*widest) + words[i]
		}
		b.WriteString(Cut(line, width) + "\n")
	}
	return b.String()
}

// Escape shows what a terminal would act upon, except the characters of keep:
// control characters, bytes that are no text, and what turns the direction of
// writing.
func Escape(s, keep string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "\\x%02x", s[i])
		case strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, "\\x%02x", r)
		case turns(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// harmless says of most texts, quickly, that there is nothing to escape.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// turns says whether a character changes the direction of writing or breaks
// lines unseen.
func turns(r rune) bool {
	return r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
