package rootfs_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/runtime/rootfs"
	"neap/runtime/testenv"
)

func BenchmarkExtract(b *testing.B) {
	eachArchive(b, func(b *testing.B, archive []byte) {
		for b.Loop() {
			b.StopTimer()
			unpack(b, archive, io.Discard).Close()
		}
	})
}

// Making the archive again, which is saving and pushing an image.
func BenchmarkRepack(b *testing.B) {
	eachArchive(b, func(b *testing.B, archive []byte) {
		b.StopTimer()
		var recipe bytes.Buffer
		in := unpack(b, archive, &recipe)
		defer in.Close()
		for b.Loop() {
			if err := rootfs.Repack(bytes.NewReader(recipe.Bytes()), in, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Small files cost by their number, large ones by their bytes.
func eachArchive(b *testing.B, do func(b *testing.B, archive []byte)) {
	testenv.Root(b)
	var files []entry
	for i := range 5000 {
		files = append(files, file(fmt.Sprintf("usr/share/d%d/f%d", i/50, i), strings.Repeat("content ", 300)))
	}
	for name, entries := range map[string][]entry{
		"small": files,
		"large": {file("usr/lib/large", strings.Repeat("content ", 8<<20))},
	} {
		b.Run(name, func(b *testing.B) {
			archive := pack(b, entries...).Bytes()
			b.SetBytes(int64(len(archive)))
			do(b, archive)
		})
	}
}

// unpack is the directory that an archive was unpacked into. It starts the timer.
func unpack(b *testing.B, archive []byte, recipe io.Writer) *os.File {
	top := filepath.Join(b.TempDir(), "in")
	if err := os.Mkdir(top, 0o755); err != nil {
		b.Fatal(err)
	}
	in, err := os.Open(top)
	if err != nil {
		b.Fatal(err)
	}
	b.StartTimer() // what was made stays until the end: ext4 is slow where it has just removed
	opt := rootfs.Extraction{Limits: rootfs.Sane(), Whiteouts: true, Through: true, Recipe: recipe}
	if _, err := rootfs.Extract(b.Context(), bytes.NewReader(archive), in, opt); err != nil {
		b.Fatal(err)
	}
	return in
}
