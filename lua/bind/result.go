package bind

import "time"

// Finished is a program that ended: what once and exec return, and the Detail
// of an error of kind failed.
type Finished struct {
	ExitCode       int
	Stdout, Stderr string
	Signal         string // the signal that ended it, or ""
	OOMKilled      bool
	Duration       time.Duration
}

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
		Plain("exit_code", Int, "0 if all went well", func(f *Finished) int { return f.ExitCode }),
		Plain("stdout", String, "what it wrote", func(f *Finished) string { return f.Stdout }),
		Plain("stderr", String, "what it wrote to its error stream", func(f *Finished) string { return f.Stderr }),
		Plain("signal", Maybe(String), "the signal that ended it", func(f *Finished) string { return f.Signal }),
		Plain("oom_killed", Bool, "whether it used more memory than it may", func(f *Finished) bool { return f.OOMKilled }),
		Plain("duration", Duration, "how long it ran", func(f *Finished) time.Duration { return f.Duration }),
	}
}

// Text says how it ended.
func (f *Finished) Text() string {
	if f.Signal != "" {
		return "ended by " + f.Signal
	}
	return "exit code " + Int.show(f.ExitCode)
}
