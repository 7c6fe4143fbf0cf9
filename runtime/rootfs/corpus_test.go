package rootfs_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
)

// The hostile archives of the advisories: nothing leaves the directory, and
// what cannot be meant well is refused.
func TestHostileArchives(t *testing.T) {
	long := strings.Repeat("x", 256)
	tests := map[string]struct {
		entries []entry
		want    string // part of the refusal; "" if it is unpacked inside
	}{
		"dots first":             {[]entry{file("../host/canary", "dead")}, `".."`},
		"dots inside":            {[]entry{file("a/../../host/canary", "dead")}, `".."`},
		"dots after slash":       {[]entry{file("/../host/canary", "dead")}, `".."`},
		"dots at the end":        {[]entry{dir("a/..")}, `".."`},
		"backslashes":            {[]entry{file(`..\..\host\canary`, "dead")}, ""},
		"long part":              {[]entry{file(long, "")}, "longer than 255"},
		"long name":              {[]entry{file(strings.Repeat("x/", 4000)+"y", "")}, "no file can have this name"},
		"deep":                   {[]entry{file(strings.Repeat("x/", 300)+"y", "")}, "deeper than the limit"},
		"link then file":         {[]entry{link("x", "../host"), file("x/canary", "dead")}, "*"},
		"absolute link, file":    {[]entry{link("x", "HOST"), file("x/canary", "dead")}, "*"},
		"link then dir mode":     {[]entry{link("x", "HOST"), {tar.Header{Name: "x", Typeflag: tar.TypeDir, Mode: 0o777}, ""}}, ""},
		"link then file mode":    {[]entry{link("x", "HOST/canary"), {tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o777}, "dead"}}, ""},
		"link chain":             {[]entry{link("a", "b"), link("b", "../host"), file("a/canary", "dead")}, "*"},
		"link to itself":         {[]entry{link("a", "a"), file("a/b", "dead")}, "*"},
		"link to root":           {[]entry{link("a", "/"), file("a/b", "dead")}, "*"},
		"empty link":             {[]entry{link("a", "")}, "target"},
		"dir replaced by link":   {[]entry{dir("a"), link("a", "HOST"), file("a/canary", "dead")}, "*"},
		"hard link to host":      {[]entry{hard("a", "../host/canary")}, `".."`},
		"hard link absolute":     {[]entry{hard("a", "HOST/canary")}, "has not"},
		"hard link through link": {[]entry{link("x", "../host"), hard("a", "x/canary")}, "*"},
		"hard link to link":      {[]entry{link("x", "HOST/canary"), hard("a", "x"), file("a", "dead")}, ""},
		"hard link to directory": {[]entry{dir("d"), hard("a", "d")}, "needs a file"},
		"hard link to root":      {[]entry{hard("a", "/")}, "needs a file"},
		"hard link to itself":    {[]entry{file("a", "x"), hard("a", "a")}, ""},
		"hard link to nothing":   {[]entry{hard("a", "b")}, "has not"},
		"root is a link":         {[]entry{link("./", "HOST")}, "root"},
		"root is a file":         {[]entry{{tar.Header{Name: ".", Typeflag: tar.TypeReg}, "x"}}, "root"},
		"owner -1":               {[]entry{{tar.Header{Name: "a", Typeflag: tar.TypeReg, Uid: 1<<32 - 1}, ""}}, "is no user"},
		"huge owner":             {[]entry{{tar.Header{Name: "a", Typeflag: tar.TypeReg, Gid: 1 << 40}, ""}}, "is no user"},
		"file under file":        {[]entry{file("a", ""), file("a/b", "")}, "no directory"},
		"whiteout of nothing":    {[]entry{file(".wh.", "")}, "needs a name"},
		"whiteout of dot":        {[]entry{file("a/.wh..", "")}, "needs a name"},
		"whiteout of dots":       {[]entry{file("a/.wh...", "")}, "needs a name"},
		"opaque through link":    {[]entry{link("x", "HOST"), file("x/.wh..wh..opq", "")}, "*"},
		"whiteout through link":  {[]entry{link("x", "../host"), file("x/.wh.canary", "")}, "*"},
		"whiteout hides aufs":    {[]entry{file(".wh..wh.plnk", ""), file(".wh..wh.aufs", "")}, ""},
	}
	for name, test := range tests {
		for mode, opt := range map[string]rootfs.Extraction{
			"layer":  {Limits: rootfs.Sane(), Whiteouts: true, Through: true},
			"strict": {Limits: rootfs.Sane(), Whiteouts: true},
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				y := newYard(t)
				entries := append([]entry(nil), test.entries...)
				for i := range entries {
					entries[i].Linkname = strings.Replace(entries[i].Linkname, "HOST", y.host, 1)
				}
				_, err := y.extract(opt, entries...)
				y.untouched()
				if test.want == "*" { // refused or contained
					return
				}
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %v, want %q", err, test.want)
				}
				if err != nil && !fault.Is(err, fault.Invalid) {
					t.Fatalf("kind %s", fault.KindOf(err))
				}
			})
		}
	}
}

