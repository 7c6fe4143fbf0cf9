package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"neap/runtime/fault"
	"neap/runtime/image"
)

func sum(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// shelf is a registry that hands out what it is given, believed or not.
type shelf struct {
	blobs     map[string][]byte
	manifests map[string][]byte
	types     map[string]string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	body, ok := s.blobs[last]
	if strings.Contains(r.URL.Path, "/manifests/") {
		body, ok = s.manifests[last]
		w.Header().Set("Content-Type", s.types[last])
	}
	if !ok && r.URL.Path != "/v2/" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(body)
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

func pullManifest(t *testing.T, s *image.Images, typ, manifest string, blobs ...[]byte) error {
	t.Helper()
	shelf := &shelf{map[string][]byte{}, map[string][]byte{"1": []byte(manifest)}, map[string]string{"1": typ}}
	for _, b := range blobs {
		shelf.blobs[sum(b)] = b
		shelf.manifests[sum(b)] = b
		shelf.types[sum(b)] = indexType
	}
	server := httptest.NewServer(shelf)
	defer server.Close()
	_, err := s.Pull(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/x:1", image.PullOptions{})
	return err
}

func part(b []byte) string { return fmt.Sprintf(`{"digest":%q,"size":%d}`, sum(b), len(b)) }

func configOf(layers ...[]byte) []byte {
	var ids []string
	for _, l := range layers {
		ids = append(ids, `"`+sum(l)+`"`)
	}
	return []byte(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[` + strings.Join(ids, ",") + `]}}`)
}

func manifestOf(config []byte, layers ...[]byte) string {
	var parts []string
	for _, l := range layers {
		parts = append(parts, part(l))
	}
	return `{"schemaVersion":2,"config":` + part(config) + `,"layers":[` + strings.Join(parts, ",") + `]}`
}

func TestManifestCorpus(t *testing.T) {
	layer := packed(t, member{"a", "1"})
	config := configOf(layer)
	good := manifestOf(config, layer)
	nested := []byte(good)
	blobs := [][]byte{layer, config}
	for range 6 {
		blobs = append(blobs, nested)
		nested = []byte(`{"schemaVersion":2,"manifests":[` + part(nested) + `]}`)
	}
	crowd := strings.Repeat(part(layer)+",", 10_000)
	for name, test := range map[string]struct {
		typ, manifest, says string
	}{
		"good":             {manifestType, good, ""},
		"huge":             {manifestType, strings.Repeat(" ", 101<<20), "limit"},
		"large":            {manifestType, good + strings.Repeat(" ", 9<<20), "larger"},
		"10 000 layers":    {manifestType, `{"schemaVersion":2,"config":` + part(config) + `,"layers":[` + crowd[:len(crowd)-1] + `]}`, "limit of 500"},
		"deep index":       {indexType, string(nested), "deeper"},
		"both kinds":       {manifestType, good[:len(good)-1] + `,"manifests":[` + part(layer) + `]}`, "both"},
		"other type":       {indexType, `{"schemaVersion":2,"mediaType":"` + manifestType + `",` + good[len(`{"schemaVersion":2,`):], "sender"},
		"index of image":   {indexType, good, "not one"},
		"array":            {manifestType, "[]", "not one"},
		"text":             {manifestType, "hello", "not one"},
		"empty":            {manifestType, "", "not one"},
		"nothing":          {manifestType, "{}", "neither"},
		"schema 1":         {manifestType, `{"schemaVersion":1,"fsLayers":[{}]}`, "first schema"},
		"no config":        {manifestType, manifestOf([]byte("none"), layer), "no such image"},
		"short layer size": {manifestType, strings.Replace(good, fmt.Sprint(len(layer)), "5", 1), "more than it promised"},
		"bad digest":       {manifestType, strings.Replace(good, sum(layer), "sha256:../../x", 1), "part"},
		"negative size":    {manifestType, strings.Replace(good, fmt.Sprint(len(layer)), "-5", 1), "part"},
		"foreign layer":    {manifestType, strings.Replace(good, `"layers":[{`, `"layers":[{"urls":["http://169.254.169.254/"],`, 1), "elsewhere"},
		"fewer layers":     {manifestType, `{"schemaVersion":2,"config":` + part(config) + `,"layers":[]}`, "layers"},
		"huge config":      {manifestType, `{"schemaVersion":2,"config":{"digest":"` + sum(config) + `","size":99999999},"layers":[]}`, "larger"},
		"wrong diff id":    {manifestType, manifestOf(configOf([]byte("else")), layer), "not sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			s := openAt(t, root, nil)
			start := time.Now()
			err := pullManifest(t, s, test.typ, test.manifest, append(blobs, configOf([]byte("else")))...)
			if took := time.Since(start); took > 5*time.Second {
				t.Error(took)
			}
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want %q", err, test.says)
			}
			if err == nil {
				return
			}
			if _, err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			vacant(t, root)
		})
	}
}

// bomb is a gzip of about 10 MiB that holds 10 GiB.
func bomb(w io.Writer) {
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	defer z.Close()
	a := tar.NewWriter(z)
	const size = 10 << 30
	_ = a.WriteHeader(&tar.Header{Name: "zeros", Size: size, Mode: 0o600})
	zeros := make([]byte, 1<<20)
	for n := 0; n < size; n += len(zeros) {
		if _, err := a.Write(zeros); err != nil {
			return
		}
	}
}

func TestLayerBombs(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	r, w := io.Pipe()
	go func(w *io.PipeWriter) { bomb(w); w.Close() }(w)
	_, err := s.Import(t.Context(), r, image.ImportOptions{})
	r.Close()
	wantKind(t, err, fault.Invalid, "limit")

	small := openAt(t, root, func(o *image.Options) { o.Limits.Entries, o.Limits.Bytes = 100, 1<<20 })
	r, w = io.Pipe()
	go func(w *io.PipeWriter) {
		a := tar.NewWriter(w)
		for i := 0; a.WriteHeader(&tar.Header{Name: fmt.Sprint(i)}) == nil; i++ { //nolint:revive // endless
		}
	}(w)
	_, err = small.Import(t.Context(), r, image.ImportOptions{})
	r.Close()
	wantKind(t, err, fault.Invalid, "limit of 100 entries")

	whole := gzipped(t, packed(t, member{"a", strings.Repeat("x", 5000)}))
	double := append(bytes.Clone(whole), whole...)
	for name, body := range map[string][]byte{"cut": whole[:len(whole)-20], "garbage after": append(bytes.Clone(whole), "garbage"...)} {
		_, err := s.Import(t.Context(), bytes.NewReader(body), image.ImportOptions{})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	vacant(t, root)
	if _, err := s.Import(t.Context(), bytes.NewReader(double), image.ImportOptions{}); err != nil {
		t.Error(err) // members after the end belong to the digest only
	}
}

// A pull that is killed leaves nothing that is listed, and the next one
// succeeds.
func TestKilledPull(t *testing.T) {
	if root := os.Getenv("NEAP_TEST_PULL_ROOT"); root != "" {
		_, err := openAt(t, root, nil).Pull(context.Background(), os.Getenv("NEAP_TEST_PULL_REF"), image.PullOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	host := registry(t)
	var layers [][]byte
	for i := range 4 {
		layers = append(layers, packed(t, member{fmt.Sprintf("dir%d/file", i), strings.Repeat(fmt.Sprint(i), 2<<20)}))
	}
	push(t, host+"/big:1", stack(t, layers...))
	root := t.TempDir()
	s := openAt(t, root, nil)
	for i := range 12 {
		reached, hang := make(chan struct{}, 1), i*700_000
		front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
			if !isBlob(r) {
				return false
			}
			answer := httptest.NewRecorder()
			resp, err := http.Get("http://" + host + r.URL.Path)
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			_, _ = io.Copy(answer, resp.Body)
			body := answer.Body.Bytes()
			_, _ = w.Write(body[:min(hang/(i%3+1), len(body))])
			w.(http.Flusher).Flush()
			select {
			case reached <- struct{}{}:
			default:
			}
			<-r.Context().Done()
			return true
		})
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledPull$")
		cmd.Env = append(os.Environ(), "NEAP_TEST_PULL_ROOT="+root, "NEAP_TEST_PULL_REF="+front+"/big:1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-reached
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
			t.Fatal(all, err)
		}
	}
	img, err := s.Pull(t.Context(), host+"/big:1", image.PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		wantShown(t, s, img, fmt.Sprintf("dir%d/file", i), strings.Repeat(fmt.Sprint(i), 2<<20))
	}
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(t.Context(), img.ID, image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	bare(t, root)
}
