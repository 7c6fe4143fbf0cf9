package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/engine"
	"neap/runtime/fault"
)

// Answer is what a program does that a test describes.
type Answer struct {
	Stdout, Stderr string        // printed at once
	Code           int           // it ends with
	Signal         string        // or dies of
	OOM            bool          // or is killed for want of memory
	Takes          time.Duration // before it ends
	Stays          bool          // it runs until it is stopped
	Ignores        []string      // signals that do not end it
	Writes         []string      // files that it makes
	Ports          []uint16      // at which it accepts
}

// Call is a program that was run in a container.
type Call struct {
	Container string
	Argv      []string
}

// answer is an Answer, read, and to whom it is given.
type answer struct {
	Answer
	key     string
	who     string
	argv    []string
	signal  unix.Signal
	ignores []unix.Signal
}

// Answer says what a program does in containers of this name or image, where *
// in a pattern is anything; a last word * is all further arguments. Of several
// that fit the last one counts.
func (w *World) Answer(who string, argv []string, a Answer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	made := &answer{Answer: a, key: strconv.Itoa(len(w.answers)), who: who, argv: argv}
	if len(argv) == 0 {
		return fault.New(fault.Invalid, "a program is missing")
	}
	var err error
	if a.Signal != "" {
		made.signal, err = engine.Signal(a.Signal)
	}
	for _, name := range a.Ignores {
		sig, wrong := engine.Signal(name)
		if made.ignores = append(made.ignores, sig); wrong != nil {
			err = wrong
		}
	}
	if err == nil {
		w.answers = append(w.answers, made)
	}
	return err
}

// Calls are the programs that were run, the first first, in containers whose
// name fits the pattern.
func (w *World) Calls(who string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.calls), func(c Call) bool { return !like(who, c.Container) })
}

func (a *answer) time() time.Duration {
	if a.Stays {
		return forever
	}
	return a.Takes
}

func (a *answer) fits(c *cell, argv []string) bool {
	if !like(a.who, c.wish.Name) && !like(a.who, c.plan.Image) {
		return false
	}
	for i, word := range a.argv {
		switch {
		case word == "*" && i == len(a.argv)-1:
			return true
		case i >= len(argv) || !like(word, argv[i]):
			return false
		}
	}
	return len(argv) == len(a.argv)
}

// program is what an argv does in a container: what a test said, what it does
// for real where that is known, else it runs until it is stopped.
func (w *World) program(c *cell, argv []string) *process {
	w.calls = append(w.calls, Call{c.wish.Name, slices.Clone(argv)})
	p := &process{c: c, argv: argv}
	if a := w.told(c, argv); a != nil {
		p.line = []command{{words: []string{"answer", a.key}}}
	} else if line, ok := read(argv); ok {
		p.line = line
	} else {
		p.line = []command{{words: []string{"sleep", "inf"}}}
	}
	return p
}

func (w *World) told(c *cell, argv []string) *answer {
	for _, a := range slices.Backward(w.answers) {
		if a.fits(c, argv) {
			return a
		}
	}
	return nil
}

// answered is fault.Unsupported if nobody knows what a program that somebody
// waits for would do.
func (w *World) answered(c *cell, argv []string) error {
	if _, ok := read(argv); ok || w.told(c, argv) != nil {
		return nil
	}
	quoted := make([]string, len(argv))
	for i, word := range argv {
		quoted[i] = strconv.Quote(word)
	}
	return fault.New(fault.Unsupported, "the simulation does not know what %q does", argv[0]).
		WithHint("say it: t:answer(%q, { %s }, { stdout = %q })", c.wish.Name, strings.Join(quoted, ", "), "…")
}

// like says whether a text fits a pattern in which * is anything.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
