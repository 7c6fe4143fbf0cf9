package boximage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestArchiveIsCurrent rebuilds the archive. The same Go version must give the same bytes; another one the same entries.
func TestArchiveIsCurrent(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: it rebuilds the archive")
	}
	if len(Tar()) == 0 {
		t.Skipf("no archive is committed for %s", runtime.GOARCH)
	}
	path := filepath.Join(t.TempDir(), "box.tar.gz")
	if out, err := exec.Command("go", "run", "neap/cmd/box/image/make", "-o", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	built, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile("go-version")
	if err != nil {
		t.Fatal(err)
	}
	if version := strings.TrimSpace(string(recorded)); version != runtime.Version() {
		t.Logf("made with %s, this is %s: comparing entries, not bytes", version, runtime.Version())
		if a, b := entries(t, built), entries(t, Tar()); a != b {
			t.Errorf("the committed archive is not current; run make generate\nbuilt:\n%s\ncommitted:\n%s", a, b)
		}
		return
	}
	if !bytes.Equal(built, Tar()) {
		t.Error("the committed archive is not current; run make generate")
	}
}

// entries lists an archive, without the size of the program, which depends on the Go version.
func entries(t *testing.T, archive []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(nil)
		if h.Name != "bin/box" {
			if text, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		list.WriteString(h.FileInfo().Mode().String() + " " + h.Name + " " + h.Linkname + " " + string(text) + "\n")
	}
}

func TestArchiveHoldsWhatTheTutorialNeeds(t *testing.T) {
	if len(Tar()) == 0 {
		t.Skipf("no archive is committed for %s", runtime.GOARCH)
	}
	list := entries(t, Tar())
	for _, want := range []string{"bin/sh box", "bin/httpd box", "etc/passwd", "usr/local/apache2/htdocs/index.html  <html><body><h1>It works!</h1></body></html>", "dtrwxrwxrwx tmp/", "drwx------ root/"} {
		if !strings.Contains(list, want) {
			t.Errorf("the archive has no %q", want)
		}
	}
}

func TestSettingsAreCopies(t *testing.T) {
	a := Settings()
	a.Cmd[0], a.Labels["x"] = "changed", "y"
	if b := Settings(); b.Cmd[0] != "sh" || b.Labels["x"] != "" {
		t.Error("a caller's change shows in the next copy")
	}
}
