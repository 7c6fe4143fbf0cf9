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

// Small files cost by their number, large ones by their bytes.
func BenchmarkExtract(b *testing.B) {
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
			for b.Loop() {
				unpackOnce(b, archive)
			}
		})
	}
}

func unpackOnce(b *testing.B, archive []byte) {
	b.StopTimer()
	top := filepath.Join(b.TempDir(), "in")
	if err := os.Mkdir(top, 0o755); err != nil {
		b.Fatal(err)
	}
	in, err := os.Open(top)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	b.StartTimer() // what was made stays until the end: ext4 is slow where it has just removed
	opt := rootfs.Extraction{Limits: rootfs.Sane(), Whiteouts: true, Through: true, Recipe: io.Discard}
	if _, err := rootfs.Extract(b.Context(), bytes.NewReader(archive), in, opt); err != nil {
		b.Fatal(err)
	}
}
