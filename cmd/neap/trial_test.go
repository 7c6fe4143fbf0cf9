package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTestsOfExamples runs the tests that the examples have, as people would.
func TestTestsOfExamples(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"neap", "--root", t.TempDir() + "/root", "test", "../../scripts/examples"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), " passed") {
		t.Errorf("%s%v", out, err)
	}
}

// TestTestingPage runs the tests that docs/testing.md shows.
func TestTestingPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, file := range regexp.MustCompile("(?s)```lua (\\S+)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if err := os.WriteFile(filepath.Join(dir, file[1]), []byte(file[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Args = dir, []string{"neap", "--root", dir + "/root", "test"}
	out, err := cmd.CombinedOutput()
	shown := regexp.MustCompile("(?s)\\$ neap test\n(nightly.*?)2 passed").FindStringSubmatch(string(page))
	if err != nil || !strings.HasSuffix(string(out), "3 passed\n") || len(shown) < 2 || !strings.Contains(string(out), shown[1]) {
		t.Errorf("%s%v", out, err)
	}
}
