package image_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"neap/runtime/image"
)

// Finding an image by name is on the way of every start.
func BenchmarkFind(b *testing.B) {
	s := open(b, nil)
	img, err := s.Get(b.Context(), "box")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 30 {
		if _, err := s.Tag(b.Context(), img, fmt.Sprintf("box:%d", i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.Get(b.Context(), "box"); err != nil {
			b.Fatal(err)
		}
	}
}

// Unpacking many small files is what a pull spends its time with.
func BenchmarkImport(b *testing.B) {
	var members []member
	for i := range 5000 {
		members = append(members, member{fmt.Sprintf("usr/share/d%d/file-%d", i/50, i), string(make([]byte, 2000)) + fmt.Sprint(i)})
	}
	body := gzipped(b, packed(b, members...))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		s := open(b, nil)
		if _, err := s.Import(b.Context(), bytes.NewReader(body), image.ImportOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Layers are unpacked beside each other.
func BenchmarkLoad(b *testing.B) {
	path := webArchive(b)
	for b.Loop() {
		loadFrom(b, open(b, nil), path)
	}
}

// Saving makes each layer's tar again from its files.
func BenchmarkSave(b *testing.B) {
	s := open(b, nil)
	loadFrom(b, s, webArchive(b))
	for b.Loop() {
		if err := s.Save(b.Context(), []string{"web:1"}, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// webArchive is a saved image of four layers, each with 1,000 files.
func webArchive(b *testing.B) string {
	b.Helper()
	var layers [][]byte
	for l := range 4 {
		var members []member
		for i := range 1000 {
			members = append(members, member{fmt.Sprintf("l%d/d%d/file-%d", l, i/50, i), fmt.Sprint(l) + string(make([]byte, 8000)) + fmt.Sprint(i)})
		}
		layers = append(layers, packed(b, members...))
	}
	body := saved(b, map[string]v1.Image{"docker.io/library/web:1": stack(b, layers...)})
	path := filepath.Join(b.TempDir(), "web.tar")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func loadFrom(b *testing.B, s *image.Images, path string) {
	b.Helper()
	archive, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer archive.Close()
	if _, err := s.Load(b.Context(), archive); err != nil {
		b.Fatal(err)
	}
}
