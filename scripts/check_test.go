package scripts_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/bindings"
	"neap/bindings/trial"
	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
	"neap/scripts"
)

// checker is a host that knows the whole surface and can do nothing with it.
func checker(t *testing.T, out *bytes.Buffer) *host.Host {
	t.Helper()
	library, err := fs.Sub(scripts.FS, "lib")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := fs.Sub(scripts.FS, "commands")
	if err != nil {
		t.Fatal(err)
	}
	surface := bindings.All(bindings.Runtime{})
	tests := trial.New(trial.Options{})
	h, err := host.New(host.Options{
		Modules: append(append([]*bind.Module{}, surface.Modules...), std.Modules(std.Effects{})...), Classes: append(surface.Classes, tests.Class()),
		Tests:  tests,
		Stdout: out, Stderr: out, Scripts: library, Commands: commands,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// checked is what scripts.check says of a file, a line for each finding.
func checked(t *testing.T, h *host.Host, out *bytes.Buffer, file string) string {
	t.Helper()
	out.Reset()
	if err := h.RunString(context.Background(), "test.lua", `for _, f in ipairs(scripts.check((...))) do print(f) end`, []string{file}); err != nil {
		t.Fatal(h.Explain(err))
	}
	return out.String()
}

// TestNoFalseAlarm checks all scripts of this house: they run, so nothing may
// be found in them.
func TestNoFalseAlarm(t *testing.T) {
	var out bytes.Buffer
	h := checker(t, &out)
	files := []string{"../bench/rows.lua"}
	for _, pattern := range []string{
		"commands/*.lua", "lib/*/*.lua", "lib/*.lua", "examples/*.lua", "testdata/*.lua",
		"../lua/std/testdata/*.lua",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if filepath.Base(file) == "mistakes.lua" {
			continue
		}
		if said := checked(t, h, &out, file); said != "" {
			t.Errorf("%s", said)
		}
	}
	if len(files) < 40 {
		t.Errorf("only %d files", len(files))
	}
}

// TestExamplesPassCheck does the same with the example of every function.
func TestExamplesPassCheck(t *testing.T) {
	var out bytes.Buffer
	h := checker(t, &out)
	file := filepath.Join(t.TempDir(), "example.lua")
	one := func(title, example string) {
		if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := checked(t, h, &out, file); said != "" {
			t.Errorf("%s: %s", title, said)
		}
	}
	for _, m := range h.State().Modules() {
		for _, f := range m.Members() {
			one(f.Title(m.Name), f.Example)
		}
	}
	for _, c := range h.State().Classes() {
		for _, f := range c.Methods {
			example := f.Example
			if c.Name == "Test" {
				example = "test(\"an example\", function(t)\n" + example + "\nend)"
			}
			one(f.Title(c.Name), example)
		}
	}
}

// TestMistakes holds what is found in a script full of mistakes.
func TestMistakes(t *testing.T) {
	var out bytes.Buffer
	said := checked(t, checker(t, &out), &out, "testdata/mistakes.lua")
	want, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(said, "testdata/", ""); got != string(want) {
		t.Errorf("what is found has changed:\n%s", got)
	}
}

// TestSyntaxIsChecked finds what the parser does not take.
func TestSyntaxIsChecked(t *testing.T) {
	var out bytes.Buffer
	h := checker(t, &out)
	for src, want := range map[string]string{
		"x = = 1\n":     "1:5: syntax error near \"=\"",
		"local t = {\n": "the script ends in the middle of a statement",
		"print('a\n":    "syntax error",
		"break\n":       "no loop to break",
		"x = " + strings.Repeat("{", 30000) + strings.Repeat("}", 30000): "too much inside one another",
		"goto nowhere\n": "no visible label",
		"#!/usr/bin/env neap\n\tcontainers.lst()\n":      "2:13: containers has no \"lst\"",
		"local function f() f() end f()\n":               "",
		"if jit then print(table.unpack or unpack) end":  "",
		"setfenv(1, {}) anything()":                      "",
		"local s = 'x' print(s:foo())":                   "",
		"function string.trim(s) end print(string.trim)": "",
		"local f = fs.stat('/') f = {} print(f.any)":     "",
	} {
		file := filepath.Join(t.TempDir(), "x.lua")
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := checked(t, h, &out, file); !strings.Contains(said, want) || want == "" && said != "" {
			t.Errorf("%.60q: %.200q", src, said)
		}
	}
}
