package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/runtime/fault"
	"neap/runtime/image"
	"neap/runtime/rootfs"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

type member struct{ name, body string }

// packed packs members: a name that ends in a slash is a directory, a body
// that begins with -> a symbolic link.
func packed(t testing.TB, members ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range members {
		hdr := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.body)), Typeflag: tar.TypeReg, ModTime: time.Unix(1e9, 0)}
		switch target, link := strings.CutPrefix(m.body, "->"); {
		case strings.HasSuffix(m.name, "/"):
			hdr.Typeflag, hdr.Mode = tar.TypeDir, 0o755
		case link:
			hdr.Typeflag, hdr.Linkname, hdr.Size, m.body = tar.TypeSymlink, target, 0, ""
		}
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func box(t testing.TB, page string) *image.Builtin {
	return &image.Builtin{
		Name:   "box:latest",
		Tar:    gzipped(t, packed(t, member{"bin/", ""}, member{"bin/sh", "#!"}, member{"www/index.html", page})),
		Config: image.Config{Env: []string{"PATH=/bin"}, Cmd: []string{"sh"}, ExposedPorts: []string{"80/tcp"}},
	}
}

// open opens images below a new root. change may set options.
func open(t testing.TB, change func(*image.Options)) *image.Images {
	t.Helper()
	return openAt(t, t.TempDir(), change)
}

func openAt(t testing.TB, root string, change func(*image.Options)) *image.Images {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		testenv.Root(t)
	}
	st, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	opt := image.Options{Store: st, Builtin: box(t, "It works!"), Backoff: time.Millisecond}
	if change != nil {
		change(&opt)
	}
	s, err := image.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); st.Close() })
	return s
}

// shows reads a file in the image as a container would see it.
func shows(t testing.TB, s *image.Images, img *image.Image, name string) (string, error) {
	t.Helper()
	root, err := rootfs.Overlay{Lower: s.Lower(img)}.Mount()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	body, err := rootfs.ReadIn(root, name, 4<<20)
	return string(body), err
}

func wantShown(t testing.TB, s *image.Images, img *image.Image, name, want string) {
	t.Helper()
	if got, err := shows(t, s, img, name); err != nil || got != want {
		t.Errorf("%s shows %q, %v; want %q", name, got, err, want)
	}
}

func wantKind(t testing.TB, err error, kind fault.Kind, parts ...string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v (%s), want %s", err, fault.KindOf(err), kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Fatalf("%q does not say %q", err, part)
		}
	}
}

