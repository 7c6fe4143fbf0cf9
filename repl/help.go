package repl

import (
	"context"
	"regexp"
	"strings"

	"neap/lua/bind"
	"neap/lua/cells"
)

// asksHelp says whether a line is a question: ?x or x?.
func asksHelp(text string) bool {
	return strings.HasPrefix(text, "?") || strings.HasSuffix(text, "?") && !strings.Contains(text, "\n")
}

// named says whether a question is about a name, with members or without.
func named(about string) bool {
	return regexp.MustCompile(`^[A-Za-z_]\w*([.:][A-Za-z_]\w*)*$`).MatchString(about)
}

// help answers a question: of what a variable holds if there is one of that
// name, else of what the words stand for.
func (s *session) help(ctx context.Context, about string) {
	if about == "" {
		s.overview(ctx, "")
		return
	}
	if !named(about) {
		s.evaluate(ctx, "help("+about+")")
		return
	}
	s.say("%s", s.wrapped(s.Host.HelpOn(about)))
}

// wrapped is a text whose long lines go on below, a little further in.
func (s *session) wrapped(text string) string {
	width, _ := s.Size()
	if width < 20 {
		return escape(text)
	}
	var b strings.Builder
	for line := range strings.Lines(escape(text)) {
		line = strings.TrimSuffix(line, "\n")
		indent := strings.Repeat(" ", min(width/2, len(line)-len(strings.TrimLeft(line, " "))+2))
		for i, part := range cells.Wrap(line, width-len(indent)) {
			if i > 0 {
				part = indent + part
			}
			b.WriteString(part + "\n")
		}
	}
	return b.String()
}

// overview is :help and a lone question mark.
func (s *session) overview(context.Context, string) {
	var b strings.Builder
	b.WriteString("at the prompt\n")
	for _, c := range commands() {
		b.WriteString("  :" + c.name + strings.Repeat(" ", 12-len(c.name)) + c.about + "\n")
	}
	b.WriteString("  ?x          what x is: ?containers.run, ?c, ?busy; x? does the same\n" +
		"  _           the last value\n" +
		"keys\n" +
		"  Tab completes, Up and Down recall by what is typed so far, Ctrl-R searches,\n" +
		"  Ctrl-C takes a line back or ends a statement, Ctrl-D leaves; " + mark + " in a line is a line end\n")
	s.say("%s", s.wrapped(b.String()+s.Host.Help(bind.Value{})))
}
