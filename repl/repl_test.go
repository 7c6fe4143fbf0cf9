package repl_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/repl"
)

// typist is a LineReader that types what it was given, then Ctrl-D.
type typist struct {
	lines   []string
	out     io.Writer
	history []string
	tab     func(line string, pos int) (string, []string, string)
	lent    int
	closed  bool
}

// ctrlC among the lines aborts a line.
const ctrlC = "\x03"

func (k *typist) Prompt(text string) (string, error) {
	io.WriteString(k.out, text)
	if len(k.lines) == 0 {
		return "", io.EOF
	}
	line := k.lines[0]
	k.lines = k.lines[1:]
	io.WriteString(k.out, line+"\n")
	if line == ctrlC {
		return "", repl.ErrAborted
	}
	if line == ctrlD {
		return "", io.EOF
	}
	return line, nil
}

const ctrlD = "\x04"

func (k *typist) AppendHistory(entry string) { k.history = append(k.history, entry) }
func (k *typist) SetCompleter(tab func(string, int) (string, []string, string)) {
	k.tab = tab
}

func (k *typist) Release() func() {
	k.lent++
	return func() { k.lent-- }
}

func (k *typist) Close() error {
	k.closed = true
	return nil
}

// paper is what a session wrote, safe to read meanwhile.
type paper struct {
	mu sync.Mutex
	b  strings.Builder
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// sitting is a session under test.
type sitting struct {
	keys *typist
	out  *paper
	opt  repl.Options
}

func sit(t *testing.T, lines ...string) *sitting {
	t.Helper()
	out := &paper{}
	h, err := host.New(host.Options{Stdout: out, Stderr: out, Modules: []*bind.Module{things()}, Grace: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	keys := &typist{lines: lines, out: out}
	return &sitting{keys, out, repl.Options{Host: h, Reader: keys, Out: out, Interrupts: make(chan os.Signal)}}
}

// things is a module to complete and to ask about.
func things() *bind.Module {
	return &bind.Module{Name: "things", Doc: "Things of tests.", Funcs: []*bind.Func{
		bind.Func1("find", "Find a thing.", bind.Req("name", bind.String, "its name"), bind.Nothing,
			func(context.Context, string) (bind.Void, error) { return bind.Void{}, nil }),
		bind.Func0("change", "Change a thing.", bind.Nothing, func(ctx context.Context) (bind.Void, error) {
			if r, ok := ctx.Value(rehearsalKey{}).(*rehearsal); ok {
				r.all = append(r.all, "a change")
			}
			return bind.Void{}, nil
		}),
	}}
}

func (s *sitting) run(t *testing.T) string {
	t.Helper()
	if err := repl.Run(t.Context(), s.opt); err != nil {
		t.Fatal(err)
	}
	if !s.keys.closed || s.keys.lent != 0 {
		t.Errorf("closed %v, terminal lent %d times", s.keys.closed, s.keys.lent)
	}
	return s.out.String()
}

func TestSession(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string // somewhere in what is written
		not   string
	}{
		{name: "expression", lines: []string{"1+1"}, want: "neap> 1+1\n2\n"},
		{name: "several values", lines: []string{"1, 'a', nil"}, want: "\n1\ta\tnil\n"},
		{name: "statement", lines: []string{"x = 3", "x"}, want: "neap> x = 3\nneap> x\n3\n"},
		{name: "local lasts", lines: []string{"local y = 4", "y"}, want: "\n4\n"},
		{name: "last value", lines: []string{"6*7", "_ + 1"}, want: "\n43\n"},
		{name: "continuation", lines: []string{"function f()", "return 7", "end", "f()"}, want: "...   end\nneap> f()\n7\n"},
		{name: "long string", lines: []string{"[[a", "b]]"}, want: "\na\nb\n"},
		{name: "broken string", lines: []string{`"abc`, "1"}, want: "unterminated string", not: "..."},
		{name: "a line taken back", lines: []string{"function f()", ctrlC, "1"}, want: "neap> 1\n1\n", not: "error"},
		{name: "end of input in the middle", lines: []string{"function f()", ctrlD, "1"}, want: "neap> 1\n1\n", not: "error"},
		{name: "table", lines: []string{`{ 1, "a", x = { y = true }, ["end"] = 2 }`}, want: "\n{ 1, \"a\", [\"end\"] = 2, x = { y = true } }\n"},
		{name: "error with hint", lines: []string{"os.execute('x')"}, want: "error[unsupported]: os.execute is not here\nhint: use exec{"},
		{name: "error in the middle", lines: []string{"do", "", "error('here', 0)", "end"}, want: "error[script]: here\n  3 | error('here', 0)\n      ^^^^^^^^^^^^^^^^\n"},
		{name: "goes on after an error", lines: []string{"error('x')", "5"}, want: "\n5\n"},
		{name: "escapes", lines: []string{`"a\27[31mb"`}, want: `a\x1b[31mb`, not: "\x1b[31m"},
		{name: "escapes in errors", lines: []string{`error("\27[2J")`}, want: `\x1b[2J`, not: "\x1b[2J"},
		{name: "help", lines: []string{"?things.find"}, want: "Find a thing."},
		{name: "help after", lines: []string{"things?"}, want: "Things of tests."},
		{name: "help on a kind of error", lines: []string{"?busy"}, want: "Somebody uses or holds the object."},
		{name: "help on a variable", lines: []string{"t = things", "?t"}, want: "Things of tests."},
		{name: "overview", lines: []string{":help"}, want: ":paste"},
		{name: "shortened command", lines: []string{":q", "1+1"}, not: "2\n"},
		{name: "exit", lines: []string{"exit", "1+1"}, not: "2\n"},
		{name: "unknown command", lines: []string{":tmie 1"}, want: "there is no :tmie; did you mean :time?"},
		{name: "time", lines: []string{":time 2+2"}, want: "\n4\ntook "},
		{name: "paste", lines: []string{":paste", "x = 1", "", "x = x +", "1 print(x)", ctrlD}, want: "\n2\n"},
		{name: "paste given up", lines: []string{":paste", "print('no' .. 'no')", ctrlC, "1"}, want: "\n1\n", not: "nono\n"},
		{name: "nothing", lines: []string{"", "   ", "-- a comment"}, not: "error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sit(t, c.lines...).run(t)
			if !strings.Contains(got, c.want) {
				t.Errorf("want %q in\n%s", c.want, got)
			}
			if c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("want no %q in\n%s", c.not, got)
			}
		})
	}
}

