package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"neap/runtime/testenv"
)

// TestTerminal plays testdata/terminal/*.txt: what a person types at neap's
// prompt and what they see. Each file begins on a root and in a home of its own,
// in a terminal of 80 columns and 24 rows. Its lines are
//
//	# what the next ones show
//	size 40x20    the terminal gets another size
//	> text        type the text, and Enter
//	= text        type the text
//	! Tab C-c     press keys, by tmux's names
//	< text        paste the text, a line of it for each of such lines
//	<< command    paste what a shell prints
//	$ command     have a shell do something beside
//	| text        then the screen ends, or what the shell printed is, such lines;
//	              * is any text
//
// A neap that was left says how, and begins again at Enter.
func TestTerminal(t *testing.T) {
	testenv.Root(t)
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	testenv.Clean(t)
	files, err := filepath.Glob("testdata/terminal/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, file := range files {
		scene := openScene(t)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			(&window{t, scene}).play(strings.Split(strings.TrimSpace(string(text)), "\n"))
		})
		scene.close()
	}
}

// scene is where a file plays: a tmux of its own with neap in it.
type scene struct {
	home   string // also the directory in which neap runs
	socket string
	env    []string
}

// openScene prepares neap on a root, and in a home that root can trust: below
// /tmp it could not. The root is cleared at the end of all scenes, as its
// keeper takes its time.
func openScene(t *testing.T) *scene {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("/run", "neap-home-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	neap, root := filepath.Join(home, "neap"), filepath.Join(testenv.Dir(t), "lab")
	if err := os.Symlink(self, neap); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearRoot(context.Background(), root, neap, t.Logf) })
	return &scene{home, filepath.Join(home, "tmux"), append(os.Environ(),
		"HOME="+home, "NEAP_ROOT="+root, "LC_ALL=C.UTF-8", "EDITOR=editor", "VISUAL=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "PATH="+home+":"+os.Getenv("PATH"))}
}

func (s *scene) close() { _, _ = s.tmux("kill-server") } // it may never have begun

func (s *scene) tmux(args ...string) (string, error) {
	c := exec.Command("tmux", append([]string{"-u", "-f", "/dev/null", "-S", s.socket}, args...)...)
	c.Env = s.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// patient is how long a screen may take to become what is expected.
const patient = 20 * time.Second

// window is a scene that a test plays.
type window struct {
	t *testing.T
	*scene
}

// life is what the terminal runs: neap, and a note of how it left.
const life = `trap : INT; cd; while TERM=xterm sh -c 'echo $$ >pid; exec neap'; code=$?; echo "left with $code,$(stty -a | grep -o ' .\?icanon')"; read -r _; do clear; done`

func (w *window) play(lines []string) {
	w.t.Helper()
	w.tmux("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", life)
	w.see(-1, "*\nneap lab>")
	printed, played := "", false // by the shell, if it was the last to do something
	for i := 0; i < len(lines); i++ {
		word, rest, _ := strings.Cut(lines[i], " ")
		block := func() string {
			all := []string{rest}
			for i+1 < len(lines) && (lines[i+1] == word || strings.HasPrefix(lines[i+1], word+" ")) {
				i++
				all = append(all, strings.TrimPrefix(lines[i][len(word):], " "))
			}
			return strings.Join(all, "\n")
		}
		switch word {
		case "", "#":
		case "|":
			if want := block(); played {
				w.compare(i, printed, want)
			} else {
				w.see(i, want)
			}
		case "$":
			printed, played = w.shell(rest), true
		default:
			played = false
			w.act(word, rest, block)
		}
	}
}

// act does what a person does at a terminal.
func (w *window) act(word, rest string, block func() string) {
	w.t.Helper()
	switch word {
	case "size":
		cols, rows, _ := strings.Cut(rest, "x")
		w.tmux("resize-window", "-x", cols, "-y", rows)
	case ">":
		w.write(rest)
		w.tmux("send-keys", "Enter")
	case "=":
		w.write(rest)
	case "!":
		w.tmux(append([]string{"send-keys"}, strings.Fields(rest)...)...)
	case "<":
		w.paste(block() + "\n")
	case "<<":
		w.paste(w.shell(rest))
	default:
		w.t.Fatalf("what is %q?", word)
	}
}

func (w *window) tmux(args ...string) string {
	w.t.Helper()
	out, err := w.scene.tmux(args...)
	if err != nil {
		w.t.Fatalf("tmux %s: %v\n%s", args, err, out)
	}
	return out
}

func (w *window) write(text string) {
	w.t.Helper()
	w.tmux("send-keys", "-l", "--", text)
}

func (w *window) paste(text string) {
	w.t.Helper()
	file := filepath.Join(w.home, ".paste")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.tmux("load-buffer", file)
	w.tmux("paste-buffer", "-p", "-r")
}

func (w *window) shell(command string) string {
	w.t.Helper()
	c := exec.Command("sh", "-c", command)
	c.Env, c.Dir = w.env, w.home
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func (w *window) screen() string {
	w.t.Helper()
	return trimmed(w.tmux("capture-pane", "-p", "-S", "-1000"))
}

// trimmed is a screen without the blanks at the ends of lines and below.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// pattern is what an expectation means.
func pattern(want, before string) *regexp.Regexp {
	return regexp.MustCompile(before + strings.ReplaceAll(regexp.QuoteMeta(trimmed(want)), `\*`, `[^\n]*`) + `\z`)
}

// see waits until the screen ends with lines.
func (w *window) see(line int, want string) {
	w.t.Helper()
	p := pattern(want, `(?:\A|\n)`)
	for deadline := time.Now().Add(patient); time.Now().Before(deadline); {
		if p.MatchString(w.screen()) {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	w.t.Fatalf("line %d: the screen does not end with\n%s\nit is\n%s", line+1, want, w.screen())
}

func (w *window) compare(line int, got, want string) {
	w.t.Helper()
	if !pattern(want, `\A`).MatchString(trimmed(got)) {
		w.t.Fatalf("line %d: the shell does not print\n%s\nbut\n%s", line+1, want, got)
	}
}
