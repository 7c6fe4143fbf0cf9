package image_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"neap/runtime/fault"
	"neap/runtime/image"
)

// A layer in every way that tars are written, to be packed again to the byte.
func odd(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		dir := format.String() + "/"
		for _, hdr := range []*tar.Header{
			{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755, Format: format},
			{Name: dir + "file", Typeflag: tar.TypeReg, Mode: 0o4711, Size: 700, Format: format, Uid: 3},
			{Name: dir + "empty", Typeflag: tar.TypeReg, Format: format},
			{Name: dir + "link", Typeflag: tar.TypeSymlink, Linkname: "file", Format: format},
			{Name: dir + "hard", Typeflag: tar.TypeLink, Linkname: dir + "file", Format: format},
			{Name: dir + ".wh.gone", Typeflag: tar.TypeReg, Format: format},
		} {
			if err := w.WriteHeader(hdr); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(bytes.Repeat([]byte("x"), int(hdr.Size))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(buf.Bytes(), make([]byte, 8000)...)
}

func TestSave(t *testing.T) {
	s := open(t, nil)
	img, err := s.Import(t.Context(), bytes.NewReader(gzipped(t, odd(t))), image.ImportOptions{Tag: "odd:1"})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.Save(t.Context(), []string{"odd:1", "box", img.ID}, &buf); err != nil {
		t.Fatal(err)
	}
	other := open(t, nil)
	done, err := other.Load(t.Context(), bytes.NewReader(buf.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(done.Names, []string{"odd:1", "box:latest"}) || len(done.Images) != 2 || done.Images[0].ID != img.ID {
		t.Errorf("%+v", done)
	}
	file := filepath.Join(t.TempDir(), "saved.tar")
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("odd:1")
	if err != nil {
		t.Fatal(err)
	}
	if read, err := tarball.ImageFromPath(file, &tag); err != nil || id(t, read) != img.ID {
		t.Error(read, err)
	}
	_, err = other.Get(t.Context(), "nope")
	wantKind(t, err, fault.NotFound)
	wantKind(t, s.Save(t.Context(), []string{"nope"}, &buf), fault.NotFound)
}

func TestSaveNoticesDamage(t *testing.T) {
	s := open(t, nil)
	img, err := s.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Lower(img)[0], "bin/sh"), []byte("##"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.Save(t.Context(), []string{"box"}, &bytes.Buffer{}), fault.Damaged)
}

func TestPush(t *testing.T) {
	host := registry(t)
	s := open(t, nil)
	img, err := s.Import(t.Context(), bytes.NewReader(odd(t)), image.ImportOptions{Tag: host + "/team/odd:1"})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := s.Push(t.Context(), host+"/team/odd:1", image.PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(host + "/team/odd@" + digest)
	if err != nil {
		t.Fatal(err)
	}
	there, err := remote.Image(ref)
	if err != nil || id(t, there) != img.ID {
		t.Fatal(there, err)
	}
	pulled, err := open(t, nil).Pull(t.Context(), host+"/team/odd:1", image.PullOptions{})
	if err != nil || pulled.ID != img.ID {
		t.Fatal(pulled, err)
	}
	if img, err := s.Get(t.Context(), img.ID); err != nil || !slices.Equal(img.Digests, []string{host + "/team/odd@" + digest}) {
		t.Error(img, err)
	}
	again, err := s.Push(t.Context(), host+"/team/odd:1", image.PushOptions{})
	if err != nil || again != digest {
		t.Error(again, err)
	}
}
