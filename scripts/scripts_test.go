package scripts_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"neap/lua/host"
	"neap/lua/std"
	"neap/scripts"
)

// newHost is a host that knows the library and no container.
func newHost(t *testing.T, out *bytes.Buffer) *host.Host {
	t.Helper()
	library, err := fs.Sub(scripts.FS, "lib")
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := fs.Sub(scripts.Compiled, "compiled")
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(host.Options{
		Modules: std.Modules(std.Effects{Stdout: out, Stderr: out}), Stdout: out, Stderr: out, Scripts: library, Compiled: compiled,
		Getenv: func(name string) (string, bool) { return "from outside", name == "SET" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// TestSyntax loads every script, and checks that it says at its top what it does.
func TestSyntax(t *testing.T) {
	err := fs.WalkDir(scripts.FS, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".lua" {
			return err
		}
		src, err := fs.ReadFile(scripts.FS, file)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		h := newHost(t, &out)
		if err := h.RunString(context.Background(), "check.lua", "assert(loadstring((...)))", []string{string(src)}); err != nil {
			t.Errorf("%s: %s", file, h.Explain(err))
		}
		head := strings.TrimPrefix(string(src), "#!/usr/bin/env neap\n")
		if !strings.HasPrefix(head, "-- ") {
			t.Errorf("%s does not begin with what it does", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHelp checks that neap help names every command.
func TestHelp(t *testing.T) {
	src, err := fs.ReadFile(scripts.FS, "commands/help.lua")
	if err != nil {
		t.Fatal(err)
	}
	all, err := fs.Glob(scripts.FS, "commands/*.lua")
	if err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	for _, file := range all {
		name := strings.TrimSuffix(path.Base(file), ".lua")
		if !strings.Contains(string(src), "  "+name+" ") {
			t.Errorf("neap help does not name %s", name)
		}
	}
}

// TestLibrary runs the chunks in testdata/*.lua.
func TestLibrary(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if path.Base(file) == "mistakes.lua" {
			continue // it is read, never run
		}
		t.Run(path.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			h := newHost(t, &out)
			if err := h.RunString(context.Background(), file, string(src), nil); err != nil {
				t.Fatalf("%s%s", out.String(), h.Explain(err))
			}
		})
	}
}
