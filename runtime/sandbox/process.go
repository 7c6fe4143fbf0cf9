package sandbox

import (
	"os"

	"golang.org/x/sys/unix"
)

// Process is what Start and Exec made: a process that waits at its gate, later
// the program itself. PidFD and Tty (nil without a terminal; the master side)
// belong to the caller, who closes them. One of Go and Abort must be called.
type Process struct {
	Pid   int
	PidFD *os.File
	Tty   *os.File
}

// ExecError is a step of a launch list that the kernel refused. Step is "exec"
// for the program itself.
type ExecError struct {
	Step  string
	Errno unix.Errno
}

// Error reads "STEP: REASON".
func (e *ExecError) Error() string { return e.Step + ": " + e.Errno.Error() }

// Unwrap gives the errno.
func (e *ExecError) Unwrap() error { return e.Errno }
