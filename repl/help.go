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

// wrapped is a text that fits the terminal.
func (s *session) wrapped(text string) string {
	width, _ := s.Size()
	return cells.Hang(escape(text), width)
}

// overview is :help and a lone question mark.
func (s *session) overview(context.Context, string) {
	var b strings.Builder
	b.WriteString("at the prompt\n")
	for _, c := range commands() {
		b.WriteString("  " + cells.Pad(strings.TrimSpace(":"+c.name+" "+c.takes), 27) + c.about + "\n")
	}
	b.WriteString("  " + cells.Pad("?X, X?", 27) + "what X is: ?containers.run, ?c, ?c:stop, ?E:busy\n" +
		"  " + cells.Pad("_", 27) + "the last value\n" +
		"keys\n" +
		"  Tab completes, Up and Down recall by what is typed so far, Ctrl-R searches, Ctrl-C takes a line back or ends a statement, Ctrl-D leaves; " + mark + " in a line is a line end\n")
	s.say("%s", s.wrapped(b.String()+s.Host.Help(bind.Value{})))
}
