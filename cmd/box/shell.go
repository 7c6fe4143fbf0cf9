package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// A session is one running shell.
type session struct {
	call   *call
	runner *interp.Runner
	traps  traps
	prompt bool
	busy   atomic.Bool // between a command line and the next prompt

	replaces map[syntax.Pos]bool // where `exec PROGRAM` stands outside every subshell
}

// shell is sh: a program text from -c, a file or standard input, with a prompt where that is a terminal.
func shell(c *call) error {
	f, rest, err := c.options("+c:eilsux")
	if err != nil {
		return err
	}
	s := &session{call: c}
	if err := s.open(f, rest); err != nil {
		return err
	}
	return s.exit(s.program(f, rest))
}

// open makes the interpreter. The first operand is $0 when it names a script or follows -c.
func (s *session) open(f flags, rest []string) error {
	s.replaces = map[syntax.Pos]bool{}
	params := []string{}
	for _, b := range []byte("eux") {
		if f.has(b) {
			params = append(params, "-"+string(b))
		}
	}
	params = append(params, "--")
	if len(rest) > 1 {
		params = append(params, rest[1:]...)
	}
	var err error
	s.runner, err = interp.New(interp.StdIO(s.call.in, os.Stdout, os.Stderr), interp.Params(params...), interp.Env(expand.ListEnviron(os.Environ()...)),
		interp.CallHandler(s.before), interp.ExecHandlers(s.around))
	return err
}

func (s *session) program(f flags, rest []string) error {
	text, given := f['c']
	switch {
	case given:
		return s.run(strings.NewReader(text), "sh")
	case len(rest) > 0 && !f.has('s'):
		file, err := os.Open(rest[0])
		if err != nil {
			s.call.fail(err)
			return status(127)
		}
		defer file.Close()
		return s.run(file, rest[0])
	}
	return s.talk()
}

// exit runs what a signal or EXIT trap still owes and turns the outcome into an exit code.
func (s *session) exit(err error) error {
	for code := s.traps.next(); code != "" && !s.runner.Exited(); code = s.traps.next() {
		err = s.run(strings.NewReader(code), "trap")
	}
	if n, ok := errors.AsType[interp.ExitStatus](err); ok {
		return status(n)
	}
	return err
}

func (s *session) run(text io.Reader, name string) error {
	prog, err := syntax.NewParser().Parse(text, name)
	if err != nil {
		fmt.Fprintf(s.call.err, "sh: %v\n", err)
		return status(2)
	}
	s.allowReplacing(prog)
	return s.runner.Run(context.Background(), prog)
}

// talk reads standard input line by line and runs each statement as soon as it is complete.
func (s *session) talk() error {
	s.prompt = term.IsTerminal(int(s.call.in.Fd()))
	if s.prompt {
		s.call.signals.on(syscall.SIGINT, s.interrupt)
		s.call.signals.on(syscall.SIGQUIT, func() {})
		s.call.signals.ignore(syscall.SIGTSTP)
	}
	last, more := s.hear()
	for more {
		last, more = s.hear()
	}
	if s.runner.Exited() {
		return last
	}
	return s.run(strings.NewReader("exit"), "sh")
}

// hear runs statements until the end of input, `exit`, or a syntax error, after which a terminal is heard again.
func (s *session) hear() (last error, again bool) {
	parser := syntax.NewParser()
	s.ask()
	for stmts, err := range parser.InteractiveSeq(s.call.in) {
		if err != nil {
			fmt.Fprintf(s.call.err, "sh: %v\n", err)
			return status(2), s.prompt
		}
		if parser.Incomplete() {
			s.say("> ")
			continue
		}
		s.busy.Store(true)
		for _, stmt := range stmts {
			s.allowReplacing(stmt)
			last = s.runner.Run(context.Background(), stmt)
			if s.runner.Exited() {
				return last, false
			}
		}
		s.ask()
	}
	return last, false
}

// interrupt starts a new line, with a prompt unless the command that was interrupted will be followed by one.
func (s *session) interrupt() {
	s.say("\n")
	if !s.busy.Load() {
		s.ask()
	}
}

