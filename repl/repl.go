// Package repl is the sitting room: it reads statements at a prompt, has them
// evaluated, and shows what came of it.
//
// It knows a terminal, a history file and how people type. It does not know
// what a container is: the Lua state, the words for completion and what the
// prompt tells are given to it. It is the only package that knows liner.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"neap/lua/host"
)

// ErrAborted is what Prompt returns when Ctrl-C took the line back.
var ErrAborted = errors.New("line aborted")

// LineReader asks for lines. A line may hold newlines: an entry of the history
// that had some, or a paste.
type LineReader interface {
	Prompt(text string) (string, error) // io.EOF for Ctrl-D, ErrAborted for Ctrl-C
	AppendHistory(entry string)
	SetCompleter(complete func(line string, pos int) (head string, words []string, tail string))
	// Release gives the terminal back as it was found until take is called.
	Release() (take func())
	Close() error
}

// Options are what a session is made of. Host, Reader and Out must be set.
type Options struct {
	Host   *host.Host
	Reader LineReader
	Out    io.Writer // used from several goroutines

	Size  func() (cols, rows int)      // of the terminal; 0 for any, and no rows where the cursor cannot be moved
	State func() string                // what the prompt tells: "3 up"; nil for nothing
	Names func(noun string) []string   // names of live objects for completion
	Files func(prefix string) []string // paths for completion

	History    string           // path of the history; "" keeps none
	Interrupts <-chan os.Signal // Ctrl-C while a statement runs
	Hard       func()           // the second Ctrl-C: ends the process

	// Rehearse begins a plan; nil if nothing can be planned.
	Rehearse func() Rehearsal

	// Foreign is what to type instead of a line that is meant for a shell, ""
	// for other lines; nil knows none.
	Foreign func(line string) string

	// Edit lets the user change a file; nil if there is no editor.
	Edit func(ctx context.Context, file string) error

	Now func() time.Time // time.Now if nil
}

// session is one sitting.
type session struct {
	Options
	history *history
	done    []string  // the statements that ran, for :save
	last    string    // the last one, whatever came of it, for :edit
	planned Rehearsal // records changes; nil while they are made
	above   string    // the lines of a statement that are typed already
	left    error     // why it ends; nil while it goes on

	take   func()     // takes the terminal back from what runs
	asking sync.Mutex // held while a statement asks the user
	mute   bool       // nothing is completed: a question is asked
}

// errLeave says that the user wants to go.
var errLeave = errors.New("leave")

// Run reads and evaluates statements until the user leaves, a statement calls
// os.exit, or ctx ends. Its error is nil, a *host.Exit, the cause of ctx, or
// what is wrong with the terminal. It closes the reader.
func Run(ctx context.Context, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Size == nil {
		o.Size = func() (cols, rows int) { return 0, 0 }
	}
	s := &session{Options: o}
	defer o.Reader.Close()
	var err error
	if s.history, err = openHistory(o.History); err != nil {
		s.say("history is not kept: %s\n", err)
	}
	for _, entry := range s.history.entries {
		o.Reader.AppendHistory(entry)
	}
	o.Reader.SetCompleter(s.complete)
	for s.left == nil {
		src, err := s.statement(ctx)
		switch {
		case errors.Is(err, ErrAborted):
			continue
		case errors.Is(err, io.EOF):
			s.say("\n")
			return nil
		case err != nil:
			return err
		}
		s.do(ctx, src)
	}
	if errors.Is(s.left, errLeave) {
		return nil
	}
	return s.left
}

// do does what was typed.
func (s *session) do(ctx context.Context, src string) {
	text := strings.TrimSpace(src)
	if text == "" {
		return
	}
	s.remember(src)
	switch {
	case text == "exit" || text == "quit":
		s.left = errLeave
	case text == "help":
		s.overview(ctx, "")
	case text[0] == ':':
		s.command(ctx, text[1:])
	case asksHelp(text):
		s.help(ctx, strings.Trim(text, "? \t"))
	default:
		if instead := s.foreign(text); instead != "" {
			s.say("that is no Lua\nhint: %s\n", escape(instead))
			return
		}
		s.evaluate(ctx, strings.TrimPrefix(text, "=")) // as in Lua's own prompt
	}
}

// shellLine is a word, and perhaps what a shell would take for its arguments.
func shellLine() *regexp.Regexp { return regexp.MustCompile(`^([a-z]+)(?:\s+[\w$/.-].*)?$`) }

// foreign is what to type instead of a line for a shell, whose first word nothing
// is called by.
func (s *session) foreign(text string) string {
	m := shellLine().FindStringSubmatch(text)
	if s.Foreign == nil || m == nil || s.Host.Knows(m[1]) {
		return ""
	}
	return s.Foreign(text)
}

func (s *session) remember(src string) {
	s.Reader.AppendHistory(src)
	if err := s.history.add(src, s.Now()); err != nil {
		s.say("history is not kept: %s\n", err)
	}
}

// evaluate runs a statement and shows its values.
func (s *session) evaluate(ctx context.Context, src string) {
	s.last = src
	err := s.run(ctx, func(ctx context.Context) error {
		text, err := s.value(ctx, src)
		s.say("%s", text)
		return err
	})
	if err == nil {
		s.done = append(s.done, src)
	}
	s.outcome(src, err)
}

// value runs a statement and gives its values as they are shown.
func (s *session) value(ctx context.Context, src string) (string, error) {
	values, err := s.Host.Eval(ctx, src)
	if err != nil {
		return "", err
	}
	return s.shown(ctx, values)
}

// outcome tells of an error, or leaves if the statement called os.exit.
func (s *session) outcome(src string, err error) {
	var exit *host.Exit
	if errors.As(err, &exit) {
		s.left = exit
		return
	}
	if err != nil {
		s.say("%s", s.wrong(src, err))
	}
}

func (s *session) say(format string, args ...any) {
	fmt.Fprintf(s.Out, format, args...)
}
