package image_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"neap/runtime/fault"
	"neap/runtime/image"
)

// registry starts Docker's own registry and gives its host:port.
func registry(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("no docker-registry here")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n", dir, host)
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	until(t, func() bool {
		resp, err := http.Get("http://" + host + "/v2/")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return host
}

func until(t testing.TB, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		if done() {
			return
		}
	}
	t.Fatal("it did not come to pass in 20 s")
}

func layer(t testing.TB, tar []byte) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(tar)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// stack is an image for this machine of layers, lowest first.
func stack(t testing.TB, layers ...[]byte) v1.Image {
	t.Helper()
	img := empty.Image
	var all []v1.Layer
	for _, l := range layers {
		all = append(all, layer(t, l))
	}
	img, err := mutate.AppendLayers(img, all...)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config.Cmd = []string{"/bin/app"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

func push(t testing.TB, ref string, img v1.Image) {
	t.Helper()
	to, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, img); err != nil {
		t.Fatal(err)
	}
}

func id(t testing.TB, img v1.Image) string {
	t.Helper()
	hash, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

func web(t testing.TB) v1.Image {
	return stack(t,
		packed(t, member{"etc/", ""}, member{"etc/old", "old"}, member{"etc/same", "base"}, member{"var/a", "a"}, member{"var/b", "b"}),
		packed(t, member{"etc/.wh.old", ""}, member{"etc/same", "over"}, member{"var/.wh..wh..opq", ""}, member{"var/c", "c"}),
	)
}

func TestPull(t *testing.T) {
	host := registry(t)
	root := t.TempDir()
	s := openAt(t, root, nil)
	ref := host + "/team/web:1"
	pushed := web(t)
	push(t, ref, pushed)
	var mu sync.Mutex
	var seen []image.Status
	img, err := s.Pull(t.Context(), ref, image.PullOptions{Progress: func(e image.Event) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e.Status)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if img.ID != id(t, pushed) || !slices.Equal(img.Tags, []string{ref}) || !slices.Equal(img.Config.Cmd, []string{"/bin/app"}) {
		t.Errorf("%+v", img)
	}
	for _, status := range []image.Status{image.Pulling, image.Complete, image.Downloaded} {
		if !slices.Contains(seen, status) {
			t.Errorf("no event says %s: %v", status, seen)
		}
	}
	wantShown(t, s, img, "/etc/same", "over")
	wantShown(t, s, img, "/var/c", "c")
	for _, gone := range []string{"/etc/old", "/var/a"} {
		if _, err := shows(t, s, img, gone); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", gone, err)
		}
	}
	digest, err := pushed.Digest()
	if err != nil {
		t.Fatal(err)
	}
	pinned := host + "/team/web@" + digest.String()
	if img, err := s.Pull(t.Context(), pinned, image.PullOptions{}); err != nil || !slices.Equal(img.Digests, []string{pinned}) {
		t.Error(img, err)
	}
	if img, err := s.Get(t.Context(), pinned); err != nil || img.ID != id(t, pushed) {
		t.Error(img, err)
	}
	if done, err := s.Remove(t.Context(), ref, image.RemoveOptions{}); err != nil || len(done.Deleted) != 3 || len(done.Untagged) != 2 {
		t.Error(done, err)
	}
	bare(t, root)
}

func TestPullRefusals(t *testing.T) {
	host := registry(t)
	root := t.TempDir()
	s := openAt(t, root, nil)
	_, err := s.Pull(t.Context(), host+"/none:1", image.PullOptions{})
	wantKind(t, err, fault.NotFound, "no such image")
	push(t, host+"/web:1", web(t))
	_, err = s.Pull(t.Context(), host+"/web:1", image.PullOptions{Platform: "linux/arm64"})
	wantKind(t, err, fault.NotFound, "linux/arm64")
	_, err = s.Pull(t.Context(), "127.0.0.1:1/web:1", image.PullOptions{})
	wantKind(t, err, fault.Failed, "refused")
	bare(t, root)
}

// A platform is chosen from an index, and one that is not there says what is.
func TestPullIndex(t *testing.T) {
	host := registry(t)
	s := open(t, nil)
	index := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"s390x", "amd64", "arm64"} {
		img := stack(t, packed(t, member{"arch", arch}))
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	ref, err := name.ParseReference(host + "/many")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	img, err := s.Pull(t.Context(), host+"/many", image.PullOptions{Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	wantShown(t, s, img, "arch", "amd64")
	_, err = s.Pull(t.Context(), host+"/many", image.PullOptions{Platform: "linux/mips"})
	wantKind(t, err, fault.NotFound, "linux/mips")
}

func TestPullsAtOnceShareWork(t *testing.T) {
	host := registry(t)
	root := t.TempDir()
	big, err := random.Image(1<<20, 5)
	if err != nil {
		t.Fatal(err)
	}
	ref := host + "/big:1"
	push(t, ref, big)
	var blobs sync.Map
	var group sync.WaitGroup
	front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			n, _ := blobs.LoadOrStore(r.URL.Path, new(int))
			*n.(*int)++
		}
		return false
	})
	var all []*image.Images
	for range 6 {
		all = append(all, openAt(t, root, nil))
	}
	errs := make(chan error, len(all))
	for _, s := range all {
		group.Go(func() {
			_, err := s.Pull(context.Background(), front+"/big:1", image.PullOptions{})
			errs <- err
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	layers, err := big.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		hash, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := blobs.Load("/v2/big/blobs/" + hash.String()); !ok || *n.(*int) != 1 {
			t.Errorf("layer %s was fetched more than once", hash)
		}
	}
	if _, err := all[0].Get(t.Context(), front+"/big:1"); err != nil {
		t.Error(err)
	}
	if freed, err := all[0].Sweep(t.Context()); err != nil || len(freed) != 0 {
		t.Error(freed, err)
	}
}

func TestPullWithCredentials(t *testing.T) {
	host := registry(t)
	push(t, host+"/web:1", web(t))
	secret := base64.StdEncoding.EncodeToString([]byte("me:open sesame"))
	front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Basic "+secret {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err := open(t, nil).Pull(t.Context(), front+"/web:1", image.PullOptions{})
	wantKind(t, err, fault.Denied)
	if _, err := open(t, func(o *image.Options) { o.Docker = login(t, front) }).Pull(t.Context(), front+"/web:1", image.PullOptions{}); err != nil {
		t.Fatal(err)
	}
}

// login is a config.json with credentials for host.
func login(t testing.TB, host string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.json")
	secret := base64.StdEncoding.EncodeToString([]byte("me:open sesame"))
	if err := os.WriteFile(file, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
