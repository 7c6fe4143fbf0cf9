package scripts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"neap/runtime/testenv"
)

// A house is neap, built, and a root for it.
type house struct {
	t             *testing.T
	program, root string
}

// TestExamples runs the examples as people would, on one root.
func TestExamples(t *testing.T) {
	h := newHouse(t)
	for name, play := range map[string]func(*testing.T, house){
		"walkthrough": walkthrough, "pause": pause, "cleanup": cleanup, "backup": backup, "plan": plan,
	} {
		t.Run(name, func(t *testing.T) {
			in := house{t, h.program, h.root}
			defer in.clear()
			play(t, in)
		})
	}
}

func (h *house) clear() {
	h.run(0, "-e", "containers.list():remove{ force = true } volumes.prune{ all = true }")
}

// newHouse builds neap, and leaves the machine clean after the test.
func newHouse(t *testing.T) *house {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	h := &house{t: t, program: filepath.Join(t.TempDir(), "neap"), root: testenv.Dir(t)}
	build := exec.Command("go", "build", "-o", h.program, "neap/cmd/neap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	t.Cleanup(func() {
		socket := filepath.Join(h.root, "run", "keeper.sock")
		testenv.Eventually(t, 20*time.Second, func() bool {
			_, err := os.Stat(socket)
			return err != nil
		}, "the keeper goes when nothing is left to keep")
	})
	return h
}

// run runs neap, which must end with the code, and gives all that it printed.
func (h *house) run(code int, args ...string) string {
	h.t.Helper()
	var out bytes.Buffer
	c := exec.Command(h.program, append([]string{"--root", h.root}, args...)...)
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run() // the code says it
	if got := c.ProcessState.ExitCode(); got != code {
		h.t.Fatalf("neap %q ends with %d, not %d:\n%s", args, got, code, out.String())
	}
	return out.String()
}

func (h *house) like(out, pattern string) {
	h.t.Helper()
	if !regexp.MustCompile("(?m)" + pattern).MatchString(out) {
		h.t.Errorf("nothing like %s in:\n%s", pattern, out)
	}
}

func walkthrough(t *testing.T, h house) {
	h.like(h.run(0, "examples/walkthrough.lua"), `^26 rows observed, 0 failed$`)
	h.like(h.run(0, "-e", `print(#containers.list(), #volumes.list())`), `^0\t0$`)
}

func pause(t *testing.T, h house) {
	out := h.run(0, "examples/pause.lua", "--for", "200ms")
	h.like(out, `running .*: (THAWED|frozen 0) `)
	h.like(out, `paused .*: (FROZEN|frozen 1) `)
	h.like(out, `, 0 while paused, [1-9]`)
	h.run(0, "run", "-d", "--name", "mine", "box", "sleep", "60")
	h.like(h.run(0, "examples/pause.lua", "mine", "--for", "100ms"), `\d+ [DS] sleep`)
	h.like(h.run(0, "inspect", "-f", "{{.State.Status}}", "mine"), `^running$`)
	h.like(h.run(2, "examples/pause.lua", "nobody"), `nobody`)
}

func cleanup(t *testing.T, h house) {
	h.run(0, "run", "--name", "old", "-v", "/data", "box", "true")
	h.run(0, "run", "--name", "keep-this", "--label", "a=b", "box", "true")
	h.run(0, "run", "-d", "--name", "up", "box", "sleep", "60")
	script := "examples/cleanup.lua"
	h.like(h.run(0, script), `^0 to remove$`)
	h.like(h.run(0, script, "--older", "0s", "--label", "a", "-n"), `^container +keep-this .*\n1 to remove$`)
	plan := h.run(0, script, "--older", "0s", "--keep", "keep-*", "--images", "--volumes", "--dry-run")
	h.like(plan, `^container +old +exited .* ago +box\nvolume +[0-9a-f]{12} .*\n2 to remove$`)
	h.like(h.run(0, script, "--older", "0s", "--keep", "keep-*", "--volumes"), `^old\n[0-9a-f]{64}$`)
	h.like(h.run(0, "ps", "-a", "--format", "{{.Names}}"), `^up\nkeep-this$`)
	h.like(h.run(2, script, "--oldr", "1d"), `no option is called --oldr`)
}

// plan is a cleanup that is looked at before it is done: what came after is
// spared.
func plan(t *testing.T, h house) {
	h.run(0, "run", "--name", "old", "-v", "/data", "box", "true")
	h.run(0, "run", "-d", "--name", "up", "box", "sleep", "60")
	file := filepath.Join(t.TempDir(), "plan.json")
	script := []string{"examples/cleanup.lua", "--older", "0s", "--volumes"}
	out := h.run(0, append([]string{"--plan", file}, script...)...)
	h.like(out, `^1\. remove container old, \d+B, for examples/cleanup\.lua:\d+\n2\. remove volume [0-9a-f]{64}, 0B, after 1, for examples/cleanup\.lua:\d+$`)
	h.run(0, "run", "--name", "later", "box", "true")
	h.like(h.run(0, "ps", "-a", "--format", "{{.Names}}"), `^later\nup\nold$`)
	h.like(h.run(0, "apply", file), `^remove container old\nremove volume [0-9a-f]{64}$`)
	h.like(h.run(0, "ps", "-a", "--format", "{{.Names}}"), `^later\nup$`)
	h.like(h.run(0, append([]string{"--dry-run"}, script...)...), `^1\. remove container later`)
}

func backup(t *testing.T, h house) {
	to := filepath.Join(h.root, "backup")
	h.run(0, "run", "--name", "my-data", "-v", "www:/www", "-v", "/more", "box", "sh", "-c", "echo precious > /more/x")
	h.run(0, "run", "-d", "--name", "app", "--volumes-from", "my-data", "box", "sleep", "60")
	h.like(h.run(0, "examples/backup.lua", "my-data", to, "--pause"), `^my-data: 2 files in `+to+`/my-data-[0-9-]+\.tar\.gz, `)
	h.like(h.run(0, "inspect", "-f", "{{.State.Status}}", "app"), `^running$`)
	files, err := filepath.Glob(to + "/*.tar.gz")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	list := h.run(0, "run", "--rm", "-v", to+":/b:ro", "box", "tar", "xzf", "/b/"+filepath.Base(files[0]), "-C", "/")
	h.like(list, `^$`)
	for _, old := range []string{"2020-01-01-000000-000", "2020-01-02-000000-000"} {
		if err := os.WriteFile(filepath.Join(to, "my-data-"+old+".tar.gz"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "my-data-notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.like(h.run(0, "examples/backup.lua", "my-data", to, "--keep", "2"), `removed .*2020-01-01-000000-000\.tar\.gz\nremoved .*2020-01-02-000000-000`)
	left, err := os.ReadDir(to)
	if err != nil || len(left) != 3 {
		t.Errorf("%v %v", left, err)
	}
	h.like(h.run(2, "examples/backup.lua", "nobody", to), `nobody`)
	h.run(0, "create", "--name", "empty", "box")
	h.like(h.run(1, "examples/backup.lua", "empty", to), `empty has no volumes`)
}
