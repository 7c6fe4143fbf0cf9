package scripts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTutorial runs docs/tutorial.md block by block: it saves each Lua file,
// runs each line after a "$", and compares what is printed.
func TestTutorial(t *testing.T) {
	h := newHouse(t)
	defer h.clear()
	text, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	p := pupil{house: h, dir: t.TempDir()}
	for _, block := range strings.Split(string(text), "\n```") {
		head, body, _ := strings.Cut(block, "\n")
		language, file, _ := strings.Cut(head, " -- ")
		switch language {
		case "lua":
			p.save(file, body)
		case "console":
			for _, line := range strings.Split("\n"+body, "\n$ ")[1:] {
				command, want, _ := strings.Cut(line+"\n", "\n")
				p.try(command, want)
			}
		}
	}
}

// pupil does what the tutorial says.
type pupil struct {
	*house
	dir string
}

func (p pupil) save(file, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, file), []byte(text+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// try runs a line in a shell that finds neap.
func (p pupil) try(command, want string) {
	p.t.Helper()
	var out bytes.Buffer
	c := exec.Command("bash", "-c", command)
	c.Dir, c.Stdout, c.Stderr = p.dir, &out, &out
	c.Env = append(os.Environ(), "NEAP_ROOT="+p.root, "PATH="+filepath.Dir(p.program)+":"+os.Getenv("PATH"))
	_ = c.Run() // what it prints tells
	if !alike(want, out.String()) {
		p.t.Errorf("$ %s\nthe tutorial says:\n%sit printed:\n%s", command, want, out.String())
	}
}

// alike compares line by line: … stands for any text, alone on a line for any
// lines, and spaces for any spaces.
func alike(want, got string) bool {
	var pattern strings.Builder
	for line := range strings.Lines(strings.TrimRight(want, "\n")) {
		line = strings.TrimRight(line, " \n")
		if line == "…" {
			pattern.WriteString(`(?:.*\n)*`)
			continue
		}
		words := strings.Join(strings.Fields(regexp.QuoteMeta(line)), `\s+`)
		pattern.WriteString(` *` + strings.ReplaceAll(words, "…", ".*") + ` *\n`)
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(got)
}
