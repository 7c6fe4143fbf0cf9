package repl

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"neap/lua/cells"
	"neap/lua/host"
)

const (
	prompt = "neap> "
	more   = "...   "
)

// statement reads lines until they are a whole statement, a command of the
// prompt, or a question.
func (s *session) statement(ctx context.Context) (string, error) {
	src, err := s.line(ctx, s.prompt())
	if err != nil {
		return "", err
	}
	if text := strings.TrimSpace(src); strings.HasPrefix(text, ":") || asksHelp(text) {
		return src, nil
	}
	defer func() { s.above = "" }()
	for host.Incomplete(strings.TrimPrefix(strings.TrimSpace(src), "=") + "\n") { // a string that a line end breaks off is wrong at once
		s.above = src + "\n"
		line, err := s.line(ctx, more)
		if errors.Is(err, io.EOF) {
			s.say("\n")
			err = ErrAborted
		}
		if errors.Is(err, ErrAborted) {
			s.remember(src) // it was some work
		}
		if err != nil {
			return "", err
		}
		src += "\n" + line
	}
	return src, nil
}

// line reads one line, or gives up when ctx ends: the reader cannot be woken,
// and waits on until it is closed.
func (s *session) line(ctx context.Context, text string) (string, error) {
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := s.Reader.Prompt(text)
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		return a.line, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// widest is how many columns of the prompt tell of the state: liner gives up
// editing where fewer than ten are left for the line.
const widest = 20

// prompt is "neap 3 up> ". What liner refuses in one is left out.
func (s *session) prompt() string {
	var words []string
	if s.planned != nil {
		words = append(words, "plan")
	}
	if s.State != nil {
		words = append(words, strings.Map(func(r rune) rune {
			if unicode.Is(unicode.C, r) {
				return -1
			}
			return r
		}, escape(s.State())))
	}
	state := strings.TrimSpace(strings.Join(words, " "))
	if state == "" {
		return prompt
	}
	return "neap " + cells.Cut(state, widest) + "> "
}

// complete is what Tab offers. A Tab in a paste, before any word, offers
// nothing.
func (s *session) complete(line string, pos int) (head string, words []string, tail string) {
	at := len(string([]rune(line)[:min(pos, len([]rune(line)))]))
	if s.mute || strings.TrimSpace(line[:at]) == "" {
		return line[:at], nil, line[at:]
	}
	if strings.HasPrefix(line, ":") {
		return s.completeCommand(line[:at], line[at:])
	}
	head, words, tail = s.Host.Complete(s.above+line, utf8.RuneCountInString(s.above)+pos, s.Names, s.Files)
	return strings.TrimPrefix(head, s.above), words, tail
}
