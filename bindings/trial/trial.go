// Package trial is the doorway of tests: the function test, the object it gives to a
// test, and scripts.test, which runs the files that have them.
//
// It knows how tests are found, told apart and recorded, and what they may ask of a
// simulation. It does not know how a Lua state is made nor which runtime stands
// behind it: both are given to it. It prints nothing.
package trial

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"

	"neap/bindings"
	"neap/bindings/sim"
	"neap/lua/bind"
)

// Stage is a Lua state that a file, or a script that a test runs, has for itself.
type Stage interface {
	RunFile(ctx context.Context, path string, args []string) error
	Explain(err error) string
	Close()
}

// Ground is the runtime that tests act upon.
type Ground struct {
	Nouns bindings.Nouns
	Sim   *sim.World                      // nil if it is a real one
	Clear func(ctx context.Context) error // makes it as new
	Close func(ctx context.Context) error
}

// Functions are what a stage has of tests.
type Functions interface {
	Func() *bind.Func    // test
	Funcs() []*bind.Func // of the module scripts
}

// Setting is what a stage is made of.
type Setting struct {
	Ground *Ground
	Tests  Functions     // what the stage has of tests
	Class  bind.AnyClass // of what it gives to tests
	Out    io.Writer
	Err    io.Writer
}

// Options is what tests are run with.
type Options struct {
	Stage func(s Setting) (Stage, error)
	Open  func(real bool) (*Ground, error)
	Code  func(err error) int // what a process ends with after an error of a script
	Now   func() time.Time    // the machine's time
}

// Trial runs tests.
type Trial struct {
	Options
	class *bind.Class[*test]
}

// New prepares to run tests. Of the zero Options it can be documented, and not
// run.
func New(o Options) *Trial {
	t := &Trial{Options: o, class: bind.NewClass[*test]("Test", "A test that runs: what it may ask of the simulation, and how it says what is wrong.")}
	t.class.Fill = t.fill
	return t
}

// Class is the class of what tests get.
func (t *Trial) Class() bind.AnyClass { return t.class }

// Func is the function test, for a state that runs no tests.
func (t *Trial) Func() *bind.Func { return t.function(nil) }

// clock is the ground's: nil is the machine's.
func (g *Ground) clock() bind.Clock {
	if g.Sim == nil {
		return nil
	}
	return g.Sim.Clock
}

// Clock is the time on a stage; nil is the machine's.
func (s Setting) Clock() bind.Clock { return s.Ground.clock() }

// test is a test that runs.
type test struct {
	*Trial
	name   string
	file   *file
	ground *Ground

	mu  sync.Mutex
	dir string // "" until it is asked for
}

// directory is a directory for the test alone.
func (t *test) directory(context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir != "" {
		return t.dir, nil
	}
	var err error
	t.dir, err = os.MkdirTemp("", "neap-test-")
	return t.dir, err
}

// end removes what was made for the test.
func (t *test) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == "" {
		return nil
	}
	return os.RemoveAll(t.dir)
}

// tape keeps what is written to it.
type tape struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends.
func (t *tape) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

// take is what came since the last time.
func (t *tape) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.b.String()
	t.b.Reset()
	return text
}
