package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"neap/runtime/testenv"
)

// window is a terminal with neap in it, in a tmux of its own.
type window struct {
	t      *testing.T
	dir    string
	socket string
}

// openWindow starts neap at its prompt on a root of its own, and a note of how
// it left after it.
func openWindow(t *testing.T) *window {
	t.Helper()
	testenv.Root(t)
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	testenv.Clean(t)
	dir, root := t.TempDir(), testenv.Dir(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	neap := filepath.Join(dir, "neap")
	if err := os.Symlink(self, neap); err != nil {
		t.Fatal(err)
	}
	w := &window{t, dir, filepath.Join(dir, "tmux")}
	w.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50",
		fmt.Sprintf(`sh -c 'echo $$ >%s/pid; HOME=%[1]s NEAP_ROOT=%s TERM=xterm exec %s'; echo "left with $?,$(stty -a | grep -o ' .\?icanon')"; cat`, dir, root, neap))
	t.Cleanup(func() {
		w.tmux("kill-server")
		clearRoot(t.Context(), root, neap, t.Logf)
	})
	w.see("neap> ")
	return w
}

func (w *window) tmux(args ...string) string {
	w.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", w.socket}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %s: %v\n%s", args, err, out)
	}
	return string(out)
}

// say types a line and Enter.
func (w *window) say(line string) {
	w.t.Helper()
	w.tmux("send-keys", "-l", line)
	w.press("Enter")
}

// press types keys by name.
func (w *window) press(keys ...string) {
	w.t.Helper()
	w.tmux(append([]string{"send-keys"}, keys...)...)
}

func (w *window) screen() string {
	w.t.Helper()
	return strings.TrimRight(w.tmux("capture-pane", "-p", "-S", "-1000"), "\n")
}

// see waits until the screen ends with a text.
func (w *window) see(text string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if strings.HasSuffix(w.screen(), strings.TrimRight(text, " ")) {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	w.t.Fatalf("no %q at the end of\n%s", text, w.screen())
}

func TestPrompt(t *testing.T) {
	w := openWindow(t)
	w.say("1+1")
	w.see("\n2\nneap> ")

	w.say("function double(x)")
	w.see("... ")
	w.say("return 2 * x")
	w.say("end")
	w.say("double(21)")
	w.see("\n42\nneap> ")

	w.say("no.such")
	w.see(" 'such'\nneap> ")
	if !strings.Contains(w.screen(), "error[script]: ") {
		t.Error(w.screen())
	}

	w.tmux("send-keys", "-l", "contai")
	w.press("Tab")
	w.see("neap> containers")
	w.tmux("send-keys", "-l", ".li")
	w.press("Tab")
	w.see("neap> containers.list(")
	w.press("C-c")
	w.see("^C\nneap> ")

	w.say("defer(function() print('undone') end) while true do end")
	w.see("while true do end")
	w.press("C-c")
	w.see("undone\ninterrupted\nneap> ")

	w.press("Up", "Up", "Up")
	w.see("neap> double(21)")
	w.press("Enter")
	w.see("\n42\nneap> ")

	w.press("C-d")
	w.see("left with 0, icanon")
}

func TestPasteRunsAtEnter(t *testing.T) {
	w := openWindow(t)
	w.tmux("set-buffer", "for i = 1, 2 do\n\tprint(i)\nend\nprint('pasted')\n")
	w.tmux("paste-buffer", "-p", "-r")
	w.see("↵print('pasted')")
	w.press("Enter")
	w.see("\n1\n2\npasted\nneap> ")
	w.press("Up")
	w.see("↵print('pasted')")
	w.press("C-c")
	w.say("exit")
	w.see("left with 0, icanon")
}

func TestPromptWithContainers(t *testing.T) {
	w := openWindow(t)
	w.say(`web = containers.run{ "box", "sleep", "1000", name = "web" }`)
	w.see("neap 1 up> ")
	w.tmux("send-keys", "-l", `containers.get("w`)
	w.press("Tab")
	w.see(`containers.get("web`)
	w.press("C-c")
	w.say("web.state")
	w.see("\nrunning\nneap 1 up> ")

	// the terminal is handed over and comes back
	w.say(`web:exec{ "sh", tty = true }`)
	w.see("/ # ")
	w.say("echo in the $((1 + 1))nd shell; exit 3")
	w.see("\nneap 1 up> ")
	if screen := w.screen(); !strings.Contains(screen, "in the 2nd shell") {
		t.Error(screen)
	}
	w.say("1+1")
	w.see("\n2\nneap 1 up> ")

	// Ctrl-C ends a wait, not the container
	w.say("web:wait()")
	w.see("web:wait()")
	w.press("C-c")
	w.see("interrupted\nneap 1 up> ")
	w.say("containers.list():remove{ force = true }")
	w.see("\nneap> ")
	w.say("os.exit(7)")
	w.see("left with 7, icanon")
}

func TestTerminationGivesTheTerminalBack(t *testing.T) {
	w := openWindow(t)
	w.say("1+1")
	w.see("\n2\nneap> ")
	pid, err := os.ReadFile(filepath.Join(w.dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(n, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.see("left with 143, icanon")
}
