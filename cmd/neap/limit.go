package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/cage"
)

const (
	// limitedRole is the name of a caller that another one runs under limits.
	limitedRole = "neap-limited"
	// limitedTree is the parent of their cgroups, beside those of all roots.
	limitedTree = "neap-scripts"
	// leastMemory is what a script needs before it does anything.
	leastMemory = 16 << 20
)

func (r request) limited() bool { return r.timeout > 0 || r.memory > 0 }

// confine does what was asked in a child that can be killed, as not all Lua can
// be stopped, and gives its exit code. The child obeys the limits by itself, so
// that defers run, if it can.
func confine(r request) int {
	terminal := newConsole(&outlet{f: os.Stdout})
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	end, err := cage.Program{
		Path: "/proc/self/exe", Args: append([]string{limitedRole}, os.Args[1:]...), Tree: limitedTree,
		Memory: r.memory, Time: r.timeout, Grace: patience + time.Second,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals,
	}.Run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
	}
	if end.Code > 128 {
		terminal.restore()
	}
	return r.ended(end, err)
}

// ended tells of a child that was killed, and is the exit code for it.
func (r request) ended(end cage.End, err error) int {
	switch {
	case end.Why == cage.OutOfTime:
		fmt.Fprintf(os.Stderr, "error[timeout]: not done within %s; it could not be stopped and was killed, its defers did not run\n", r.timeout)
		return 124
	case end.Why == cage.OutOfRoom:
		fmt.Fprintf(os.Stderr, "error: killed, as it used more than %d MiB of memory; its defers did not run\nhint: give it more with --memory\n", r.memory>>20)
		return 137
	case err != nil && end.Code == 0:
		return 1
	}
	return end.Code
}

// limited is the life of a caller under limits.
func limited() int {
	leash, err := cage.Enter()
	if err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
		return 1
	}
	if r, err := parse(os.Args[1:], ""); err == nil && r.memory > 0 {
		debug.SetMemoryLimit(r.memory - r.memory/8) // collect rather than die
	}
	return caller(leash)
}

// prompts says whether this is the prompt on a terminal, which has no limits.
func (r request) prompts() bool {
	return r.act == talk && newConsole(&outlet{f: os.Stdout}).IsTerminal()
}
