package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/runtime/cage"
	"neap/runtime/fault"
)

const usage = `usage: neap                        talk to it: a prompt on a terminal, else a script from standard input
       neap FILE.lua [ARGUMENT…]   run a script; "-" is standard input
       neap -e CODE [ARGUMENT…]    run a line of Lua
       neap COMMAND [ARGUMENT…]    run a command; neap COMMAND --help explains it

  --root DIR      keep everything below DIR (or set NEAP_ROOT)
  --timeout TIME  end the script after 90s, 5m, 1h30m
  --memory SIZE   kill the script if it needs more than 64m, 1g
  --output FORM   how progress is told: auto (a bar on a terminal, else lines) or json
  --dry-run       record what would be changed instead of doing it, and print it
  --plan FILE     the same, and write it down for: neap apply FILE
  --version       print the version
  --help          print this

commands: `

// act is what the words of a command line ask for.
type act int

const (
	talk act = iota // at the prompt, or what standard input says
	runFile
	runCode
	runCommand
	showHelp
	showVersion
	showOffers // what may stand behind the words: for completion in shells
)

// request is a command line, read.
type request struct {
	root    string
	timeout time.Duration // 0 is none
	memory  int64         // bytes; 0 is no limit
	output  string        // the form of progress: auto or json
	dry     bool          // changes are recorded, not made
	plan    string        // where to; "" is nowhere
	act     act
	word    string   // the file, the code or the command
	args    []string // what the script gets
}

// parse reads the words after the program's name. root is where things are if
// they do not say.
func parse(words []string, root string) (request, error) {
	r := request{root: root}
	for len(words) > 0 {
		word := words[0]
		if word == "-" || word == "--" || !strings.HasPrefix(word, "-") {
			return r.subject(words), nil
		}
		rest, err := r.option(words)
		if err != nil {
			return r, err
		}
		if r.act != talk {
			r.args = rest
			return r, nil
		}
		words = rest
	}
	return r, nil
}

// option reads one option and gives what follows it.
func (r *request) option(words []string) ([]string, error) {
	name, value, inline := strings.Cut(words[0], "=")
	rest := words[1:]
	switch name {
	case "--help", "-h":
		r.act = showHelp
		return rest, nil
	case "--version", "-v":
		r.act = showVersion
		return rest, nil
	case "--dry-run":
		r.dry = true
		return rest, nil
	case "--complete":
		r.act = showOffers
		return rest, nil
	case "--root", "--timeout", "--memory", "--output", "--plan", "-e":
	default:
		return nil, unknownOption(name)
	}
	if !inline {
		if len(rest) == 0 {
			return nil, fmt.Errorf("%s needs a value", name)
		}
		value, rest = rest[0], rest[1:]
	}
	return rest, r.set(name, value)
}

func (r *request) set(name, value string) (err error) {
	switch name {
	case "-e":
		r.act, r.word = runCode, value
	case "--root":
		if r.root = value; value == "" {
			return errors.New("--root needs a directory")
		}
	case "--output":
		if r.output = value; value != "auto" && value != "json" {
			return fmt.Errorf("--output must be auto or json, not %q", value)
		}
	case "--plan":
		if r.dry, r.plan = true, value; value == "" {
			return errors.New("--plan needs a file")
		}
	case "--timeout":
		if r.timeout, err = bind.ParseDuration(value); err != nil || r.timeout <= 0 {
			return fmt.Errorf("--timeout must be a duration such as 90s or 5m, not %q", value)
		}
	case "--memory":
		if r.memory, err = bind.ParseSize(value); err != nil || r.memory < leastMemory {
			return fmt.Errorf("--memory must be a size such as 64m or 1g, 16m at least, not %q", value)
		}
	}
	return nil
}

func unknownOption(name string) error {
	text := fmt.Sprintf("no option is called %s", name)
	if near := bind.Near(name, []string{"--help", "--version", "--root", "--timeout", "--memory", "--output", "--dry-run", "--plan", "-e"}); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return errors.New(text)
}

// subject takes the first word that is no option: a script or a command.
func (r request) subject(words []string) request {
	if words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		return r
	}
	r.word, r.args, r.act = words[0], words[1:], runCommand
	if r.word == "-" || strings.Contains(r.word, "/") || strings.HasSuffix(r.word, ".lua") {
		r.act = runFile
	}
	return r
}

// caller is the life of whoever asks: a script, a command, the prompt. leash is
// nil for one without limits.
func caller(leash *cage.Leash) int {
	r, err := parse(os.Args[1:], os.Getenv("NEAP_ROOT"))
	if err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\ntry neap --help\n", err)
		return 2
	}
	switch r.act {
	case showHelp:
		fmt.Println(usage + strings.Join(commandNames(), " "))
		return 0
	case showVersion:
		fmt.Println("neap " + version)
		return 0
	case showOffers:
		return offers(r)
	default:
		if leash == nil && r.limited() && !r.prompts() {
			return confine(r)
		}
		return visit(r, leash)
	}
}

// visit makes a session and does there what was asked.
func visit(r request, leash *cage.Leash) int {
	s, err := open(r.root, leash)
	if err != nil {
		fmt.Fprintf(os.Stderr, "neap: %s\n", err)
		return host.ExitCode(err)
	}
	defer s.close()
	s.progress.json = r.output == "json"
	return s.do(r)
}

// do carries a request out and gives its exit code.
func (s *session) do(r request) int {
	if r.act == talk && s.terminal.IsTerminal() {
		if r.limited() || r.dry {
			fmt.Fprintln(os.Stderr, "neap: limits, --dry-run and --plan are for scripts and commands")
			return 2
		}
		return s.sit()
	}
	ctx, free := s.watch(r.timeout)
	defer free()
	err := s.attempt(ctx, r)
	s.explain(r, err)
	return host.ExitCode(err)
}

// attempt runs what was asked, or records what it would change.
func (s *session) attempt(ctx context.Context, r request) error {
	if r.dry {
		return s.rehearse(ctx, r)
	}
	return s.run(ctx, r)
}

func (s *session) run(ctx context.Context, r request) error {
	switch r.act {
	case talk:
		return s.host.RunFile(ctx, "-", r.args)
	case runFile:
		return s.host.RunFile(ctx, r.word, r.args)
	case runCode:
		return s.host.RunString(ctx, "-e", r.word, r.args)
	default:
		return s.command(ctx, r)
	}
}

// explain says on standard error what went wrong: to who used a command in a
// line or two, to who wrote a script with the place.
func (s *session) explain(r request, err error) {
	var exit *host.Exit
	if err == nil || errors.As(err, &exit) {
		return
	}
	var raised *bind.Raised
	if r.act == runCommand && errors.As(err, &raised) && !fault.Is(err, fault.Script, fault.Bug) {
		fmt.Fprintf(os.Stderr, "neap %s: %s\n", r.word, raised)
		if raised.Fault.Hint != "" {
			fmt.Fprintf(os.Stderr, "hint: %s\n", raised.Fault.Hint)
		}
		return
	}
	fmt.Fprint(os.Stderr, s.host.Explain(err))
	if r.act == runFile || r.act == talk {
		fmt.Fprint(os.Stderr, s.host.Trace(err))
	}
}
