package std

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// command is what exec was asked to run.
type command struct {
	Argv    []string      `json:"argv"`
	Env     []string      `json:"env,omitzero"`
	Workdir string        `json:"workdir,omitzero"`
	Stdin   string        `json:"stdin,omitzero"`
	Input   bool          `json:"interactive,omitzero"`
	Stdout  string        `json:"stdout,omitzero"`
	Stderr  string        `json:"stderr,omitzero"`
	Check   bool          `json:"check,omitzero"`
	Timeout time.Duration `json:"timeout,omitzero"`
	reads   bool
}

func (e Effects) execModule() *bind.Module {
	return &bind.Module{Doc: "Programs on the host.", Globals: []string{"exec"}, Make: e.execFuncs}
}

func (e Effects) execFuncs() []*bind.Func {
	options := &bind.Record[command]{
		Name: "ExecOptions", Doc: "what to run",
		New:   func() command { return command{Check: true} },
		Array: bind.Argv("the program and its arguments; no shell reads them", true, func(c *command) *[]string { return &c.Argv }),
		Keys: []bind.Key[command]{
			bind.K("check", bind.Bool, "raise failed unless it ends with 0", func(c *command) *bool { return &c.Check }),
			bind.K("timeout", bind.Duration, "when to kill it; never if left out", func(c *command) *time.Duration { return &c.Timeout }),
			bind.K("workdir", bind.String, "where to run it", func(c *command) *string { return &c.Workdir }),
			bind.K("env", bind.Pairs, "environment besides the inherited one", func(c *command) *[]string { return &c.Env }),
			bind.K("stdin", bind.Text, "what it reads; nothing if left out", func(c *command) *string { return &c.Stdin }),
			bind.K("interactive", bind.Bool, "it reads the standard input of the script", func(c *command) *bool { return &c.Input }),
			bind.K("stdout", bind.OneOf("capture", "inherit", "discard"), "where its output goes: into the result, where the script's goes, or nowhere", func(c *command) *string { return &c.Stdout }),
			bind.K("stderr", bind.OneOf("capture", "inherit", "discard", "stdout"), "where its error output goes: likewise, or where its output goes", func(c *command) *string { return &c.Stderr }),
			bind.K("reads", bind.Bool, "it only looks: a dry run may run it", func(c *command) *bool { return &c.reads }),
		},
		Hints: map[string]string{"cwd": "workdir", "dir": "workdir", "environment": "env", "input": "stdin"},
		Check: func(c *command) error {
			if c.Input && c.Stdin != "" {
				return fault.New(fault.Invalid, "stdin and interactive exclude each other")
			}
			return nil
		},
	}
	return []*bind.Func{
		bind.Func1("exec", "Run a program on the host and wait for it.", bind.Options(options), bind.Returns(bind.ResultClass().Kind(), "what came of it"),
			e.exec).Change().With(`assert(exec{ "echo", "hi" }.stdout == "hi\n")`),
	}
}

// exec runs the program, or records that it would.
func (e Effects) exec(ctx context.Context, c command) (*bind.Finished, error) {
	r := bind.RecorderOf(ctx)
	if r == nil || c.reads {
		return e.run(ctx, c)
	}
	if c.Workdir == "" {
		c.Workdir, _ = os.Getwd() // an apply may be elsewhere
	}
	what := strings.Join(c.Argv, " ")
	if _, err := r.Note(ctx, bind.Deed{Kind: "program", Verb: "run", Object: what, Options: c}); err != nil {
		return nil, err
	}
	return bind.Planned(what), nil
}

// run starts the program in a process group of its own, so that its children
// end with it.
func (e Effects) run(ctx context.Context, c command) (*bind.Finished, error) {
	if c.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.Timeout)
		defer stop()
	}
	p := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	p.Dir = c.Workdir
	if len(c.Env) > 0 {
		p.Env = append(p.Environ(), c.Env...)
	}
	p.Stdin = strings.NewReader(c.Stdin)
	if c.Input {
		p.Stdin = e.Stdin
	}
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cancel = func() error { return syscall.Kill(-p.Process.Pid, syscall.SIGKILL) }
	p.WaitDelay = time.Second
	var out, errs capture
	p.Stdout, p.Stderr = sink(c.Stdout, &out, e.Stdout), sink(c.Stderr, &errs, e.Stderr)
	if c.Stderr == "stdout" {
		p.Stderr = p.Stdout
	}
	start := time.Now()
	err := p.Run()
	if out.over || errs.over {
		err = fault.New(fault.Invalid, "it wrote more than %s", bind.FormatSize(largest)).WithHint(`say where that goes: stdout = "inherit" or "discard"`)
	}
	f := &bind.Finished{Stdout: out.kept.String(), Stderr: errs.kept.String(), Duration: time.Since(start)}
	return outcome(ctx, c, f, p, err)
}

// capture keeps what is written, up to a limit.
type capture struct {
	kept bytes.Buffer
	over bool
}

func (c *capture) Write(b []byte) (int, error) {
	if c.kept.Len()+len(b) > largest {
		c.over = true
		return 0, io.ErrShortWrite
	}
	return c.kept.Write(b)
}

func sink(where string, buffer *capture, inherit io.Writer) io.Writer {
	switch {
	case where == "discard", where == "inherit" && inherit == nil:
		return io.Discard
	case where == "inherit":
		return inherit
	}
	return buffer
}

func outcome(ctx context.Context, c command, f *bind.Finished, p *exec.Cmd, err error) (*bind.Finished, error) {
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return nil, &fault.Error{Kind: fault.KindOf(cause), Op: "run", Object: c.Argv[0], Cause: cause}
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return nil, fault.Wrap("run", c.Argv[0], notThere(err))
	}
	f.ExitCode = p.ProcessState.ExitCode()
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		f.Signal, f.ExitCode = signalName(status.Signal()), 128+int(status.Signal())
	}
	if f.ExitCode != 0 && c.Check {
		return nil, failed(c.Argv[0], f)
	}
	return f, nil
}

func notThere(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fault.New(fault.NotFound, "no such program")
	}
	return err
}

// failed is the error of a program that ended badly; its last line says more.
func failed(name string, f *bind.Finished) error {
	e := &fault.Error{Kind: fault.Failed, Op: "run", Object: name, Message: f.Text(), Detail: f}
	lines := strings.Split(strings.TrimSpace(f.Stderr), "\n")
	if last := lines[len(lines)-1]; last != "" {
		e.Message += ": " + last
	}
	return e
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}
