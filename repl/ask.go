package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"neap/lua/cells"
	"neap/runtime/fault"
)

// handful is how many objects a verb may change without a question.
const handful = 5

// errDeclined is how a statement ends whose question was answered with no.
var errDeclined error = fault.New(fault.Canceled, "the answer was no")

// consent shows what a verb is about to change, if that is more than a handful,
// and asks.
func (s *session) consent(ctx context.Context, verb, noun string, objects []string) error {
	if len(objects) <= handful {
		return nil
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	width, _ := s.Size()
	names := make([]string, 0, min(len(objects), most))
	for _, o := range objects[:min(len(objects), most)] {
		names = append(names, "  "+escape(o))
	}
	list := cells.Columns(names, max(width, 40))
	if n := len(objects) - len(names); n > 0 {
		list += fmt.Sprintf("  … and %d more\n", n)
	}
	s.say("%s", list)
	yes, err := s.ask(ctx, fmt.Sprintf("%s these %d %ss? [y/N] ", verb, len(objects), noun))
	if err == nil && !yes {
		err = errDeclined
	}
	return err
}

// ask puts a question with the terminal taken back from the statement that
// runs. Anything but yes is no.
func (s *session) ask(ctx context.Context, question string) (yes bool, err error) {
	s.takeBack()
	defer s.lend()
	s.mute = true
	defer func() { s.mute = false }()
	answer, err := s.line(ctx, question)
	switch {
	case ctx.Err() != nil:
		return false, err
	case errors.Is(err, ErrAborted):
		return false, nil
	case err != nil: // the end of what is typed
		s.say("\n")
		return false, nil
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
