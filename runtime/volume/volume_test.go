package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

func volumes(t *testing.T) *Volumes {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	s, err := store.Open(testenv.Dir(t))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	n := 0
	return Open(Options{
		Store: s,
		Clock: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) },
		ID:    func() string { n++; return fmt.Sprintf("%064x", n) },
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, v *Volumes, name string, o CreateOptions) *Volume {
	t.Helper()
	vol, err := v.Create(t.Context(), name, o)
	must(t, err)
	return vol
}

func TestCreateIsRepeatable(t *testing.T) {
	v := volumes(t)
	www := create(t, v, "www", CreateOptions{Labels: map[string]string{"a": "b"}})
	if st, err := os.Stat(www.Path); err != nil || !st.IsDir() || st.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", st, err)
	}
	if again := create(t, v, "www", CreateOptions{}); again.Labels["a"] != "b" || again.Created != www.Created {
		t.Errorf("%+v", again)
	}
	if !www.LastUsed.Equal(time.Unix(0, 0)) && !www.LastUsed.IsZero() {
		t.Errorf("never used, but %v", www.LastUsed)
	}
	host := t.TempDir()
	bind := map[string]string{"type": "none", "o": "bind", "device": host}
	if vol := create(t, v, "host", CreateOptions{Options: bind}); vol.Path != host {
		t.Errorf("%+v", vol)
	}
	create(t, v, "host", CreateOptions{Options: bind})
	create(t, v, "host", CreateOptions{})
	if _, err := v.Create(t.Context(), "www", CreateOptions{Options: bind}); !fault.Is(err, fault.Exists) {
		t.Errorf("other options: %v", err)
	}
	all, err := v.List()
	if err != nil || len(all) != 2 || all[0].Name != "host" || all[1].Name != "www" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	v := volumes(t)
	for _, c := range []struct {
		name string
		o    CreateOptions
		kind fault.Kind
	}{
		{"../x", CreateOptions{}, fault.Invalid},
		{".x", CreateOptions{}, fault.Invalid},
		{"a/b", CreateOptions{}, fault.Invalid},
		{strings.Repeat("x", 201), CreateOptions{}, fault.Invalid},
		{"x", CreateOptions{Driver: "nfs"}, fault.Unsupported},
		{"x", CreateOptions{Options: map[string]string{"type": "tmpfs", "device": "tmpfs"}}, fault.Unsupported},
		{"x", CreateOptions{Options: map[string]string{"type": "nfs", "device": ":/x", "o": "addr=h"}}, fault.Unsupported},
		{"x", CreateOptions{Options: map[string]string{"size": "1g"}}, fault.Unsupported},
		{"x", CreateOptions{Options: map[string]string{"type": "none", "device": "/"}}, fault.Invalid},
		{"x", CreateOptions{Options: map[string]string{"o": "bind", "device": "rel"}}, fault.Invalid},
	} {
		if _, err := v.Create(t.Context(), c.name, c.o); !fault.Is(err, c.kind) {
			t.Errorf("%q %v: %v, want %s", c.name, c.o, err, c.kind)
		}
	}
	if all, err := v.List(); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func TestFindAndGet(t *testing.T) {
	v := volumes(t)
	create(t, v, "my-data", CreateOptions{})
	anon := create(t, v, "", CreateOptions{})
	if !anon.Anonymous || len(anon.Name) != 64 {
		t.Errorf("%+v", anon)
	}
	if vol, err := v.Get(anon.Name[:60]); err != nil || vol.Name != anon.Name {
		t.Errorf("by prefix: %v, %v", vol, err)
	}
	if vol, err := v.Find("my-dat"); vol != nil || err != nil {
		t.Errorf("%v, %v", vol, err)
	}
	_, err := v.Get("my-dta")
	var known *fault.Error
	if !errors.As(err, &known) || known.Kind != fault.NotFound || !strings.Contains(known.Hint, `"my-data"`) {
		t.Errorf("%v, %+v", err, known)
	}
	create(t, v, "", CreateOptions{})
	if _, err := v.Find("0000"); !fault.Is(err, fault.Invalid) {
		t.Errorf("ambiguous: %v", err)
	}
	if vol, err := v.Find("../.."); vol != nil || err != nil {
		t.Errorf("%v, %v", vol, err)
	}
}

