package scripts_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTranslate says each Docker line of testdata/translate.txt in Lua. What it
// says passes check; what it cannot say is an error that names the word, after
// an exclamation mark.
func TestTranslate(t *testing.T) {
	pairs, err := os.ReadFile("testdata/translate.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	h := checker(t, &out)
	seen := 0
	for _, pair := range strings.Split(string(pairs), "\n\n") {
		line, want, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(pair), "$ "), "\n")
		if line == "" {
			continue
		}
		seen++
		out.Reset()
		src := `local ok, said = pcall(require("translate").line, (...)) print((ok and "" or "! ") .. said)`
		if err := h.RunString(context.Background(), "test.lua", src, []string{line}); err != nil {
			t.Fatal(h.Explain(err))
		}
		got := strings.TrimSpace(out.String())
		if got != want {
			t.Errorf("%s\n%s\nnot\n%s", line, got, want)
		}
		if strings.HasPrefix(got, "! ") {
			continue
		}
		file := filepath.Join(t.TempDir(), "said.lua")
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := checked(t, h, &out, file); found != "" {
			t.Errorf("%s\n%s\n%s", line, got, found)
		}
	}
	if seen < 50 {
		t.Errorf("only %d lines", seen)
	}
}
