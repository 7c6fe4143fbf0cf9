// Package cage runs a program that may have to be stopped at any moment: for a
// limited time, in a memory cgroup of its own, told of each signal once.
//
// It knows processes, signals and the memory cgroup. It does not know what the
// program does, nor what it undoes when it is told to end. The program is one
// that calls Enter.
package cage

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Program is what to run, and how far it may go.
type Program struct {
	Path string
	Args []string // with the program's name
	Tree string   // the parent of its cgroup; needed with Memory

	Memory int64         // bytes; 0 is no limit
	Time   time.Duration // 0 is no limit
	Grace  time.Duration // how long after Time it may go on: it ends by itself, if it can

	Stdin, Stdout, Stderr *os.File
	Signals               <-chan os.Signal // handed on to the program; the third one kills it
}

// Why says what ended a program.
type Why int

// The reasons.
const (
	Itself     Why = iota // it ended, or somebody else killed it
	OutOfTime             // it went on after Time and Grace, and was killed
	OutOfRoom             // it used more than Memory, and was killed
	Impatience            // it was killed at the third signal
)

// End is how a program ended. Code is its exit code; a signal counts as 128 and
// its number.
type End struct {
	Code int
	Why  Why
}

// Run runs the program and waits for it. What it left in its cgroup is killed.
// An error says that it could not be run.
func (p Program) Run() (end End, err error) {
	hear, leash, err := os.Pipe()
	if err != nil {
		return End{}, fault.Wrap("run", p.Path, err)
	}
	defer leash.Close()
	r, err := p.room()
	if err != nil {
		hear.Close()
		return End{}, err
	}
	defer func() { err = errors.Join(err, r.leave()) }()
	c := &exec.Cmd{Path: p.Path, Args: p.Args, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr, ExtraFiles: []*os.File{hear, r.door}}
	err = c.Start()
	hear.Close()
	r.door.Close()
	if err != nil {
		return End{}, fault.Wrap("run", p.Path, err)
	}
	w := watch{Program: p, room: r, leash: leash, child: c.Process, over: make(chan error, 1)}
	go func() { w.over <- c.Wait() }()
	err = w.wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return End{}, fault.Wrap("wait for", p.Path, err)
	}
	return w.end(c.ProcessState.Sys().(syscall.WaitStatus)), nil
}

// watch is one run being looked after.
type watch struct {
	Program
	room  *room
	leash *os.File
	child *os.Process
	over  chan error
	why   Why
}

// glance is how often memory is looked at where no cgroup limits it.
const glance = 10 * time.Millisecond

func (w *watch) wait() error {
	late, looks := deadline(w.Time, w.Grace), w.room.looks()
	defer late.Stop()
	defer looks.Stop()
	heard := 0
	for {
		select {
		case err := <-w.over:
			return err
		case <-late.C:
			w.kill(OutOfTime)
		case <-looks.C:
			if w.room.full(w.child.Pid) {
				w.kill(OutOfRoom)
			}
		case sig := <-w.Signals:
			if heard++; heard > 2 {
				w.kill(Impatience)
			}
			n, _ := sig.(syscall.Signal)
			_, _ = w.leash.Write([]byte{byte(n)}) // one that has ended hears nothing
		}
	}
}

func (w *watch) kill(why Why) {
	if w.why == Itself {
		w.why = why
	}
	_ = w.child.Kill() // gone is as good
}

func (w *watch) end(status syscall.WaitStatus) End {
	if !status.Signaled() {
		return End{status.ExitStatus(), Itself}
	}
	e := End{128 + int(status.Signal()), w.why}
	if status.Signal() == unix.SIGKILL && w.why == Itself && w.room.killed() {
		e.Why = OutOfRoom
	}
	return e
}

// deadline fires after both, or never if there is no limit.
func deadline(limit, grace time.Duration) *time.Timer {
	t := time.NewTimer(limit + grace)
	if limit == 0 {
		t.Stop()
	}
	return t
}

// leave takes the cgroup away.
func (r *room) leave() error {
	if r.group == nil {
		return nil
	}
	ctx := context.Background()
	return errors.Join(r.group.Kill(ctx), r.group.Delete(ctx), r.free())
}