func TestUsersKeepAVolume(t *testing.T) {
	v := volumes(t)
	create(t, v, "www", CreateOptions{})
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	must(t, v.Use(t.Context(), "www", a))
	must(t, v.Use(t.Context(), "www", a))
	must(t, v.Use(t.Context(), "www", b))
	err := v.Remove(t.Context(), "www")
	var known *fault.Error
	if !errors.As(err, &known) || known.Kind != fault.Busy || !strings.Contains(err.Error(), `cannot remove volume "www": in use by aaaaaaaaaaaa, bbbbbbbbbbbb`) || known.Hint == "" {
		t.Errorf("%v, %+v", err, known)
	}
	if users, err := v.UsedBy("www"); err != nil || !slices.Equal(users, []string{a, b}) {
		t.Errorf("%v, %v", users, err)
	}
	if _, err := v.Rename(t.Context(), "www", "new"); !fault.Is(err, fault.Busy) {
		t.Errorf("rename: %v", err)
	}
	must(t, v.Drop("www", a))
	must(t, v.Drop("www", a))
	must(t, v.Drop("www", b))
	must(t, v.Drop("absent", b))
	vol, err := v.Rename(t.Context(), "www", "new")
	if err != nil || vol.Name != "new" || vol.LastUsed.Year() < 2020 {
		t.Errorf("%+v, %v", vol, err)
	}
	must(t, v.Protect(t.Context(), "new", true))
	if err := v.Remove(t.Context(), "new"); !fault.Is(err, fault.Conflict) {
		t.Errorf("protected: %v", err)
	}
	must(t, v.Protect(t.Context(), "new", false))
	must(t, v.Remove(t.Context(), "new"))
	for _, err := range []error{v.Remove(t.Context(), "new"), v.Use(t.Context(), "new", a), errOf(v.UsedBy("new")), errOf(v.Data("new"))} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("removed: %v", err)
		}
	}
	left, err := entries(must1(v.dir())(t), ".")
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func errOf[T any](_ T, err error) error { return err }

func must1[T any](x T, err error) func(*testing.T) T {
	return func(t *testing.T) T { must(t, err); return x }
}

