package repl

import (
	"context"
	"regexp"
	"strings"

	"neap/lua/bind"
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
	s.say("%s", escape(s.Host.HelpOn(about)))
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
	s.say("%s%s", b.String(), s.Host.Help(bind.Value{}))
}
