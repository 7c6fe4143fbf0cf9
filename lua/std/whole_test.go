package std

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhole(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	text := func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err }
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o640), os.Symlink("file", link), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Whole(file, 0o600, func(io.Writer) error { return io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if body, err := os.ReadFile(file); string(body) != "old" || err != nil {
		t.Errorf("%q %v", body, err)
	}
	if err := Whole(link, 0o600, text); err != nil {
		t.Error(err)
	}
	body, err := os.ReadFile(file)
	if st, _ := os.Lstat(link); string(body) != "text" || err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%q %v", body, err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := Whole(pipe, 0o600, text); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(pipe); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("%v", left)
	}
}
