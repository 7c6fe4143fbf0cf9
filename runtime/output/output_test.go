package output

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/store"
	"neap/runtime/testenv"
)

func dir(t *testing.T) Files {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return Files{s.Run, "log"}
}

// pump writes text into a pipe and has the sink take it.
func pump(t *testing.T, s *Sink, text string) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	if _, err := unix.Write(fds[1], []byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(fds[1]); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := s.Take(fds[0])
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestStreamsInOrder(t *testing.T) {
	d := dir(t)
	now := time.Unix(1000, 0)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	sinks := map[string]*Sink{}
	for _, name := range []string{Out, Err} {
		var err error
		if sinks[name], err = OpenSink(d, name, clock); err != nil {
			t.Fatal(err)
		}
		defer sinks[name].Close()
	}
	r, err := OpenReader(d, Out, Err)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 3 {
		pump(t, sinks[Out], fmt.Sprintf("out %d\n", i))
		pump(t, sinks[Err], fmt.Sprintf("err %d\n", i))
	}
	chunks, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for i, c := range chunks {
		all.Write(c.Bytes)
		if i > 0 && c.Time.Before(chunks[i-1].Time) {
			t.Errorf("chunk %d is older than the one before", i)
		}
	}
	if want := "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n"; all.String() != want {
		t.Errorf("%q", all.String())
	}
	if again, err := r.Next(); err != nil || len(again) != 0 {
		t.Errorf("%v %v", again, err)
	}
}

// TestGoesOn: a sink that is opened again writes behind what is there, also
// after a torn mark.
func TestGoesOn(t *testing.T) {
	d := dir(t)
	for i := range 2 {
		s, err := OpenSink(d, Out, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		pump(t, s, fmt.Sprintf("part %d\n", i))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := d.Dir.OpenFile(d.name(Out)+".marks", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("torn")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := All(d, Out); err != nil || string(got) != "part 0\npart 1\n" {
		t.Errorf("%q %v", got, err)
	}
	r, err := OpenReader(d, Out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if chunks, err := r.Next(); err != nil || len(chunks) != 2 || chunks[1].Time.IsZero() {
		t.Errorf("%+v %v", chunks, err)
	}
}

// TestFullDisk: what does not fit is dropped, the writer does not wait, and the
// gap is marked.
func TestFullDisk(t *testing.T) {
	d := dir(t)
	s, err := OpenSink(d, Out, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pump(t, s, "before\n")
	file, offset := s.file, s.offset
	s.file, s.offset = tiny(t), 4096
	pump(t, s, "lost\n")
	_ = s.file.Close()
	s.file, s.offset = file, offset
	pump(t, s, "after\n")
	r, err := OpenReader(d, Out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	chunks, err := r.Next()
	if err != nil || len(chunks) != 2 || chunks[1].Dropped != int64(len("lost\n")) || string(chunks[1].Bytes) != "after\n" {
		t.Errorf("%+v %v", chunks, err)
	}
}

// tiny is a file on a disk with no room beyond its first page.
func tiny(t *testing.T) *os.File {
	t.Helper()
	testenv.Root(t)
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err == nil {
		err = unix.FsconfigSetString(fs, "size", "4k")
	}
	if err == nil {
		err = unix.FsconfigCreate(fs)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fs)
	mount, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(mount)
	f, err := os.Create(fmt.Sprintf("/proc/self/fd/%d/full", mount))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLines(t *testing.T) {
	var l Lines
	var got []string
	for _, c := range []Chunk{
		{Stream: Out, Bytes: []byte("one\ntw")}, {Stream: Err, Bytes: []byte("err")}, {Stream: Out, Bytes: []byte("o\n\nrest")},
	} {
		for _, line := range l.Add(c) {
			got = append(got, line.Stream+":"+string(line.Text))
		}
	}
	for _, line := range l.Rest() {
		got = append(got, fmt.Sprintf("%s:%s partial=%t", line.Stream, line.Text, line.Partial))
	}
	want := []string{"out:one", "out:two", "out:", "out:rest partial=true", "err:err partial=true"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
	long := l.Add(Chunk{Stream: Out, Bytes: bytes.Repeat([]byte("x"), 3*longest/2)})
	if len(long) != 1 || len(long[0].Text) != longest || !long[0].Partial {
		t.Errorf("%d lines", len(long))
	}
}

// TestSilence: a stream without output makes no file, and its reader sees the
// files come.
func TestSilence(t *testing.T) {
	d := dir(t)
	s, err := OpenSink(d, Err, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := OpenReader(d, Out, Err)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pump(t, s, "")
	if d.Dir.Exists(d.Path) {
		t.Error("nothing was written, and there is a directory")
	}
	pump(t, s, "late\n")
	if chunks, err := r.Next(); err != nil || len(chunks) != 1 || string(chunks[0].Bytes) != "late\n" {
		t.Errorf("%+v %v", chunks, err)
	}
}
