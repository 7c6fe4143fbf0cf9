package image_test

import (
	"bytes"
	"fmt"
	"testing"

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
