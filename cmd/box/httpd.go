package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A site is one running httpd: plain HTTP/1.1, GET and HEAD, files below one directory. It is written here because net/http would nearly double
// the size of the program and bring a TLS that the image has no certificates for.
type site struct {
	root *os.Root
	say  func(format string, args ...any)
	busy sync.WaitGroup
}

// documents is where httpd looks without -h: where the well-known image of that name keeps its pages.
const documents = "/usr/local/apache2/htdocs"

func httpd(c *call) error {
	f, rest, err := c.options("p:h:f")
	if err != nil || len(rest) > 0 {
		return errors.Join(err, c.usage("[-p [ADDRESS:]PORT] [-h DIRECTORY] [-f]"))
	}
	root, err := os.OpenRoot(f.or('h', documents))
	if err != nil {
		return err
	}
	defer root.Close()
	at := f.or('p', "80")
	if !strings.Contains(at, ":") {
		at = ":" + at
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	s := &site{root: root, say: c.speaker()}
	s.say("httpd: serving %s on %s\n", root.Name(), listener.Addr())
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		c.signals.on(sig, func() { listener.Close() })
	}
	return s.serve(listener)
}

// speaker gives a function that writes to standard output at once and from any goroutine.
func (c *call) speaker() func(string, ...any) {
	var mu sync.Mutex
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(c.out, format, args...)
		c.out.Flush()
	}
}

// serve answers until the listener is closed, then gives running answers a second to end.
func (s *site) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil {
			s.say("httpd: %v\n", err)
			time.Sleep(10 * time.Millisecond) // out of descriptors: others must end first
			continue
		}
		go s.talk(conn)
	}
	done := make(chan struct{})
	go func() { s.busy.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
	return nil
}

// A request is the part of one that a file server needs.
type request struct {
	line, method, path string
	modern, close      bool
	headers            map[string]string
}

func (s *site) talk(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 4096), bufio.NewWriterSize(conn, 16<<10)
	for {
		if conn.SetReadDeadline(time.Now().Add(time.Minute)) != nil {
			return
		}
		r, err := readRequest(in)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, syscall.ECONNRESET) {
				fmt.Fprintf(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			}
			return
		}
		s.busy.Add(1)
		code, size := s.answer(r, conn, out)
		err = out.Flush()
		s.busy.Done()
		s.say("%s - - [%s] \"%s\" %d %d\n", host(conn), time.Now().Format("02/Jan/2006:15:04:05 -0700"), r.line, code, size)
		if r.close || err != nil {
			return
		}
	}
}

func host(conn net.Conn) string {
	h, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	return h
}

func readRequest(in *bufio.Reader) (*request, error) {
	line, err := headLine(in)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !strings.HasPrefix(parts[2], "HTTP/1.") {
		return nil, fmt.Errorf("not a request: %q", line)
	}
	r := &request{line: line, method: parts[0], modern: parts[2] != "HTTP/1.0"}
	if r.headers, err = readHeaders(in); err != nil {
		return nil, err
	}
	target, _, _ := strings.Cut(parts[1], "?")
	if r.path, err = url.PathUnescape(target); err != nil {
		return nil, err
	}
	wish := strings.ToLower(r.headers["connection"])
	_, body := r.headers["transfer-encoding"]
	length := r.headers["content-length"]
	r.close = wish == "close" || !r.modern && wish != "keep-alive" || body || length != "" && length != "0"
	return r, nil
}

// headLine reads one line of a head, which must fit the buffer.
func headLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	return strings.TrimRight(string(line), "\r\n"), err
}

func readHeaders(in *bufio.Reader) (map[string]string, error) {
	headers := map[string]string{}
	for range 200 {
		line, err := headLine(in)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return headers, nil
		}
		name, value, _ := strings.Cut(line, ":")
		headers[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	return nil, errors.New("too many headers")
}

// answer writes the whole response and gives its code and the size of its body.
func (s *site) answer(r *request, conn net.Conn, out *bufio.Writer) (code int, size int64) {
	if r.method != "GET" && r.method != "HEAD" {
		return s.refuse(r, out, 405, "Method Not Allowed", "Allow: GET, HEAD\r\n")
	}
	name := strings.TrimPrefix(path.Clean("/"+r.path), "/")
	if name == "" {
		name = "."
	}
	st, err := s.root.Stat(name)
	if err == nil && st.IsDir() {
		if !strings.HasSuffix(r.path, "/") {
			at := url.URL{Path: "/" + name + "/"}
			return s.refuse(r, out, 301, "Moved Permanently", "Location: "+at.EscapedPath()+"\r\n")
		}
		name = path.Join(name, "index.html")
	}
	file, err := s.root.Open(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return s.refuse(r, out, 403, "Forbidden", "")
	case err != nil:
		return s.refuse(r, out, 404, "Not Found", "")
	}
	defer file.Close()
	if st, err = file.Stat(); err != nil || !st.Mode().IsRegular() {
		return s.refuse(r, out, 403, "Forbidden", "")
	}
	return s.send(r, conn, out, file, st)
}

func (s *site) send(r *request, conn net.Conn, out *bufio.Writer, file *os.File, st fs.FileInfo) (code int, size int64) {
	s.head(r, out, "200 OK", contentType(st.Name()), st.Size(), "Last-Modified: "+st.ModTime().UTC().Format(httpDate)+"\r\n")
	if r.method == "HEAD" {
		return 200, 0
	}
	var to io.Writer = out
	if st.Size() > 8<<10 { // then the kernel moves the bytes
		if out.Flush() != nil {
			r.close = true
			return 200, 0
		}
		to = conn
	}
	n, err := io.CopyN(to, file, st.Size())
	r.close = r.close || err != nil
	return 200, n
}

const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

func (s *site) head(r *request, out *bufio.Writer, status, kind string, size int64, more string) {
	keep := "keep-alive"
	if r.close {
		keep = "close"
	}
	fmt.Fprintf(out, "HTTP/1.1 %s\r\nDate: %s\r\nServer: box\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: %s\r\n%s\r\n",
		status, time.Now().UTC().Format(httpDate), kind, size, keep, more)
}

func (s *site) refuse(r *request, out *bufio.Writer, code int, reason, more string) (int, int64) {
	body := fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>\n", code, reason)
	s.head(r, out, fmt.Sprintf("%d %s", code, reason), "text/html", int64(len(body)), more)
	if r.method != "HEAD" {
		out.WriteString(body)
	}
	return code, int64(len(body))
}

func contentType(name string) string {
	kinds := map[string]string{
		".html": "text/html", ".htm": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".txt": "text/plain",
		".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".xml": "text/xml",
	}
	if kind, known := kinds[path.Ext(name)]; known {
		return kind
	}
	return "application/octet-stream"
}
