package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"neap/lua/bind"
	"neap/lua/cells"
	"neap/lua/host"
)

// shown is values as they are printed: short ones on one line, tables and cards
// below one another.
func (s *session) shown(ctx context.Context, values []bind.Value) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	width, _ := s.Size()
	texts, between := make([]string, len(values)), "\t"
	for i, v := range values {
		text, err := s.Host.Show(ctx, v, width)
		if err != nil {
			return "", err
		}
		if texts[i] = escape(text); strings.Contains(text, "\n") {
			between = "\n"
		}
	}
	return strings.TrimSuffix(strings.Join(texts, between), "\n") + "\n", nil
}

// wrong is an error for who typed src: what is wrong and the way out, a line
// each, and the part of src that is meant if it is not all of it. What comes
// from elsewhere has its place.
func (s *session) wrong(src string, err error) string {
	switch {
	case errors.Is(err, errInterrupted):
		return "interrupted\n"
	case errors.Is(err, errDeclined):
		return "nothing is done\n"
	}
	m, ok := s.Host.Marked(err)
	if !ok {
		return escape(s.Host.Explain(err))
	}
	text := m.Title + "\n" + marks(src, m)
	if m.Hint != "" {
		text += "hint: " + m.Hint + "\n"
	}
	return text
}

// marks is the line of src that an error came from, the place marked: nothing
// if that is all of src.
func marks(src string, m host.Marked) string {
	if m.Line == 0 {
		return ""
	}
	before, part, after := m.Text[:m.First-1], m.Text[m.First-1:m.Last], m.Text[m.Last:]
	if part == strings.TrimSpace(src) {
		return ""
	}
	lead := "  "
	if strings.Contains(strings.TrimSpace(src), "\n") {
		lead = fmt.Sprintf("%3d | ", m.Line)
	}
	before, part, after = flat(before), flat(part), flat(after)
	blank := strings.Repeat(" ", len(lead)+cells.Width(before))
	return lead + before + part + after + "\n" + blank + strings.Repeat("^", max(1, cells.Width(part))) + "\n"
}

// flat is text whose width can be told.
func flat(text string) string { return escape(strings.ReplaceAll(text, "\t", "    ")) }

// escape makes what a terminal would act upon visible, except line ends and
// tabs: a container's name or label shall not move the cursor.
func escape(text string) string { return cells.Escape(text, "\n\t") }
