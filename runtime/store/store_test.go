package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"neap/runtime/fault"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRoot(t *testing.T) {
	s := open(t)
	if len(s.Tag) != 8 || s.Name("neap") != "neap-"+s.Tag {
		t.Errorf("tag %q, name %q", s.Tag, s.Name("neap"))
	}
	for _, dir := range []Dir{s.Lib, s.Run} {
		if st, err := os.Stat(dir.Path); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", dir.Path, st.Mode(), err)
		}
	}
	if err := s.Lib.Save("format", Format+1, Durable); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Dir(s.Lib.Path)); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a later format: %v", err)
	}
}

func TestSaveAndLoad(t *testing.T) {
	d := open(t).Lib
	type record struct{ A int }
	for _, how := range []Durability{Quick, Durable} {
		if err := d.Save("x.json", record{7}, how); err != nil {
			t.Fatal(err)
		}
	}
	var got record
	if err := d.Load("x.json", &got); err != nil || got.A != 7 {
		t.Errorf("%+v %v", got, err)
	}
	if st, err := d.Lstat("x.json"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if err := d.Load("absent", &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if err := d.Write("bad", []byte("\x00\x00"), 0o600, Quick); err != nil {
		t.Fatal(err)
	}
	if err := d.Load("bad", &got); !fault.Is(err, fault.Damaged) {
		t.Errorf("bad: %v", err)
	}
	if names, err := d.Names("."); err != nil || len(names) != 3 { // no draft is left
		t.Errorf("%v %v", names, err)
	}
}

// TestClaim: of fifty, one gets the name; the others are told who has it.
func TestClaim(t *testing.T) {
	d := open(t).Run
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			switch err := d.Claim("name", string(rune('A'+i))); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Exists):
				t.Error(err)
			}
		})
	}
	all.Wait()
	holder, err := d.Holder("name")
	if won.Load() != 1 || holder == "" || err != nil {
		t.Errorf("%d won, holder %q, %v", won.Load(), holder, err)
	}
	if err := d.Claim("name", holder); err != nil {
		t.Errorf("again by its owner: %v", err)
	}
	if err := errors.Join(d.Release("name", "somebody else"), d.Release("name", holder), d.Release("name", holder)); err != nil {
		t.Error(err)
	}
	if d.Exists("name") {
		t.Error("it was released")
	}
}

func TestLock(t *testing.T) {
	d := open(t).Run
	ctx := context.Background()
	a, err := d.Lock(ctx, "lock", Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := d.Lock(short, "lock", Shared); !fault.Is(err, fault.Busy) {
		t.Errorf("held: %v", err)
	}
	if err := d.Remove("lock"); err != nil { // another file has the name now
		t.Fatal(err)
	}
	b, err := d.TryLock("lock", Exclusive)
	if err != nil || b == nil {
		t.Fatalf("a new file: %v %v", b, err)
	}
	if err := errors.Join(a.Unlock(), b.Unlock()); err != nil {
		t.Error(err)
	}
	x, errX := d.TryLock("lock", Shared)
	y, errY := d.TryLock("lock", Shared)
	if err := errors.Join(errX, errY); err != nil || x == nil || y == nil {
		t.Errorf("shared: %v", err)
	}
	if err := errors.Join(x.Unlock(), y.Unlock()); err != nil {
		t.Error(err)
	}
}

// TestBeneath: no name leads out of a directory, nor through a link.
func TestBeneath(t *testing.T) {
	s := open(t)
	d, err := s.Lib.Sub("a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := errors.Join(d.Mkdir("in", 0o700), d.Symlink("in", "link"), d.Symlink("/etc", "out"), d.Symlink("../..", "up")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link/x", "out/passwd", "up/format", "../../format", "..", ".", "", "/etc/passwd", "in/../../b/x"} {
		if err := d.Write(name, []byte("{}"), 0o600, Quick); err == nil {
			t.Errorf("wrote %q", name)
		}
		if body, err := d.ReadFile(name); err == nil {
			t.Errorf("read %q: %s", name, body)
		}
		if err := d.Mkdir(name+"/new", 0o700); err == nil && name != "." {
			t.Errorf("made a directory in %q", name)
		}
		if sub, err := d.Enter(name); err == nil && name != "." {
			t.Errorf("entered %q", name)
			sub.Close()
		}
	}
	if target, err := d.Readlink("out"); target != "/etc" || err != nil {
		t.Errorf("%q %v", target, err)
	}
	if err := errors.Join(d.RemoveAll("out"), d.RemoveAll("in"), d.RemoveAll("absent")); err != nil || d.Exists("out") || d.Exists("in") {
		t.Error(err)
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Error(err)
	}
}

// TestLockDir: the lock of a directory is that of what the name leads to.
func TestLockDir(t *testing.T) {
	d := open(t).Run
	if _, err := d.TryLockDir("x", Exclusive); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if err := d.Mkdir("x", 0o700); err != nil {
		t.Fatal(err)
	}
	held, err := d.TryLockDir("x", Exclusive)
	if err != nil || held == nil {
		t.Fatal(err)
	}
	if other, err := d.TryLockDir("x", Shared); other != nil || err != nil {
		t.Errorf("twice: %v", err)
	}
	if err := errors.Join(d.Rename("x", "y"), d.Mkdir("x", 0o700)); err != nil {
		t.Fatal(err)
	}
	fresh, err := d.TryLockDir("x", Exclusive)
	if err != nil || fresh == nil {
		t.Errorf("another directory of that name: %v", err)
	}
	if err := errors.Join(held.Unlock(), fresh.Unlock()); err != nil {
		t.Error(err)
	}
}

func TestFill(t *testing.T) {
	d := open(t).Lib
	for _, how := range []Durability{Quick, Durable} {
		if err := d.Mkdir(".new-x", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := d.Fill(".new-x", how, File{"a.json", 1}, File{"b.json", "two"}); err != nil {
			t.Fatal(err)
		}
		var a int
		var b string
		if err := errors.Join(d.Load(".new-x/a.json", &a), d.Load(".new-x/b.json", &b)); err != nil || a != 1 || b != "two" {
			t.Errorf("%d %q %v", a, b, err)
		}
		if err := d.Fill(".new-x", how, File{"a.json", 2}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a file that is there: %v", err)
		}
		if err := d.RemoveAll(".new-x"); err != nil {
			t.Fatal(err)
		}
	}
}
