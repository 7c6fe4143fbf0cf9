package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serving starts httpd on a free port over a directory with a few files.
func serving(t *testing.T) (address, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"index.html": "It works!\n", "sub/index.html": "below\n", "big.txt": strings.Repeat("0123456789", 100_000)} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	c := boxed(t, "httpd", "-p", "127.0.0.1:0", "-h", dir)
	pipe, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(pipe)
	t.Cleanup(func() {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		io.Copy(io.Discard, said)
		if err := c.Wait(); err != nil {
			t.Errorf("httpd ended with %v", err)
		}
	})
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line), dir
}

func TestHTTPD(t *testing.T) {
	address, _ := serving(t)
	for _, c := range []struct {
		path, body string
		code       int
	}{
		{"/", "It works!\n", 200},
		{"/index.html?x=1", "It works!\n", 200},
		{"/sub", "below\n", 200}, // after a redirection
		{"/sub/../index.html", "It works!\n", 200},
		{"/big.txt", strings.Repeat("0123456789", 100_000), 200},
		{"/none", "", 404},
		{"/out", "", 404},
		{"/../../../../etc/passwd", "", 404},
		{"/%2e%2e/%2e%2e/etc/passwd", "", 404},
	} {
		r, err := http.Get("http://" + address + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != c.code || c.body != "" && string(body) != c.body {
			t.Errorf("%s: %d, %d bytes, %v; want %d", c.path, r.StatusCode, len(body), err, c.code)
		}
	}
}

func TestHTTPDRefusesWhatItCannotRead(t *testing.T) {
	address, _ := serving(t)
	for request, want := range map[string]string{
		"rubbish\r\n\r\n": "HTTP/1.1 400 ",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx":             "HTTP/1.1 405 ",
		"GET / HTTP/1.0\r\n\r\n":                                    "HTTP/1.1 200 ",
		"GET /" + strings.Repeat("x", 10_000) + " HTTP/1.1\r\n\r\n": "HTTP/1.1 400 ",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Errorf("%.20q: got %q, %v; want %q", request, got, err, want)
		}
		conn.Close()
	}
}

func TestFetch(t *testing.T) {
	address, _ := serving(t)
	out, err := boxed(t, "fetch", address+"/sub").Output()
	if err != nil || string(out) != "below\n" {
		t.Errorf("fetch: %q, %v", out, err)
	}
	out, err = boxed(t, "sh", "-c", "wget -q http://"+address+"/big.txt && wc -c big.txt && wget -qO- http://"+address+"/").Output()
	if err != nil || string(out) != "1000000 big.txt\nIt works!\n" {
		t.Errorf("wget: %q, %v", out, err)
	}
	if _, err := boxed(t, "fetch", address+"/none").Output(); code(t, err) != 1 {
		t.Errorf("a missing page must be a failure")
	}
}

func TestFetchReadsChunks(t *testing.T) {
	var got strings.Builder
	in := bufio.NewReader(strings.NewReader("5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n"))
	if err := body(&got, in, map[string]string{"transfer-encoding": "chunked"}); err != nil || got.String() != "hello!" {
		t.Errorf("%q, %v", got.String(), err)
	}
}

func TestNC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(conn, conn)
	}()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := boxed(t, "nc", host, port)
	c.Stdin = strings.NewReader("echo\n")
	if out, err := c.Output(); err != nil || string(out) != "echo\n" {
		t.Errorf("nc: %q, %v", out, err)
	}
}
