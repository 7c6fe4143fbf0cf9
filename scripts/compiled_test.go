package scripts_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"neap/lua/host"
	"neap/scripts"
)

var update = flag.Bool("update", false, "write compiled anew")

// TestCompiled compiles every command and module and compares it with what is
// committed. A script that was changed since works, but starts slowly.
func TestCompiled(t *testing.T) {
	made := map[string][]byte{}
	for _, dir := range []string{"commands", "lib"} {
		compileAll(t, dir, made)
	}
	if *update {
		writeAll(t, made)
		return
	}
	files, err := fs.ReadDir(scripts.Compiled, "compiled")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		have, err := fs.ReadFile(scripts.Compiled, path.Join("compiled", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, made[f.Name()]) {
			t.Errorf("compiled/%s is of no script, or not what is made of it now: go generate ./scripts", f.Name())
		}
	}
	if len(files) < len(made) {
		t.Errorf("%d scripts of %d are compiled: go generate ./scripts", len(files), len(made))
	}
}

func compileAll(t *testing.T, dir string, made map[string][]byte) {
	t.Helper()
	err := fs.WalkDir(scripts.FS, dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(scripts.FS, file)
		if err != nil {
			return err
		}
		name, compiled, err := host.Compile(string(src))
		made[name] = compiled
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeAll(t *testing.T, made map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll("compiled"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("compiled", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range made {
		if err := os.WriteFile(filepath.Join("compiled", name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