// bare fails the test if the store holds anything but empty directories.
func bare(t testing.TB, root string) {
	t.Helper()
	for _, dir := range []string{"images", "images/tags", "layers"} {
		entries, err := os.ReadDir(filepath.Join(root, "lib", dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "tags" && !strings.HasPrefix(e.Name(), ".lock") {
				t.Errorf("%s/%s is left", dir, e.Name())
			}
		}
	}
}

func TestBuiltin(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	img, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(img.Tags, []string{"box:latest"}) || !slices.Equal(img.Config.Cmd, []string{"sh"}) || len(img.Layers) != 1 {
		t.Errorf("%+v", img)
	}
	wantShown(t, s, img, "/www/index.html", "It works!")
	again, err := s.Get(t.Context(), img.Short())
	if err != nil || again.ID != img.ID {
		t.Error(again, err)
	}
	newer := openAt(t, root, func(o *image.Options) { o.Builtin = box(t, "It works better!") })
	other, err := newer.Get(t.Context(), "docker.io/library/box")
	if err != nil || other.ID == img.ID {
		t.Fatal(other, err)
	}
	wantShown(t, newer, other, "/www/index.html", "It works better!")
	for _, id := range []string{img.ID, "box"} {
		if _, err := newer.Remove(t.Context(), id, image.RemoveOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	bare(t, root)
	if img, err := newer.Get(t.Context(), "box"); err != nil || img.ID != other.ID {
		t.Fatal(img, err)
	}
}

func TestImport(t *testing.T) {
	s := open(t, nil)
	rootfs := packed(t, member{"./", ""}, member{"etc/os", "ours"}, member{"lib", "->usr/lib"}, member{"usr/lib/a", "a"})
	img, err := s.Import(t.Context(), bytes.NewReader(gzipped(t, rootfs)), image.ImportOptions{
		Tag: "mine:1", Message: "by hand",
		Changes: []string{
			`CMD ["a", "b"]`, "ENTRYPOINT run it", `ENV A=1 B="2 3" C='x'`, "env D old form", "EXPOSE 80 53/udp 8000-8001",
			"WORKDIR /srv", "WORKDIR www", "VOLUME /data", `VOLUME ["/more"]`, "LABEL a=b", "STOPSIGNAL SIGQUIT", "USER 7:8",
			"HEALTHCHECK --interval=5s --retries=2 CMD curl localhost",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := img.Config
	for what, ok := range map[string]bool{
		"cmd":   slices.Equal(c.Cmd, []string{"a", "b"}),
		"entry": slices.Equal(c.Entrypoint, []string{"/bin/sh", "-c", "run it"}),
		"env":   slices.Equal(c.Env, []string{"A=1", "B=2 3", "C=x", "D=old form"}),
		"ports": slices.Equal(c.ExposedPorts, []string{"53/udp", "80/tcp", "8000/tcp", "8001/tcp"}),
		"dir":   c.Workdir == "/srv/www", "volumes": slices.Equal(c.Volumes, []string{"/data", "/more"}),
		"label": c.Labels["a"] == "b", "stop": c.StopSignal == "SIGQUIT", "user": c.User == "7:8",
		"health": c.Healthcheck != nil && c.Healthcheck.Interval == 5*time.Second && c.Healthcheck.Retries == 2,
		"says":   img.History[0].Comment == "by hand",
	} {
		if !ok {
			t.Errorf("%s: %+v", what, img)
		}
	}
	wantShown(t, s, img, "lib/a", "a")
	for _, bad := range []string{"FROM x", "CMD", "EXPOSE 99999", "VOLUME x", `ENV A="x`, "HEALTHCHECK --x=1 CMD y"} {
		_, err := s.Import(t.Context(), nil, image.ImportOptions{Changes: []string{bad}})
		wantKind(t, err, fault.Invalid)
	}
	_, err = s.Import(t.Context(), strings.NewReader("not a tar at all, but long enough to be looked at"), image.ImportOptions{})
	wantKind(t, err, fault.Invalid)
}

func TestFind(t *testing.T) {
	s := open(t, nil)
	a, err := s.Import(t.Context(), bytes.NewReader(packed(t, member{"a", "a"})), image.ImportOptions{Tag: "web:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tag(t.Context(), a, "localhost:5000/x/web:prod"); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"web:1", "docker.io/library/web:1", "localhost:5000/x/web:prod", a.ID, a.ID[7:], a.ID[7:12], a.ID[:20]} {
		if img, err := s.Find(t.Context(), ref); err != nil || img == nil || img.ID != a.ID {
			t.Errorf("%s: %v %v", ref, img, err)
		}
	}
	if img, err := s.Find(t.Context(), "web:2"); img != nil || err != nil {
		t.Error(img, err)
	}
	_, err = s.Get(t.Context(), "wbe:1")
	wantKind(t, err, fault.NotFound, "no image has this name")
	_, err = s.Find(t.Context(), "Web")
	wantKind(t, err, fault.Invalid, "small letters")
	if move, err := s.Tag(t.Context(), a, "web:1"); err != nil || move != (image.Move{}) {
		t.Error(move, err)
	}
	b, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	if move, err := s.Tag(t.Context(), b, "web:1"); err != nil || move.From != a.ID || move.To != b.ID {
		t.Error(move, err)
	}
	if err := s.Untag(t.Context(), "web:1"); err != nil {
		t.Error(err)
	}
	wantKind(t, s.Untag(t.Context(), "web:1"), fault.NotFound)
}

func TestNormalize(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for ref, want := range map[string]string{
		"httpd": "httpd:latest", "docker.io/library/httpd:2.4": "httpd:2.4", "index.docker.io/httpd": "httpd:latest",
		"foo/bar": "foo/bar:latest", "docker.io/foo/bar:x": "foo/bar:x", "localhost/x": "localhost/x:latest",
		"localhost:5000/a/b": "localhost:5000/a/b:latest", "[::1]:5000/a": "[::1]:5000/a:latest",
		"httpd:2@" + digest: "httpd@" + digest, "ghcr.io/a/b@" + digest: "ghcr.io/a/b@" + digest,
	} {
		if got, err := image.Normalize(ref); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", ref, got, err, want)
		}
	}
	for _, bad := range []string{
		"", ":", "a:", "/a", "a//b", "a/", "A", "a b", "../a", "a/../b", "a:b c", "a@sha256:12", "-a", "a@", "ex ample.com/a",
		strings.Repeat("a", 64), strings.Repeat("a", 300), "a:" + strings.Repeat("t", 129), "a\nb", "a\x00", "a=b", "a+b",
	} {
		_, err := image.Normalize(bad)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRemove(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	img, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"box:two", "other:1"} {
		if _, err := s.Tag(t.Context(), img, name); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Remove(t.Context(), img.Short(), image.RemoveOptions{})
	wantKind(t, err, fault.Conflict, "several repositories")
	got, err := s.Remove(t.Context(), "other:1", image.RemoveOptions{UsedBy: func(string) []image.Use { return []image.Use{{Container: "c"}} }})
	if err != nil || !slices.Equal(got.Untagged, []string{"other:1"}) || got.Deleted != nil {
		t.Fatal(got, err)
	}
	used := func(running bool) func(string) []image.Use {
		return func(id string) []image.Use { return []image.Use{{Container: "web", Running: running}} }
	}
	_, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{UsedBy: used(false)})
	wantKind(t, err, fault.Busy, "web")
	_, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{UsedBy: used(true), Force: true})
	wantKind(t, err, fault.Busy, "running container web")
	got, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{UsedBy: used(false), Force: true})
	if err != nil || len(got.Untagged) != 2 || got.Deleted != nil {
		t.Fatal(got, err)
	}
	release, err := s.Hold(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{})
	wantKind(t, err, fault.Busy, "being made")
	if err := release(); err != nil {
		t.Fatal(err)
	}
	got, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{})
	if err != nil || len(got.Deleted) != 2 || got.Deleted[0] != img.ID {
		t.Fatal(got, err)
	}
	_, err = s.Hold(t.Context(), img)
	wantKind(t, err, fault.NotFound)
	_, err = s.Remove(t.Context(), img.ID, image.RemoveOptions{})
	wantKind(t, err, fault.NotFound)
	bare(t, root)
}

func TestDamage(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	good, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := s.Import(t.Context(), bytes.NewReader(packed(t, member{"a", "a"})), image.ImportOptions{Tag: "bad"})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(root, "lib/images", bad.ID[7:], "config.json")
	if err := os.WriteFile(config, []byte("\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := s.List(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	_, err = s.Get(t.Context(), "bad")
	wantKind(t, err, fault.Damaged)
	if img, err := s.Get(t.Context(), "box"); err != nil || img.ID != good.ID {
		t.Fatal(err)
	}
	if _, err := s.Remove(t.Context(), "bad", image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	if freed, err := s.Sweep(t.Context()); err != nil || len(freed) != 1 {
		t.Fatal(freed, err)
	}
	if _, err := s.Get(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
}
