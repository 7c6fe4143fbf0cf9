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
// each. What a script raised comes with its place.
func (s *session) wrong(src string, err error) string {
	var raised *bind.Raised
	var usage *host.Usage
	switch {
	case errors.Is(err, errInterrupted):
		return "interrupted\n"
	case errors.Is(err, errDeclined):
		return "nothing is done\n"
	case errors.As(err, &usage):
		return escape(usage.Message) + "\n"
	case !errors.As(err, &raised):
		return escape(fmt.Sprintf("error: %s", err)) + "\n"
	case raised.Place.File != "" && raised.Place.File != "repl":
		return escape(s.Host.Explain(err))
	}
	where := ""
	if raised.Place.Line > 0 && strings.Contains(strings.TrimSpace(src), "\n") {
		where = fmt.Sprintf("line %d: ", raised.Place.Line)
	}
	text := fmt.Sprintf("error[%s]: %s%s\n", raised.Fault.Kind, where, raised)
	if raised.Fault.Hint != "" {
		text += "hint: " + raised.Fault.Hint + "\n"
	}
	return escape(text)
}

// escape makes what a terminal would act upon visible, except line ends and
// tabs: a container's name or label shall not move the cursor.
func escape(text string) string { return cells.Escape(text, "\n\t") }