func TestPromptTellsState(t *testing.T) {
	s := sit(t, "1")
	s.opt.State = func() string { return "3 up" }
	if got := s.run(t); !strings.HasPrefix(got, "neap 3 up> 1\n1\n") {
		t.Error(got)
	}
	s = sit(t, "1")
	s.opt.State = func() string { return "many\u00ad more things than fit" }
	if got := s.run(t); !strings.HasPrefix(got, "neap many more things th…> 1\n") {
		t.Error(got)
	}
}

// rehearsal records what it is told of.
type rehearsal struct{ all []string }

type rehearsalKey struct{}

func (r *rehearsal) Record(ctx context.Context) context.Context {
	return context.WithValue(ctx, rehearsalKey{}, r)
}
func (r *rehearsal) Changes() []string { return r.all }
func (r *rehearsal) Table() string     { return "TABLE " + strings.Join(r.all, " ") }
func (r *rehearsal) Apply(context.Context) error {
	r.all = append(r.all, "applied")
	return nil
}

func TestPlan(t *testing.T) {
	s := sit(t, ":plan", ":plan on", "things.change()", ":plan", ":plan off", "things.change()", ":plan on", "things.change()", ":plan apply", "1", ":plan perhaps")
	var begun []*rehearsal
	s.opt.Rehearse = func() repl.Rehearsal {
		begun = append(begun, &rehearsal{})
		return begun[len(begun)-1]
	}
	got := s.run(t)
	for _, want := range []string{
		"no changes are recorded", "neap plan> things.change()\nplanned: a change\n", "\nTABLE a change\n", "changes that are not made: 1\nneap> things.change()\nneap> ",
		":plan apply\nneap> 1\n", ":plan is on, off",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if len(begun) != 2 || strings.Join(begun[1].all, " ") != "a change applied" {
		t.Error(begun)
	}
}

func TestExitLeaves(t *testing.T) {
	s := sit(t, "defer(function() print('undone') end) os.exit(7)", "1+1")
	err := repl.Run(t.Context(), s.opt)
	var exit *host.Exit
	if !errors.As(err, &exit) || exit.Code != 7 {
		t.Fatal(err)
	}
	if got := s.out.String(); strings.Contains(got, "2\n") || !strings.Contains(got, "undone") {
		t.Error(got)
	}
}

func TestInterruptEndsOnlyTheStatement(t *testing.T) {
	s := sit(t, "defer(function() print('undone') end) print('begun') while true do end", "1+1")
	signals := make(chan os.Signal)
	s.opt.Interrupts = signals
	go func() {
		for !strings.Contains(s.out.String(), "begun\n") {
			select {
			case <-t.Context().Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
		signals <- os.Interrupt
	}()
	if got := s.run(t); !strings.Contains(got, "undone\ninterrupted\nneap> 1+1\n2\n") {
		t.Error(got)
	}
}

func TestSecondInterruptIsHard(t *testing.T) {
	s := sit(t, "defer(function() while true do end end) while true do end")
	signals, hard := make(chan os.Signal, 2), make(chan struct{})
	s.opt.Interrupts = signals
	s.opt.Hard = func() { close(hard) }
	done := make(chan error, 1)
	go func() { done <- repl.Run(t.Context(), s.opt) }()
	for struck := false; !struck; {
		select {
		case signals <- os.Interrupt:
		case <-hard:
			struck = true
		case err := <-done:
			t.Fatal("ended softly:", err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEndOfContextLeaves(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("terminated")
	s := sit(t)
	s.opt.Reader = &mute{typist: s.keys, asked: func() { cancel(why) }}
	if err := repl.Run(ctx, s.opt); !errors.Is(err, why) {
		t.Error(err)
	}
	if !s.keys.closed {
		t.Error("the terminal is not given back")
	}
}

// mute is a reader at which nobody types.
type mute struct {
	*typist
	asked func()
}

func (m *mute) Prompt(string) (string, error) {
	m.asked()
	select {}
}

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.lua")
	if err := os.WriteFile(file, []byte("y = (y or 0) + 1\nprint('got', ...)\nif ... == 'bad' then error('oh') end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := sit(t, ":run "+file+" a b", "y", ":run "+file+" bad", ":run").run(t)
	for _, want := range []string{"got\ta\tb\n", "\n1\n", "--> " + file + ":3", ":run needs a file"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

func TestCompletion(t *testing.T) {
	s := sit(t)
	s.opt.Files = func(prefix string) []string { return []string{prefix + "file.lua"} }
	s.run(t)
	for _, c := range []struct {
		line, head, words string
	}{
		{"thi", "", "things"},
		{"things.f", "things.", "find("},
		{":ti", "", ":time "},
		{":run x", ":run ", "xfile.lua"},
		{":time thi", ":time ", "things"},
		{"", "", ""},
		{"   ", "   ", ""},
		{"é = thi", "é = ", "things"},
	} {
		head, words, tail := s.keys.tab(c.line, len([]rune(c.line)))
		if got := strings.Join(words, " "); head != c.head || got != c.words || tail != "" {
			t.Errorf("%q: %q %q %q", c.line, head, got, tail)
		}
	}
}

func TestPasteOfManyLinesWaitsForTheEnd(t *testing.T) {
	lines := []string{"for i = 1, 3 do"}
	for range 200 {
		lines = append(lines, "  n = (n or 0) + 1")
	}
	got := sit(t, append(lines, ctrlC, "n", "n == nil")...).run(t)
	if !strings.Contains(got, "n == nil\ntrue\n") {
		t.Error("part of an unfinished paste ran")
	}
}

func TestHugeAndBrokenLines(t *testing.T) {
	got := sit(t, `#"`+strings.Repeat("x", 1<<20)+`"`, "\xff\xfe = 1", "x = '\xff'", "#x").run(t)
	for _, want := range []string{"\n1048576\n", "error[script]", "\n1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}
