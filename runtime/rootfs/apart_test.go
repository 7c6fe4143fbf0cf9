package rootfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/testenv"
)

// stack makes an overlay of many directories, each with a file of its own, in
// long paths.
func stack(t *testing.T, layers int) Overlay {
	t.Helper()
	dir := testenv.Dir(t)
	deep := filepath.Join(dir, strings.Repeat("a-rather-long-name-of-a-directory/", 10))
	o := Overlay{Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work"), Volatile: true}
	for i := range layers {
		lower := filepath.Join(deep, fmt.Sprint("layer", i))
		must(t, os.MkdirAll(lower, 0o755))
		must(t, os.WriteFile(filepath.Join(lower, fmt.Sprint("f", i)), []byte("from the image"), 0o644))
		o.Lower = append(o.Lower, lower)
	}
	must(t, o.Prepare())
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What a kernel before 6.7 needs for an image of many layers every kernel can.
func TestMountApart(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	o := stack(t, 127)
	root, err := o.mountApart()
	must(t, err)
	defer root.Close()
	for i := range o.Lower {
		if body, err := ReadIn(root, fmt.Sprint("f", i), 100); err != nil || string(body) != "from the image" {
			t.Fatalf("layer %d: %q, %v", i, body, err)
		}
	}
	f, err := OpenIn(root, "new", unix.O_CREAT|unix.O_WRONLY, 0o600)
	must(t, err)
	must(t, f.Close())
	if _, err := os.Stat(filepath.Join(o.Upper, "new")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(o.Lower[0], "f1")); err == nil {
		t.Error("the overlay can be seen in the host's mounts")
	}
}

func TestMountApartReadOnly(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	o := stack(t, 40)
	o.ReadOnly = true
	root, err := o.mountApart()
	must(t, err)
	defer root.Close()
	if _, err := OpenIn(root, "new", unix.O_CREAT|unix.O_WRONLY, 0o600); err == nil {
		t.Error("a read-only overlay was written to")
	}
}

func TestMountApartHasABoundToo(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	o := stack(t, 1)
	for range 300 {
		o.Lower = append(o.Lower, o.Lower[0])
	}
	if _, err := o.mountApart(); err == nil || !strings.Contains(err.Error(), "the image has 301") {
		t.Error(err)
	}
}
