package bind

import (
	"context"
	"time"

	"neap/runtime/fault"
)

// Finished is a program that ended: what once and exec return, and the Detail
// of an error of kind failed.
type Finished struct {
	ExitCode       int
	Stdout, Stderr string
	Signal         string // the signal that ended it, or ""
	OOMKilled      bool
	Duration       time.Duration

	planned string // what would tell all this, if it only was recorded
}

// Planned is the result of a program that was recorded instead of run: a
// placeholder, which knows nothing yet. what names the program.
func Planned(what string) *Finished { return &Finished{planned: what} }

// NotYet is the error of a fact that only the doing of what is planned would
// tell.
func NotYet(fact, of string) error {
	e := fault.New(fault.Unsupported, "%s of %s is known only once the plan is applied", fact, of)
	e.Detail = Unknown{fact}
	return e
}

// Unknown is the Detail of the error of a fact that is only planned.
type Unknown struct{ Fact string }

// resultClass is what scripts see of a Finished.
var resultClass = makeResultClass()

// ResultClass is the class Result, for results of functions and documents.
func ResultClass() *Class[*Finished] { return resultClass }

func makeResultClass() *Class[*Finished] {
	k := NewClass[*Finished]("Result", "A program that ended.")
	k.Fill = func() { fillResult(k) }
	return k
}

func fillResult(k *Class[*Finished]) {
	k.Text = (*Finished).Text
	k.Same = func(a, b *Finished) bool { return a == b }
	k.Hints = map[string]string{"code": "exit_code", "status": "exit_code", "output": "stdout"}
	k.Fields = []Field[*Finished]{
		told("exit_code", Int, "0 if all went well", func(f *Finished) int { return f.ExitCode }),
		told("stdout", String, "what it wrote", func(f *Finished) string { return f.Stdout }),
		told("stderr", String, "what it wrote to its error stream", func(f *Finished) string { return f.Stderr }),
		told("signal", Maybe(String), "the signal that ended it", func(f *Finished) string { return f.Signal }),
		told("oom_killed", Bool, "whether it used more memory than it may", func(f *Finished) bool { return f.OOMKilled }),
		told("duration", Duration, "how long it ran", func(f *Finished) time.Duration { return f.Duration }),
	}
}

// told is a fact of a program that ended, and not of one that was only planned.
func told[T any](name string, k Kind[T], doc string, of func(*Finished) T) Field[*Finished] {
	return Get(name, k, doc, func(_ context.Context, f *Finished) (t T, err error) {
		if f.planned != "" {
			return t, NotYet(name, f.planned)
		}
		return of(f), nil
	})
}

// Text says how it ended.
func (f *Finished) Text() string {
	if f.planned != "" {
		return f.planned + ", planned"
	}
	if f.Signal != "" {
		return "ended by " + f.Signal
	}
	return "exit code " + Int.show(f.ExitCode)
}
