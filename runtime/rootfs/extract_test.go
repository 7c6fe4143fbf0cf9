package rootfs_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/rootfs"
	"neap/runtime/testenv"
)

type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, body}
}

func dir(name string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, ""}
}

func link(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}, ""}
}

func hard(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, ""}
}

func pack(t testing.TB, entries ...entry) *bytes.Buffer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		e.Size = int64(len(e.body))
		if e.ModTime.IsZero() {
			e.ModTime = time.Unix(1_000_000_000, 0)
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf
}

// yard is a directory to unpack in, beside a canary that must not change.
type yard struct {
	t    *testing.T
	in   string
	host string
}

func newYard(t *testing.T) *yard {
	t.Helper()
	testenv.Root(t)
	top := t.TempDir()
	y := &yard{t, filepath.Join(top, "in"), filepath.Join(top, "host")}
	for _, d := range []string{y.in, y.host} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(y.host, "canary"), []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *yard) extract(opt rootfs.Extraction, entries ...entry) (rootfs.Tally, error) {
	y.t.Helper()
	d, err := os.Open(y.in)
	if err != nil {
		y.t.Fatal(err)
	}
	defer d.Close()
	return rootfs.Extract(y.t.Context(), pack(y.t, entries...), d, opt)
}

func (y *yard) untouched() {
	y.t.Helper()
	names, err := os.ReadDir(y.host)
	if err != nil || len(names) != 1 {
		y.t.Fatalf("the host's directory has %v, %v", names, err)
	}
	path := filepath.Join(y.host, "canary")
	st, err := os.Lstat(path)
	if err != nil || st.Mode() != 0o600 {
		y.t.Fatalf("canary: %v, %v", st, err)
	}
	if body, _ := os.ReadFile(path); string(body) != "alive" {
		y.t.Fatalf("canary says %q", body)
	}
}

func (y *yard) lstat(name string) unix.Stat_t {
	y.t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(y.in, name), &st); err != nil {
		y.t.Fatalf("%s: %v", name, err)
	}
	return st
}