func TestPruneTakesOnlyUnused(t *testing.T) {
	v := volumes(t)
	create(t, v, "named", CreateOptions{})
	create(t, v, "kept", CreateOptions{})
	must(t, v.Protect(t.Context(), "kept", true))
	used, free := create(t, v, "", CreateOptions{}), create(t, v, "", CreateOptions{})
	must(t, v.Use(t.Context(), used.Name, "c"))
	must(t, os.WriteFile(filepath.Join(free.Path, "x"), make([]byte, 1000), 0o644))
	must(t, os.Link(filepath.Join(free.Path, "x"), filepath.Join(free.Path, "y")))
	done, err := v.Prune(t.Context(), PruneOptions{})
	if err != nil || !slices.Equal(done.Removed, []string{free.Name}) || done.Freed != 1000 {
		t.Errorf("%+v, %v", done, err)
	}
	done, err = v.Prune(t.Context(), PruneOptions{All: true, Match: func(v *Volume) bool { return v.Name == "other" }})
	if err != nil || len(done.Removed) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	done, err = v.Prune(t.Context(), PruneOptions{All: true})
	if err != nil || !slices.Equal(done.Removed, []string{"named"}) {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestInspectReadsAsDockers(t *testing.T) {
	v := volumes(t)
	vol := create(t, v, "www", CreateOptions{Labels: map[string]string{"a": "b"}})
	d, err := v.Inspect("www")
	must(t, err)
	body, err := json.Marshal(d)
	must(t, err)
	want := `{"CreatedAt":"2026-11-23T10:00:00Z","Driver":"local","Labels":{"a":"b"},"Mountpoint":"` + vol.Path + `","Name":"www","Options":null,"Scope":"local"}`
	if string(body) != want {
		t.Errorf("%s, want %s", body, want)
	}
}

func TestADamagedVolumeHidesNoOther(t *testing.T) {
	v := volumes(t)
	create(t, v, "good", CreateOptions{})
	bad := create(t, v, "bad", CreateOptions{})
	must(t, os.WriteFile(filepath.Join(filepath.Dir(bad.Path), recordFile), []byte("{"), 0o600))
	all, err := v.List()
	if err != nil || len(all) != 2 || all[0].Damaged == "" || all[1].Damaged != "" {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := v.Get("bad"); !fault.Is(err, fault.Damaged) {
		t.Error(err)
	}
	must(t, v.Remove(t.Context(), "bad"))
}

func TestFillOnceAndWhole(t *testing.T) {
	v := volumes(t)
	vol := create(t, v, "www", CreateOptions{})
	before := inode(t, vol.Path)
	broken := errors.New("broken")
	err := v.Fill(t.Context(), "www", func(data *os.File) error {
		put(t, data, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if names := ls(t, vol.Path); len(names) != 0 {
		t.Fatalf("half a filling shows: %v", names)
	}
	var calls sync.Map
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if err := v.Fill(t.Context(), "www", func(data *os.File) error {
				calls.Store(i, true)
				put(t, data, "index.html")
				put(t, data, ".hidden")
				return errors.Join(data.Chown(33, 34), unix.Fchmod(int(data.Fd()), 0o2750), unix.Fsetxattr(int(data.Fd()), "user.x", []byte("y"), 0))
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	calls.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("filled %d times", n)
	}
	if names := ls(t, vol.Path); !slices.Equal(names, []string{".hidden", "index.html"}) {
		t.Errorf("%v", names)
	}
	st, err := os.Stat(vol.Path)
	must(t, err)
	sys := st.Sys().(*syscall.Stat_t)
	if st.Mode().Perm() != 0o750 || st.Mode()&os.ModeSetgid == 0 || sys.Uid != 33 || sys.Gid != 34 || sys.Ino != before {
		t.Errorf("%v %d:%d", st.Mode(), sys.Uid, sys.Gid)
	}
	value := make([]byte, 10)
	if n, err := unix.Getxattr(vol.Path, "user.x", value); err != nil || string(value[:n]) != "y" {
		t.Errorf("%q, %v", value, err)
	}
	must(t, os.Remove(filepath.Join(vol.Path, "index.html")))
	must(t, os.Remove(filepath.Join(vol.Path, ".hidden")))
	must(t, v.Fill(t.Context(), "www", func(*os.File) error { t.Error("filled again"); return nil }))
}

func TestFillLeavesWhatIsThere(t *testing.T) {
	v := volumes(t)
	vol := create(t, v, "www", CreateOptions{})
	must(t, os.WriteFile(filepath.Join(vol.Path, "mine"), nil, 0o644))
	must(t, v.Fill(t.Context(), "www", func(*os.File) error { t.Error("filled"); return nil }))
	host := t.TempDir()
	create(t, v, "host", CreateOptions{Options: map[string]string{"o": "bind", "device": host}})
	must(t, v.Fill(t.Context(), "host", func(*os.File) error { t.Error("filled"); return nil }))
	data, err := v.Data("host")
	must(t, err)
	must(t, data.Close())
	must(t, v.Remove(t.Context(), "host"))
	if _, err := os.Stat(host); err != nil {
		t.Errorf("the directory of the host: %v", err)
	}
}

// What a kill leaves at each point is finished or thrown away.
func TestAKillInTheMiddleOfAFilling(t *testing.T) {
	v := volumes(t)
	for _, c := range []struct {
		point string
		how   fill
		draft []string
		data  []string
		want  []string
		again bool
	}{
		{"while fn ran", never, []string{"half"}, nil, []string{"new"}, true},
		{"before the first move", moving, []string{"a", "b"}, nil, []string{"a", "b"}, false},
		{"between two moves", moving, []string{"b"}, []string{"a"}, []string{"a", "b"}, false},
		{"before the mark", moving, nil, []string{"a", "b"}, []string{"a", "b"}, false},
	} {
		vol := create(t, v, "v", CreateOptions{})
		dir := filepath.Dir(vol.Path)
		if c.draft != nil {
			must(t, os.Mkdir(filepath.Join(dir, draftDir), 0o750))
		}
		for _, name := range c.draft {
			must(t, os.WriteFile(filepath.Join(dir, draftDir, name), nil, 0o644))
		}
		for _, name := range c.data {
			must(t, os.WriteFile(filepath.Join(vol.Path, name), nil, 0o644))
		}
		d, err := v.enter("v")
		must(t, err)
		r, err := readRecord(d)
		must(t, err)
		must(t, mark(d, &r, c.how))
		must(t, d.Close())
		again := false
		if c.how == moving { // a reader finishes it
			f, err := v.Data("v")
			must(t, err)
			must(t, f.Close())
		}
		must(t, v.Fill(t.Context(), "v", func(f *os.File) error { again = true; put(t, f, "new"); return nil }))
		if names := ls(t, vol.Path); !slices.Equal(names, c.want) || again != c.again {
			t.Errorf("killed %s: %v, again %v", c.point, names, again)
		}
		if names := ls(t, dir); slices.Contains(names, draftDir) {
			t.Errorf("killed %s: the draft stays", c.point)
		}
		must(t, v.Remove(t.Context(), "v"))
	}
}

func TestSweepRemovesWhatKilledProcessesLeft(t *testing.T) {
	v := volumes(t)
	create(t, v, "www", CreateOptions{})
	all, err := v.dir()
	must(t, err)
	defer all.Close()
	must(t, all.MkdirAll(".new-a/data", 0o700))
	must(t, all.MkdirAll(".old-b/data", 0o700))
	must(t, all.MkdirAll(".new-busy/data", 0o700))
	must(t, all.Write(".lock-c", nil, 0o600, store.Quick))
	held, err := all.Lock(t.Context(), ".lock-busy", store.Exclusive)
	must(t, err)
	swept, err := v.Sweep(t.Context())
	must(t, err)
	must(t, held.Unlock())
	if len(swept) != 3 {
		t.Errorf("%v", swept)
	}
	if left := ls(t, all.Path); !slices.Equal(left, []string{".lock-busy", ".lock-www", ".new-busy", "www"}) {
		t.Errorf("%v", left)
	}
}

func TestCreateUseAndRemoveTogether(t *testing.T) {
	v := volumes(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			id := fmt.Sprint("c", i)
			for range 20 {
				if _, err := v.Create(t.Context(), "x", CreateOptions{}); err != nil && !fault.Is(err, fault.NotFound) {
					t.Error(err)
				}
				if err := v.Use(t.Context(), "x", id); err == nil {
					if f, err := v.Data("x"); err != nil {
						t.Errorf("a volume in use went away: %v", err)
					} else {
						f.Close()
					}
				} else if !fault.Is(err, fault.NotFound) {
					t.Error(err)
				}
				if err := v.Drop("x", id); err != nil {
					t.Error(err)
				}
				if err := v.Remove(t.Context(), "x"); err != nil && !fault.Is(err, fault.NotFound, fault.Busy) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func put(t *testing.T, dir *os.File, name string) {
	t.Helper()
	must(t, os.WriteFile(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), name), []byte("x"), 0o644))
}

func ls(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	return st.Ino
}