func TestStrictRefusesLinksOnTheWay(t *testing.T) {
	y := newYard(t)
	_, err := y.extract(rootfs.Extraction{}, dir("d"), link("x", "d"), file("x/f", "in"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "symbolic link") {
		t.Fatal(err)
	}
}

func TestLayersFollowTheirOwnLinks(t *testing.T) {
	y := newYard(t)
	if _, err := y.extract(rootfs.Extraction{Through: true}, dir("usr/lib"), link("lib", "/usr/lib"), file("lib/f", "in")); err != nil {
		t.Fatal(err)
	}
	if st := y.lstat("usr/lib/f"); st.Size != 2 {
		t.Fatal(st.Size)
	}
}

func TestLimits(t *testing.T) {
	big := entry{tar.Header{Name: "big", Typeflag: tar.TypeReg}, strings.Repeat("x", 1000)}
	tests := map[string]struct {
		limits rootfs.Limits
		want   string
	}{
		"bytes":   {rootfs.Limits{Bytes: 999}, "999 bytes"},
		"entries": {rootfs.Limits{Entries: 1}, "1 entries"},
		"depth":   {rootfs.Limits{Depth: 2}, "2 directories"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			y := newYard(t)
			_, err := y.extract(rootfs.Extraction{Limits: test.limits}, big, file("a/b/c", "x"))
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), test.want) {
				t.Fatal(err)
			}
		})
	}
}

func TestKeepsWhatFilesAre(t *testing.T) {
	y := newYard(t)
	when := time.Unix(1_234_567_890, 123_456_789)
	su := entry{tar.Header{
		Name: "d/su", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 12, Gid: 34, ModTime: when, Format: tar.FormatPAX,
		PAXRecords: map[string]string{
			"SCHILY.xattr.user.color":               "red",
			"SCHILY.xattr.security.capability":      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
			"SCHILY.xattr.trusted.overlay.redirect": "/etc",
			"SCHILY.xattr.user.overlay.opaque":      "y",
			"SCHILY.xattr.security.selinux":         "x",
		},
	}, "program"}
	parent := dir("d/")
	parent.Mode, parent.ModTime, parent.Format = 0o1700, when, tar.FormatPAX
	null := entry{tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3}, ""}
	fifo := entry{tar.Header{Name: "fifo", Typeflag: tar.TypeFifo, Mode: 0o622}, ""}
	zeros := file("zeros", strings.Repeat("\x00", 300<<10)+"end")
	tally, err := y.extract(rootfs.Extraction{}, parent, su, hard("again", "d/su"), null, fifo, zeros)
	if err != nil {
		t.Fatal(err)
	}
	if tally.Entries != 6 {
		t.Error(tally)
	}
	st := y.lstat("d/su")
	if st.Mode&0o7777 != 0o4755 || st.Uid != 12 || st.Gid != 34 || st.Nlink != 2 || st.Mtim.Nano() != when.UnixNano() {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("d"); st.Mode&0o7777 != 0o1700 || st.Mtim.Nano() != when.UnixNano() {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("null"); st.Mode != unix.S_IFCHR|0o666 || st.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("fifo"); st.Mode != unix.S_IFIFO|0o622 {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("zeros"); st.Size != 300<<10+3 || st.Blocks*512 > 200<<10 {
		t.Errorf("%+v", st)
	}
	names := make([]byte, 1024)
	n, err := unix.Listxattr(filepath.Join(y.in, "d/su"), names)
	if got := string(names[:n]); err != nil || strings.Contains(got, "overlay") || strings.Contains(got, "selinux") ||
		!strings.Contains(got, "user.color") || !strings.Contains(got, "security.capability") {
		t.Errorf("%q %v", got, err)
	}
}

func TestWhiteouts(t *testing.T) {
	y := newYard(t)
	_, err := y.extract(rootfs.Extraction{Whiteouts: true},
		file("d/.wh.gone", ""), file("o/.wh..wh..opq", ""), file("o/new", ""),
		file(".wh.again", ""), dir("again"), file("again/new", ""),
		file(".wh.deep", ""), file("deep/er/file", ""),
		file("kept", "k"), file(".wh.kept", ""), file("full/f", ""), file(".wh.full", ""))
	if err != nil {
		t.Fatal(err)
	}
	if st := y.lstat("d/gone"); st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != 0 {
		t.Errorf("%+v", st)
	}
	if st := y.lstat("kept"); st.Mode&unix.S_IFMT != unix.S_IFREG {
		t.Errorf("%+v", st)
	}
	for _, d := range []string{"o", "again", "deep", "full"} {
		buf := make([]byte, 8)
		n, err := unix.Getxattr(filepath.Join(y.in, d), "trusted.overlay.opaque", buf)
		if err != nil || string(buf[:n]) != "y" {
			t.Errorf("%s is not opaque: %v", d, err)
		}
	}
}

func TestCutShort(t *testing.T) {
	y := newYard(t)
	whole := pack(t, file("a", strings.Repeat("x", 5000)))
	d, err := os.Open(y.in)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	whole.Truncate(2000)
	if _, err := rootfs.Extract(t.Context(), whole, d, rootfs.Extraction{}); !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
}
