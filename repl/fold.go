package repl

import (
	"fmt"
	"strings"

	"neap/lua/cells"
)

// mark stands for a line end in what liner edits, which knows single lines.
const mark = "↵"

// crowd is how many bytes of one entry liner is given to edit at most: it draws
// all of them at each key.
const crowd = 8 << 10

// folds are entries too long to be edited on the screen. What stands for one is
// a token, which can be recalled, sent, and have text put around it.
type folds struct {
	tokens map[string]string // by entry
	order  []string          // the entries
}

// shut is the form in which an entry is edited, in room columns at most.
func (f *folds) shut(src string, room int) string {
	line := strings.ReplaceAll(src, "\n", mark)
	if len(line) <= crowd && cells.Width(line) <= room {
		return line
	}
	if token := f.tokens[src]; token != "" {
		return token
	}
	if f.tokens == nil {
		f.tokens = map[string]string{}
	}
	head, _, _ := strings.Cut(strings.TrimSpace(src[:min(len(src), 200)]), "\n")
	size := fmt.Sprintf("%d lines", 1+strings.Count(src, "\n"))
	if !strings.Contains(src, "\n") {
		size = fmt.Sprintf("%d bytes", len(src))
	}
	token := fmt.Sprintf("%s‹%s, %d›", cells.Cut(cells.Escape(head, ""), 24), size, len(f.order)+1)
	f.tokens[src] = token
	f.order = append(f.order, src)
	return token
}

// open is the entry that was edited as line.
func (f *folds) open(line string) string {
	if strings.Contains(line, "‹") {
		for _, src := range f.order {
			line = strings.ReplaceAll(line, f.tokens[src], src)
		}
	}
	return strings.ReplaceAll(line, mark, "\n")
}