func (s *session) ask() {
	s.busy.Store(false)
	sign := "$"
	if os.Geteuid() == 0 {
		sign = "#"
	}
	s.say(s.runner.Dir + " " + sign + " ")
}

func (s *session) say(text string) {
	if s.prompt {
		fmt.Fprint(os.Stderr, text)
	}
}

// before runs ahead of every simple command: it slips in the code of a trap whose signal has arrived, and takes over trap, wait and exec.
func (s *session) before(ctx context.Context, args []string) ([]string, error) {
	hc := interp.HandlerCtx(ctx)
	if code := s.traps.next(); code != "" {
		rest, err := quoted(args)
		return []string{"eval", code + "\n" + rest}, err
	}
	switch {
	case args[0] == "trap":
		return s.trap(args), nil
	case args[0] == "wait":
		return append([]string{waitName}, args[1:]...), nil
	case args[0] == "kill": // which the interpreter claims and does not have
		path, err := interp.LookPathDir(hc.Dir, hc.Env, "kill")
		if err != nil {
			return args, nil
		}
		return append([]string{path}, args[1:]...), nil
	case args[0] == "exec" && len(args) > 1 && s.replaces[hc.Pos]:
		return nil, replace(hc, args[1:])
	}
	return args, nil
}

// waitName is what `wait` is called on its way past the interpreter's own, which no signal can interrupt.
const waitName = "interruptible wait"

func (s *session) around(next interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		if args[0] != waitName {
			return next(ctx, args)
		}
		done := make(chan error, 1)
		go func() { done <- interp.HandlerCtx(ctx).Builtin(ctx, append([]string{"wait"}, args[1:]...)) }()
		select {
		case err := <-done:
			return err
		case sig := <-s.traps.arrived():
			return interp.ExitStatus(128 + int(sig))
		}
	}
}

// allowReplacing notes every `exec` whose shell is the process itself.
func (s *session) allowReplacing(prog syntax.Node) {
	syntax.Walk(prog, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst, *syntax.FuncDecl, *syntax.CoprocClause:
			return false
		case *syntax.BinaryCmd:
			return n.Op != syntax.Pipe && n.Op != syntax.PipeAll
		case *syntax.Stmt:
			return !n.Background
		case *syntax.CallExpr:
			s.replaces[n.Pos()] = true
		}
		return true
	})
}

// replace turns this process into another program, as exec does.
func replace(hc interp.HandlerContext, args []string) error {
	path, err := interp.LookPathDir(hc.Dir, hc.Env, args[0])
	if err != nil {
		fmt.Fprintf(hc.Stderr, "sh: exec: %v\n", err)
		return interp.ExitStatus(127)
	}
	for fd, stream := range []any{hc.Stdin, hc.Stdout, hc.Stderr} {
		if f, ok := stream.(*os.File); ok && int(f.Fd()) != fd {
			if err := syscall.Dup3(int(f.Fd()), fd, 0); err != nil {
				return err
			}
		}
	}
	environ := []string{}
	for name, v := range hc.Env.Each {
		if v.Exported && v.Kind == expand.String {
			environ = append(environ, name+"="+v.Str)
		}
	}
	if err := os.Chdir(hc.Dir); err != nil {
		return err
	}
	err = syscall.Exec(path, args, environ)
	fmt.Fprintf(hc.Stderr, "sh: exec: %s: %v\n", path, err)
	return interp.ExitStatus(126)
}

// builtin is a shell builtin called as a program: /bin/echo, /bin/test.
func builtin(c *call) error {
	text, err := quoted(append([]string{c.name}, c.args...))
	if err != nil {
		return err
	}
	s := &session{call: c}
	if err := s.open(nil, nil); err != nil {
		return err
	}
	return s.exit(s.run(strings.NewReader(text), c.name))
}

func quoted(args []string) (string, error) {
	words := make([]string, len(args))
	for i, a := range args {
		var err error
		if words[i], err = syntax.Quote(a, syntax.LangBash); err != nil {
			return "", err
		}
	}
	return strings.Join(words, " "), nil
}
