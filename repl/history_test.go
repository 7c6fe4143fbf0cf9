package repl_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHistoryComesBackWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "neap", "history")
	s := sit(t, "1+1", "1+1", "function f()", "return 1", "end", ":time 1")
	s.opt.History = file
	s.run(t)
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatal(st.Mode(), err)
	}
	s = sit(t)
	s.opt.History = file
	s.run(t)
	want := []string{"1+1", "function f()\nreturn 1\nend", ":time 1"}
	if !slices.Equal(s.keys.history, want) {
		t.Errorf("%q", s.keys.history)
	}
}

func TestHistoryHoldsNoSecrets(t *testing.T) {
	secrets := []string{
		`x = { password = "hush" }`,
		`env = { DB_PASSWORD = "hush" }`,
		`containers.run{ "db", env = { "API_KEY=hush" } }`,
		`token = 'hush'`,
		`f{ ["secret"] = "hush" }`,
		`images.login("registry", "me", "hush")`,
		`u = "https://me:hush@example.com/"`,
		`h = "Authorization: Bearer hushhush"`,
		"k = [[-----BEGIN PRIVATE KEY-----\nhush]]",
	}
	file := filepath.Join(t.TempDir(), "history")
	s := sit(t, append(slices.Clone(secrets), "passing = 1", "author = 'me'")...)
	s.opt.History = file
	s.run(t)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "hush") {
		t.Errorf("a secret is in the history:\n%s", b)
	}
	if strings.Count(string(b), "\n") != 2 {
		t.Errorf("what is no secret is not kept:\n%s", b)
	}
}

func TestHistoryThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "precious")
	if err := os.WriteFile(target, []byte("not json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "history")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	s := sit(t, "1+1", "2+2")
	s.opt.History = link
	got := s.run(t)
	if !strings.Contains(got, "history is not kept") || !strings.Contains(got, "\n4\n") {
		t.Error(got)
	}
	if b, _ := os.ReadFile(target); string(b) != "not json\n" {
		t.Errorf("wrote through a link: %q", b)
	}
}

func TestHistoryIsCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history")
	var b strings.Builder
	for range 40000 {
		b.WriteString(`{"time":"2026-01-01T00:00:00Z","source":"print(1234567890)"}` + "\nrubbish\n")
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sit(t, "1+1")
	s.opt.History = file
	s.run(t)
	if st, err := os.Stat(file); err != nil || st.Size() > 1<<20 || st.Mode().Perm() != 0o600 {
		t.Error(st.Size(), st.Mode(), err)
	}
	if n := len(s.keys.history); n != 1001 {
		t.Error(n)
	}
}
