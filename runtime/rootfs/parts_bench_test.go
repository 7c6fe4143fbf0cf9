package rootfs_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"neap/runtime/rootfs"
	"neap/runtime/testenv"
)

// BenchmarkOverlay is one mount on four layers, and its end.
func BenchmarkOverlay(b *testing.B) {
	testenv.Root(b)
	testenv.Clean(b)
	top := testenv.Dir(b)
	o := rootfs.Overlay{Upper: filepath.Join(top, "upper"), Work: filepath.Join(top, "work"), Volatile: true}
	for i := range 4 {
		layer := filepath.Join(top, fmt.Sprint("layer", i))
		if err := os.Mkdir(layer, 0o755); err != nil {
			b.Fatal(err)
		}
		o.Lower = append(o.Lower, layer)
	}
	if err := o.Prepare(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		mount, err := o.Mount()
		if err != nil {
			b.Fatal(err)
		}
		if err := mount.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExtract unpacks a layer of 500 files of 4 kB.
func BenchmarkExtract(b *testing.B) {
	testenv.Root(b)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for i := range 500 {
		head := &tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("usr/share/d%d/file-%d", i/50, i), Mode: 0o644, Size: 4096}
		if err := w.WriteHeader(head); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(make([]byte, head.Size)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	top := testenv.Dir(b)
	b.SetBytes(int64(layer.Len()))
	for b.Loop() {
		extract(b, layer.Bytes(), filepath.Join(top, "in"))
	}
}

// extract unpacks into a new directory, which goes without being measured.
func extract(b *testing.B, layer []byte, path string) {
	b.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		b.Fatal(err)
	}
	dir, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer dir.Close()
	if _, err := rootfs.Extract(b.Context(), bytes.NewReader(layer), dir, rootfs.Extraction{Limits: rootfs.Sane(), Whiteouts: true}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	defer b.StartTimer()
	if err := os.RemoveAll(path); err != nil {
		b.Fatal(err)
	}
}
