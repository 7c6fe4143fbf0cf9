package image_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/klauspost/compress/zstd"

	"neap/runtime/fault"
	"neap/runtime/image"
)

// saved is an archive as docker save writes it.
func saved(t testing.TB, images map[string]v1.Image) []byte {
	t.Helper()
	refs := map[name.Reference]v1.Image{}
	for ref, img := range images {
		to, err := name.NewTag(ref)
		if err != nil {
			t.Fatal(err)
		}
		refs[to] = img
	}
	var buf bytes.Buffer
	if err := tarball.MultiRefWrite(refs, &buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// oci is an OCI layout in a tar.
func oci(t testing.TB, ref string, img v1.Image) []byte {
	t.Helper()
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(img, layout.WithAnnotations(map[string]string{"io.containerd.image.name": ref})); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func TestLoad(t *testing.T) {
	img := web(t)
	docker := saved(t, map[string]v1.Image{"docker.io/library/web:1": img})
	for name, body := range map[string][]byte{
		"docker": docker, "docker.gz": gzipped(t, docker), "docker.zst": zstandard(t, docker),
		"oci": oci(t, "docker.io/library/web:1", img), "oci.gz": gzipped(t, oci(t, "web:1", img)),
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			s := openAt(t, root, nil)
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			done, err := s.Load(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(done.Names, []string{"web:1"}) || len(done.Images) != 1 || done.Images[0].ID != id(t, img) || done.Moved != nil {
				t.Errorf("%+v", done)
			}
			wantShown(t, s, done.Images[0], "/etc/same", "over")
			again, err := s.Load(t.Context(), bytes.NewReader(body))
			if err != nil || again.Moved != nil {
				t.Error(again, err)
			}
		})
	}
}

// An archive that takes a name from another image says so.
func TestLoadTellsOfMovedNames(t *testing.T) {
	s := open(t, nil)
	box, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	other := stack(t, packed(t, member{"a", "1"}))
	done, err := s.Load(t.Context(), bytes.NewReader(saved(t, map[string]v1.Image{"box:latest": other})))
	if err != nil {
		t.Fatal(err)
	}
	if want := []image.Move{{Name: "box:latest", From: box.ID, To: id(t, other)}}; !slices.Equal(done.Moved, want) {
		t.Errorf("%+v", done.Moved)
	}
	if img, err := s.Get(t.Context(), "box"); err != nil || img.ID != id(t, other) {
		t.Error(img, err)
	}
}

// Layers that images share are kept once and go with the last of them.
func TestSharedLayers(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	base, a, b := packed(t, member{"base", "1"}), packed(t, member{"a", "1"}), packed(t, member{"b", "1"})
	archive := saved(t, map[string]v1.Image{"a:1": stack(t, base, a), "b:1": stack(t, base, b), "twice:1": stack(t, base, b, base)})
	if _, err := s.Load(t.Context(), bytes.NewReader(archive)); err != nil {
		t.Fatal(err)
	}
	twice, err := s.Get(t.Context(), "twice:1")
	if err != nil || len(twice.Layers) != 3 || len(s.Lower(twice)) != 2 {
		t.Fatal(twice, err)
	}
	wantShown(t, s, twice, "b", "1")
	for ref, deleted := range map[string]int{"a:1": 2} {
		if done, err := s.Remove(t.Context(), ref, image.RemoveOptions{}); err != nil || len(done.Deleted) != deleted {
			t.Error(done, err)
		}
	}
	wantShown(t, s, twice, "base", "1")
	for _, ref := range []string{"b:1", "twice:1"} {
		if _, err := s.Remove(t.Context(), ref, image.RemoveOptions{}); err != nil {
			t.Error(err)
		}
	}
	bare(t, root)
}

// What an archive promises and does not hold is refused, and nothing is kept.
func TestLoadLies(t *testing.T) {
	layer := packed(t, member{"a", "1"})
	good := `{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["` + sum(layer) + `"]}}`
	manifest := `[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]`
	for name, members := range map[string][]member{
		"fine":            {{"manifest.json", manifest}, {"c.json", good}, {"l.tar", string(layer)}},
		"other layer":     {{"manifest.json", manifest}, {"c.json", good}, {"l.tar", string(packed(t, member{"b", "1"}))}},
		"no layer":        {{"manifest.json", manifest}, {"c.json", good}},
		"no config":       {{"manifest.json", manifest}, {"l.tar", string(layer)}},
		"cut layer":       {{"manifest.json", manifest}, {"c.json", good}, {"l.tar", string(layer[:600])}},
		"bad name":        {{"manifest.json", `[{"Config":"c.json","RepoTags":["../x"],"Layers":["l.tar"]}]`}, {"c.json", good}, {"l.tar", string(layer)}},
		"bad diff id":     {{"manifest.json", manifest}, {"c.json", `{"os":"linux","rootfs":{"type":"layers","diff_ids":["../../etc"]}}`}, {"l.tar", string(layer)}},
		"link loop":       {{"manifest.json", manifest}, {"c.json", good}, {"l.tar", "->m.tar"}, {"m.tar", "->l.tar"}},
		"hostile layer":   {{"manifest.json", manifest}, {"c.json", lying(t, "../evil")}, {"l.tar", string(packed(t, member{"../evil", "1"}))}},
		"config is array": {{"manifest.json", manifest}, {"c.json", "[]"}, {"l.tar", string(layer)}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			s := openAt(t, root, nil)
			_, err := s.Load(t.Context(), bytes.NewReader(packed(t, members...)))
			if name == "fine" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantKind(t, err, fault.Invalid)
			if _, err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			vacant(t, root)
		})
	}
}

// lying is a configuration whose layer is what it says, and hostile.
func lying(t testing.TB, name string) string {
	return `{"os":"linux","rootfs":{"type":"layers","diff_ids":["` + sum(packed(t, member{name, "1"})) + `"]}}`
}
