package rootfs_test

import (
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
