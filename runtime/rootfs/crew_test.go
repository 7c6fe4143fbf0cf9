package rootfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"neap/runtime/rootfs"
)

// Files are written beside the reading, but names are made in order: the last
// entry of a name wins, and a link keeps the file it was made to.
func TestNamesAreMadeInOrder(t *testing.T) {
	y := newYard(t)
	var entries []entry
	for i := range 300 {
		entries = append(entries, file("f", fmt.Sprint(i)), hard(fmt.Sprintf("g%d", i), "f"))
	}
	if _, err := y.extract(rootfs.Extraction{Whiteouts: true}, entries...); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		body, err := os.ReadFile(filepath.Join(y.in, fmt.Sprintf("g%d", i)))
		if err != nil || string(body) != fmt.Sprint(i) {
			t.Fatalf("g%d: %q %v", i, body, err)
		}
	}
	if body, err := os.ReadFile(filepath.Join(y.in, "f")); err != nil || string(body) != "299" {
		t.Fatalf("%q %v", body, err)
	}
}

// What fails beside the reading is told with its name, ends the extraction and
// leaves nothing open.
func TestFailureBesideTheReading(t *testing.T) {
	y := newYard(t)
	var entries []entry
	for i := range 500 {
		entries = append(entries, file(fmt.Sprintf("f%d", i), strings.Repeat("x", 1000)))
	}
	entries[100].PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "no such thing"}
	before := descriptors(t)
	_, err := y.extract(rootfs.Extraction{}, entries...)
	if err == nil || !strings.Contains(err.Error(), "f100") || !strings.Contains(err.Error(), "security.capability") {
		t.Fatal(err)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors became %d", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A file is what its header says, whatever mask and directory it is made under.
func TestModeWhateverTheMask(t *testing.T) {
	y := newYard(t)
	defer unix.Umask(unix.Umask(0o077))
	group := dir("d")
	group.Mode, group.Gid = 0o2775, 7
	plain, other := file("d/root", "x"), file("d/other", "x")
	plain.Mode, other.Mode, other.Uid, other.Gid = 0o666, 0o6777, 5, 6
	if _, err := y.extract(rootfs.Extraction{}, group, plain, other); err != nil {
		t.Fatal(err)
	}
	if st := y.lstat("d/root"); st.Mode&0o7777 != 0o666 || st.Uid != 0 || st.Gid != 0 {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("d/other"); st.Mode&0o7777 != 0o6777 || st.Uid != 5 || st.Gid != 6 {
		t.Errorf("%+v", st)
	}
}
