package image_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"neap/runtime/fault"
	"neap/runtime/image"
)

// proxy stands before a registry. It answers itself what meddle says it did.
func proxy(t testing.TB, host string, meddle func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !meddle(w, r) {
			behind.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func isBlob(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/")
}

// cut breaks the connection after n bytes of the answer.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if c.left < len(p) {
		_, _ = c.ResponseWriter.Write(p[:c.left])
		if f, ok := c.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// trouble is what goes wrong on the way to the n-th blob.
type trouble struct {
	meddle func(n int64, w http.ResponseWriter, r *http.Request) bool
	kind   fault.Kind // "" if the pull succeeds, "*" if any will do
	says   string
}

func troubles(behind http.Handler) map[string]trouble {
	return map[string]trouble{
		"cut twice": {func(n int64, w http.ResponseWriter, r *http.Request) bool {
			if n > 4 {
				return false
			}
			behind.ServeHTTP(&cut{w, 100_000}, r)
			return true
		}, "", ""},
		"always cut": {func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			behind.ServeHTTP(&cut{w, 1000}, r)
			return true
		}, fault.Failed, "bytes"},
		"too many requests": {func(n int64, w http.ResponseWriter, r *http.Request) bool {
			if n > 3 {
				return false
			}
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}, "", ""},
		"for ever 503": {func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}, fault.Failed, "503"},
		"for ever 401": {func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}, fault.Denied, ""},
		"wrong bytes": {func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			answer := httptest.NewRecorder()
			behind.ServeHTTP(answer, r)
			body := answer.Body.Bytes()
			for i := range body {
				if i%2 == 1 {
					body[i] ^= 0xff
				}
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			_, _ = w.Write(body)
			return true
		}, "*", ""},
		"endless": {func(_ int64, w http.ResponseWriter, r *http.Request) bool {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil || r.Context().Err() != nil {
					return true
				}
			}
		}, fault.Invalid, "more than it promised"},
	}
}

func TestFaultyRegistry(t *testing.T) {
	host := registry(t)
	big, err := random.Image(3<<20, 2)
	if err != nil {
		t.Fatal(err)
	}
	push(t, host+"/big:1", big)
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: host})
	for name, test := range troubles(behind) {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
				return isBlob(r) && test.meddle(n.Add(1), w, r)
			})
			root := t.TempDir()
			s := openAt(t, root, nil)
			_, err := s.Pull(t.Context(), front+"/big:1", image.PullOptions{})
			switch {
			case test.kind == "" && err != nil:
				t.Fatal(err)
			case test.kind == "":
				return
			case test.kind == "*" && err == nil:
				t.Fatal("it was taken")
			case test.kind != "*":
				wantKind(t, err, test.kind, test.says)
			}
			if _, err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			vacant(t, root)
		})
	}
}

// vacant fails the test if images or layers are left.
func vacant(t testing.TB, root string) {
	t.Helper()
	s := openAt(t, root, nil)
	if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	if freed, err := s.Sweep(t.Context()); err != nil || len(freed) != 0 {
		t.Error(freed, err)
	}
}

// A redirect elsewhere gets no credentials.
func TestRedirectGetsNoCredentials(t *testing.T) {
	host := registry(t)
	push(t, host+"/web:1", web(t))
	var leaked atomic.Bool
	other := proxy(t, host, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			leaked.Store(true)
		}
		return false
	})
	front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		case isBlob(r):
			http.Redirect(w, r, "http://localhost:"+other[strings.LastIndexByte(other, ':')+1:]+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		return false
	})
	s := open(t, func(o *image.Options) { o.Docker = login(t, front) })
	if _, err := s.Pull(t.Context(), front+"/web:1", image.PullOptions{}); err != nil {
		t.Fatal(err)
	}
	if leaked.Load() {
		t.Fatal("the other host got the credentials")
	}
}

// A token service without encryption elsewhere is not given them either.
func TestForeignTokenService(t *testing.T) {
	host := registry(t)
	var asked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Header.Get("Authorization") != "")
		fmt.Fprint(w, `{"token":"x"}`)
	}))
	defer other.Close()
	front := proxy(t, host, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="x"`, other.URL))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	s := open(t, func(o *image.Options) { o.Docker = login(t, front) })
	_, err := s.Pull(t.Context(), front+"/web:1", image.PullOptions{})
	if err == nil || asked.Load() {
		t.Fatal("the token service got the credentials")
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "https://")
	_, err := open(t, nil).Pull(t.Context(), host+"/web:1", image.PullOptions{})
	if err == nil || !strings.Contains(err.Error(), "certificate") && !strings.Contains(err.Error(), "HTTP") {
		t.Fatal(err)
	}
}

func TestPlainTextElsewhere(t *testing.T) {
	_, err := open(t, nil).Pull(t.Context(), "192.168.255.254:5000/web:1", image.PullOptions{})
	if err == nil {
		t.Fatal("pulled")
	}
	if !strings.Contains(err.Error(), "without encryption") {
		t.Log(err) // https was asked first and its failure told
	}
}

func TestPullCanceled(t *testing.T) {
	host := registry(t)
	push(t, host+"/web:1", web(t))
	ctx, cancel := context.WithCancel(t.Context())
	front := proxy(t, host, func(_ http.ResponseWriter, r *http.Request) bool {
		if isBlob(r) {
			cancel()
			<-r.Context().Done()
			return true
		}
		return false
	})
	root := t.TempDir()
	start := time.Now()
	_, err := openAt(t, root, nil).Pull(ctx, front+"/web:1", image.PullOptions{})
	wantKind(t, err, fault.Canceled)
	if took := time.Since(start); took > 2*time.Second {
		t.Error(took)
	}
	vacant(t, root)
}

func TestLoadGarbage(t *testing.T) {
	root := t.TempDir()
	s := openAt(t, root, nil)
	for _, body := range []io.Reader{
		strings.NewReader(""), strings.NewReader("x"), bytes.NewReader(make([]byte, 4096)),
		bytes.NewReader(packed(t, member{"a", "b"})),
		bytes.NewReader(packed(t, member{"manifest.json", "[]"})),
		bytes.NewReader(packed(t, member{"manifest.json", `{"a":1}`})),
		bytes.NewReader(packed(t, member{"manifest.json", `[{"Config":"../../etc/passwd","Layers":[]}]`})),
		bytes.NewReader(packed(t, member{"manifest.json", `[{"Config":"c","Layers":["l"]}]`}, member{"c", `{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`})),
		bytes.NewReader(packed(t, member{"manifest.json", "->manifest.json"})),
		bytes.NewReader(packed(t, member{"index.json", `{"manifests":[{"digest":"sha256:x"}]}`})),
		bytes.NewReader(gzipped(t, packed(t, member{"a", "b"}))[:40]),
	} {
		_, err := s.Load(t.Context(), body)
		wantKind(t, err, fault.Invalid)
	}
	vacant(t, root)
}
