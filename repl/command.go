package repl

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"neap/lua/bind"
)

// command is what starts with a colon.
type command struct {
	name, takes, about string
	do                 func(s *session, ctx context.Context, rest string)
}

func commands() []command {
	return []command{
		{"help", "", "this", (*session).overview},
		{"quit", "", "leaves; Ctrl-D does the same", func(s *session, _ context.Context, _ string) { s.left = errLeave }},
		{"run", "FILE.lua [ARGUMENT…]", "runs a script here", (*session).runFile},
		{"save", "FILE.lua", "writes what was typed, and worked, as a script", (*session).save},
		{"edit", "[FILE.lua]", "changes the last statement in your editor, then runs it; only changes a file", (*session).edit},
		{"plan", "[on|off|apply]", "on: changes are recorded, not made; alone: shows them; apply: makes them; off: forgets them", (*session).plan},
		{"paste", "", "reads lines until Ctrl-D, then runs them as one", (*session).paste},
		{"time", "STATEMENT", "tells how long it took", (*session).time},
		{"watch", "[2s] EXPRESSION", "shows it again and again, until Ctrl-C", (*session).watch},
		{"history", "[TEXT]", "lists what was typed, with that text in it", (*session).recall},
	}
}

func commandNames() (names []string) {
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

// command does one; its name may be cut short (:q).
func (s *session) command(ctx context.Context, text string) {
	name, rest, _ := strings.Cut(text, " ")
	for _, c := range commands() {
		if name != "" && strings.HasPrefix(c.name, name) {
			c.do(s, ctx, strings.TrimSpace(rest))
			return
		}
	}
	s.say("there is no :%s", escape(name))
	if near := bind.Near(name, commandNames()); near != "" {
		s.say("; did you mean :%s?", near)
	}
	s.say("\nhint: :help lists them\n")
}

// completeCommand offers commands, then what stands after each: files, or what a
// statement may have.
func (s *session) completeCommand(before, after string) (head string, words []string, tail string) {
	name, rest, spoken := strings.Cut(before, " ")
	switch {
	case !spoken:
	case takesFile(name):
		if s.Files != nil {
			words = s.Files(rest)
		}
		return name + " ", words, after
	case name == ":plan":
		words = slices.DeleteFunc([]string{"on", "off", "apply"}, func(w string) bool { return !strings.HasPrefix(w, rest) })
		return name + " ", words, after
	case takesCode(name):
		head, words, tail = s.Host.Complete(rest+after, utf8.RuneCountInString(rest), s.Names, s.Files)
		return name + " " + head, words, tail
	default:
		return before, nil, after
	}
	for _, c := range commands() {
		if strings.HasPrefix(":"+c.name, before) {
			words = append(words, ":"+c.name+" ")
		}
	}
	return "", words, after
}

func takesFile(command string) bool {
	return slices.Contains([]string{":run", ":save", ":edit"}, command)
}
func takesCode(command string) bool { return slices.Contains([]string{":time", ":watch"}, command) }

func (s *session) runFile(ctx context.Context, rest string) {
	words := strings.Fields(rest)
	if len(words) == 0 {
		s.say(":run needs a file\n")
		return
	}
	s.outcome("", s.run(ctx, func(ctx context.Context) error { return s.Host.RunFile(ctx, words[0], words[1:]) }))
}

func (s *session) time(ctx context.Context, rest string) {
	if rest == "" {
		s.say(":time needs a statement\n")
		return
	}
	began := s.Now()
	s.evaluate(ctx, rest)
	s.say("took %s\n", s.Now().Sub(began).Round(10*time.Microsecond))
}

// paste reads lines, complete or not, and runs them as one.
func (s *session) paste(ctx context.Context, _ string) {
	s.say("paste, then Ctrl-D on a line of its own; Ctrl-C gives up\n")
	var lines []string
	for {
		line, err := s.line(ctx, "| ")
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return
		}
		lines = append(lines, line)
	}
	s.say("\n")
	if src := strings.Join(lines, "\n"); strings.TrimSpace(src) != "" {
		s.remember(src)
		s.evaluate(ctx, src)
	}
}
