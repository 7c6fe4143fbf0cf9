package bindings_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"
)

// TestChunks runs testdata/*.lua, one after the other on one root, each on an
// empty one.
func TestChunks(t *testing.T) { open(t).chunks(t) }

// TestChunksInSimulation runs the same, in a world that is new each time. What a
// file keeps for kernels it asks system.info().kernel for.
func TestChunksInSimulation(t *testing.T) { simulate(t).chunks(t) }

func (r *hall) chunks(t *testing.T) {
	args := []string{t.TempDir(), rootfs(t)}
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal("no chunks", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if err := r.h.RunFile(t.Context(), file, args); err != nil {
				t.Error(r.h.Explain(err))
			}
			r.clear()
		})
	}
}

// rootfs is the tar of a tiny root file system.
func rootfs(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	text := "hello\n"
	if err := w.WriteHeader(&tar.Header{Name: "etc/motd", Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
