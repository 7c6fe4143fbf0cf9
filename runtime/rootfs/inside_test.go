package rootfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
	"neap/runtime/testenv"
)

func (y *yard) open() *os.File {
	y.t.Helper()
	f, err := os.Open(y.in)
	if err != nil {
		y.t.Fatal(err)
	}
	y.t.Cleanup(func() { f.Close() })
	return f
}

func (y *yard) write(name, body string) {
	y.t.Helper()
	path := filepath.Join(y.in, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		y.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) link(target, name string) {
	y.t.Helper()
	if err := os.Symlink(target, filepath.Join(y.in, name)); err != nil {
		y.t.Fatal(err)
	}
}

func TestMkdirIn(t *testing.T) {
	y := newYard(t)
	root := y.open()
	y.link(y.host, "out")
	y.link("../../../../..", "up")
	y.link("/run/lock", "lock")
	y.link("loop", "loop")
	y.write("file", "")
	for name, want := range map[string]string{
		"/a/b/c": "a/b/c", "lock/x": "run/lock/x", "up/d": "d", "e/../f": "f", "out/x": y.host + "/x", "/": ".",
	} {
		if err := rootfs.MkdirIn(root, name, 0o751, rootfs.Owner{UID: 5, GID: 6}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if st := y.lstat(want); st.Mode&unix.S_IFMT != unix.S_IFDIR || want != "." && (st.Mode&0o7777 != 0o751 || st.Uid != 5 || st.Gid != 6) {
			t.Errorf("%s: %+v", name, st)
		}
	}
	for name, want := range map[string]error{"loop/x": unix.ELOOP, "file/x": unix.ENOTDIR, "file": unix.ENOTDIR} {
		if err := rootfs.MkdirIn(root, name, 0o755, rootfs.Owner{}); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	y.untouched()
}

func TestReadIn(t *testing.T) {
	y := newYard(t)
	root := y.open()
	y.write("etc/hosts", "inside")
	y.link("/etc/hosts", "abs")
	y.link("../../../../../etc/hosts", "rel")
	y.link("/proc/self/root/etc/passwd", "magic")
	y.link("/dev/zero", "zero")
	if err := unix.Mkfifo(filepath.Join(y.in, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mknod(filepath.Join(y.in, "null"), unix.S_IFCHR, int(unix.Mkdev(1, 5))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etc/hosts", "abs", "rel", "/etc/../../etc/hosts"} {
		if body, err := rootfs.ReadIn(root, name, 100); err != nil || string(body) != "inside" {
			t.Errorf("%s: %q %v", name, body, err)
		}
	}
	for name, kind := range map[string]fault.Kind{"magic": fault.NotFound, "zero": fault.NotFound, "fifo": fault.Invalid, "null": fault.Invalid, "etc": fault.Invalid} {
		if _, err := rootfs.ReadIn(root, name, 100); !fault.Is(err, kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := rootfs.ReadIn(root, "etc/hosts", 5); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestPointIn(t *testing.T) {
	y := newYard(t)
	root := y.open()
	y.link("/run/resolv.conf", "resolv")
	for _, name := range []string{"new/etc/file", "resolv", "new/etc/file"} {
		f, err := rootfs.PointIn(root, name)
		if err != nil {
			t.Fatal(name, err)
		}
		f.Close()
	}
	if st := y.lstat("new/etc/file"); st.Size != 0 || st.Mode&unix.S_IFMT != unix.S_IFREG {
		t.Errorf("%+v", st)
	}
	y.lstat("run/resolv.conf")
}

func TestLookup(t *testing.T) {
	y := newYard(t)
	root := y.open()
	y.write("etc/passwd", strings.Join([]string{
		"root:x:0:0:root:/root:/bin/sh", "web:x:33:33::/var/www:", "joe:x:1000:100::/home/joe:/bin/sh",
		"1234:x:0:0::/:", "wrap:x:4294967296:0::/:", "junk:x:abc:0::/:", "hex:x:0x0:0::/:", "plus:x:+0:0::/:",
		"nogid:x:77::/:", "-1:x:0:0::/:", "short", "", ":x:0:0::/:", "oct:x:00:0::/:", "neg:x:-1:0::/:",
	}, "\n"))
	y.write("etc/group", "root:x:0:\nweb:x:33:joe\nusers:x:100:\nextra:x:7:joe,web\n555:x:0:\nwrapg:x:4294967296:joe\n")
	good := map[string]rootfs.User{
		"":         {UID: 0, GID: 0, Groups: []uint32{0}, Home: "/root", Name: "root"},
		"root":     {UID: 0, GID: 0, Groups: []uint32{0}, Home: "/root", Name: "root"},
		"0":        {UID: 0, GID: 0, Groups: []uint32{0}, Home: "/root", Name: "root"},
		"joe":      {UID: 1000, GID: 100, Groups: []uint32{100, 33, 7}, Home: "/home/joe", Name: "joe"},
		"1000":     {UID: 1000, GID: 100, Groups: []uint32{100, 33, 7}, Home: "/home/joe", Name: "joe"},
		"joe:web":  {UID: 1000, GID: 33, Groups: []uint32{33}, Home: "/home/joe", Name: "joe"},
		"joe:55":   {UID: 1000, GID: 55, Groups: []uint32{55}, Home: "/home/joe", Name: "joe"},
		"1234":     {UID: 1234, GID: 0, Groups: []uint32{0}, Home: "/"},
		"1234:555": {UID: 1234, GID: 555, Groups: []uint32{555}, Home: "/"},
		":33":      {UID: 0, GID: 33, Groups: []uint32{33}, Home: "/root", Name: "root"},
		"joe:":     {UID: 1000, GID: 100, Groups: []uint32{100, 33, 7}, Home: "/home/joe", Name: "joe"},
	}
	for who, want := range good {
		got, err := rootfs.Lookup(root, who, nil)
		if err != nil || got.UID != want.UID || got.GID != want.GID || got.Home != want.Home || got.Name != want.Name || !slices.Equal(got.Groups, want.Groups) {
			t.Errorf("%q: %+v %v, want %+v", who, got, err, want)
		}
	}
	if got, err := rootfs.Lookup(root, "web", []string{"extra", "9999", "33"}); err != nil || !slices.Equal(got.Groups, []uint32{33, 7, 9999}) {
		t.Error(got, err)
	}
	for _, who := range []string{
		"4294967296", "2147483648", "-1", "00", "0x0", "99999999999999999999", "+0", "0b0", "1_0", "wrap", "junk", "hex",
		"plus", "oct", "neg", "nogid", "nobody", "joe:none", "joe:web:x", "joe:4294967296", "joe:-1", "joe:00", "short", "a\nb", " 0",
	} {
		if got, err := rootfs.Lookup(root, who, nil); !fault.Is(err, fault.Invalid, fault.NotFound) {
			t.Errorf("%q: %+v %v", who, got, err)
		}
	}
	for _, add := range []string{"none", "00", "-1", "4294967296", "", "wrapg"} {
		if got, err := rootfs.Lookup(root, "joe", []string{add}); !fault.Is(err, fault.Invalid, fault.NotFound) {
			t.Errorf("add %q: %+v %v", add, got, err)
		}
	}
}

func TestLookupInHostileImages(t *testing.T) {
	for name, spoil := range map[string]func(y *yard){
		"none":  func(*yard) {},
		"host":  func(y *yard) { y.link("/etc/../../../../../../etc/passwd", "etc/passwd") },
		"fifo":  func(y *yard) { _ = unix.Mkfifo(filepath.Join(y.in, "etc/passwd"), 0o600) },
		"kmsg":  func(y *yard) { y.link("/proc/kmsg", "etc/group") },
		"zero":  func(y *yard) { _ = unix.Mknod(filepath.Join(y.in, "etc/passwd"), unix.S_IFCHR, int(unix.Mkdev(1, 5))) },
		"big":   func(y *yard) { y.write("etc/group", ""); _ = os.Truncate(filepath.Join(y.in, "etc/group"), 2<<30) },
		"etcfd": func(y *yard) { _ = os.Remove(filepath.Join(y.in, "etc")); y.link("/etc", "etc") },
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t)
			if err := os.Mkdir(filepath.Join(y.in, "etc"), 0o755); err != nil {
				t.Fatal(err)
			}
			spoil(y)
			start := time.Now()
			u, err := rootfs.Lookup(y.open(), "1000", nil)
			if took := time.Since(start); took > 20*time.Second {
				t.Error(took)
			}
			if err == nil && u.UID != 1000 {
				t.Error(u)
			}
		})
	}
}

func TestOverlay(t *testing.T) {
	testenv.Clean(t)
	y := newYard(t)
	var lower []string
	for _, l := range []string{"c", "b", "a"} { // topmost first
		y.write(l+"/name", l)
		y.write(l+"/only-"+l, l)
		lower = append(lower, filepath.Join(y.in, l))
	}
	if err := os.Chmod(lower[0], 0o711); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		overlay rootfs.Overlay
		write   bool
	}{
		"one":       {rootfs.Overlay{Lower: lower[:1]}, false},
		"stack":     {rootfs.Overlay{Lower: lower}, false},
		"writable":  {rootfs.Overlay{Lower: lower, Upper: y.in + "/upper", Work: y.in + "/work"}, true},
		"one below": {rootfs.Overlay{Lower: lower[:1], Upper: y.in + "/upper1", Work: y.in + "/work1"}, true},
		"read-only": {rootfs.Overlay{Lower: lower, Upper: y.in + "/upper2", Work: y.in + "/work2", ReadOnly: true}, false},
		"volatile":  {rootfs.Overlay{Lower: lower, Upper: y.in + "/upper3", Work: y.in + "/work3", Volatile: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.overlay.Upper != "" {
				if err := test.overlay.Prepare(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				root, err := test.overlay.Mount()
				if err != nil {
					t.Fatal(err)
				}
				body, err := rootfs.ReadIn(root, "name", 100)
				if err != nil || string(body) != "c" {
					t.Errorf("%q %v", body, err)
				}
				if st, err := root.Stat(); err != nil || st.Mode().Perm() != 0o711 {
					t.Error(st, err)
				}
				f, err := rootfs.OpenIn(root, "new", unix.O_CREAT|unix.O_WRONLY, 0o600)
				if (err == nil) != test.write || err != nil && !errors.Is(err, unix.EROFS) {
					t.Error(err)
				}
				f.Close()
				if err := rootfs.Seal(root); err != nil {
					t.Error(err)
				}
				if _, err := rootfs.OpenIn(root, "newer", unix.O_CREAT|unix.O_WRONLY, 0o600); !errors.Is(err, unix.EROFS) {
					t.Error(err)
				}
				if err := root.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestOverlayOfManyLayersInLongPaths(t *testing.T) {
	y := newYard(t)
	deep := strings.Repeat("a-rather-long-name-of-a-directory/", 10)
	var lower []string
	for i := range 100 {
		name := deep + string(rune('a'+i%26)) + strings.Repeat("x", i/26+1)
		y.write(name+"/f", name)
		lower = append(lower, filepath.Join(y.in, name))
	}
	root, err := rootfs.Overlay{Lower: lower}.Mount()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if body, err := rootfs.ReadIn(root, "f", 1000); err != nil || filepath.Join(y.in, string(body)) != lower[0] {
		t.Error(string(body), err)
	}
}

func TestCopyUp(t *testing.T) {
	y := newYard(t)
	su := file("src/d/su", "program")
	su.Mode, su.Uid, su.Gid = 0o4755, 7, 8
	su.PAXRecords = map[string]string{"SCHILY.xattr.user.color": "red"}
	top := dir("src")
	top.Mode, top.Uid = 0o1777, 9
	_, err := y.extract(rootfs.Extraction{}, top, dir("src/d"), su, hard("src/again", "src/d/su"), link("src/l", y.host),
		file("src/holes", strings.Repeat("\x00", 1<<20)+"end"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(y.in, "src/fifo"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(y.in, "dst"), 0o700); err != nil {
		t.Fatal(err)
	}
	from, to := openDir(t, y.in+"/src"), openDir(t, y.in+"/dst")
	if err := rootfs.CopyUp(from, to); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "d", "d/su", "again", "l", "fifo", "holes"} {
		a, b := y.lstat("src/"+name), y.lstat("dst/"+name)
		if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Mtim != b.Mtim || a.Nlink != b.Nlink || name != "." && a.Size != b.Size {
			t.Errorf("%s:\n%+v\n%+v", name, a, b)
		}
	}
	if st := y.lstat("dst/holes"); st.Blocks*512 > 256<<10 {
		t.Errorf("%+v", st)
	}
	if a, b := y.lstat("dst/d/su"), y.lstat("dst/again"); a.Ino != b.Ino {
		t.Error("the hard link became a copy")
	}
	buf := make([]byte, 16)
	if n, err := unix.Getxattr(y.in+"/dst/d/su", "user.color", buf); err != nil || string(buf[:n]) != "red" {
		t.Error(err)
	}
	if err := rootfs.CopyUp(from, to); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	y.untouched()
}

func openDir(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
