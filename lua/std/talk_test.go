package std_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/fault"
	"neap/runtime/testenv"
)

// run runs a script whose helpers have effects.
func run(t *testing.T, e std.Effects, src string, args ...string) error {
	t.Helper()
	h, err := host.New(host.Options{Modules: std.Modules(e), Stdout: e.Stdout, Stderr: e.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err = h.RunString(context.Background(), "test.lua", src, args); err != nil {
		t.Log(h.Explain(err))
	}
	return err
}

func TestAsk(t *testing.T) {
	var said bytes.Buffer
	e := std.Effects{Stderr: &said, Stdin: strings.NewReader("\nmaybe\ny\n\nbob\n3\ndb\nlast")}
	if err := run(t, e, `
assert(ui.confirm("sure?", { default = true }))
assert(ui.confirm("sure?"))
assert(ui.ask("who?") == "bob")
local item, index = ui.choose("which?", { "a", "b", "db\27[2J" })
assert(index == 3)
assert(ui.choose("which?", { "web", "db" }) == "db")
assert(ui.ask("who?", { default = "x" }) == "last")
assert(select(2, try(ui.confirm, "sure?", { default = true })).kind == "unsupported")`); err != nil {
		t.Fatal(err)
	}
	if text := said.String(); !strings.HasPrefix(text, "sure? [Y/n] sure? [y/N] sure? [y/N] who? who?   1  a\n") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
}

// TestAskTakesOneLine reads from a pipe, of which it leaves the rest to others,
// and stops waiting when the script is to end.
func TestAskTakesOneLine(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString("one\ntwo\n"); err != nil {
		t.Fatal(err)
	}
	if err := run(t, std.Effects{Stdin: r}, `assert(ui.ask("?", { secret = true }) == "one")`); err != nil {
		t.Fatal(err)
	}
	rest := make([]byte, 16)
	if n, err := r.Read(rest); string(rest[:n]) != "two\n" || err != nil {
		t.Errorf("%q %v", rest[:n], err)
	}
	h, err := host.New(host.Options{Modules: std.Modules(std.Effects{Stdin: r})})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.RunString(ctx, "test.lua", `ui.ask("?")`, nil) }()
	cancel()
	if err := <-ended; !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
}

func TestProgressInLines(t *testing.T) {
	var said bytes.Buffer
	if err := run(t, std.Effects{Stderr: &said}, `
local bar = ui.progress("copying", { total = 4096, unit = "bytes" })
for i = 1, 4 do bar:add(1024) end
assert(bar.value == 4096 and tostring(bar):find("100%%"))
bar:done("copied")
assert(select(2, try(bar.add, bar)).kind == "conflict")
bar:done()
ui.spinner("waiting")`); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"copying\n", "copying: 25% (1KiB of 4KiB)\n", "copying: 75% (3KiB of 4KiB)\n", "copying: copied, ", "waiting\n", "waiting: ended, "} {
		if !strings.Contains(said.String(), line) {
			t.Errorf("%q is not in %q", line, said.String())
		}
	}
}

// sink is a buffer that several goroutines may write to.
type sink struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Write(b)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.String()
}

func TestProgressOnATerminal(t *testing.T) {
	said := &sink{}
	e := std.Effects{Stderr: said, Terminal: func() bool { return true }, Columns: func() int { return 40 }, Colour: func() bool { return true }}
	if err := run(t, e, `
assert(ui.style("x", "red", "bold") == "\27[31;1mx\27[0m")
local bar = ui.progress(("a long title "):rep(9), { total = 2 }):add()
ui.spinner("w\27[2Jaiting"):say("still"):done()
bar:done()`); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, time.Minute, func() bool { return strings.Contains(said.String(), "still: done") }, "the bar ends")
	for line := range strings.SplitSeq(strings.ReplaceAll(said.String(), "\x1b[K", ""), "\r") {
		if len([]rune(line)) > 40 && !strings.Contains(line, ": done") || strings.Contains(line, "\x1b") {
			t.Errorf("%q", line)
		}
	}
}

func TestLog(t *testing.T) {
	var said bytes.Buffer
	file := filepath.Join(t.TempDir(), "log")
	if err := run(t, std.Effects{Stderr: &said}, `
log.debug("unsaid")
log.setup{ time = false, level = "debug", fields = { job = "x" } }
log.debug("said", { b = 2, a = "1 2" })
log.setup{ file = ..., format = "json" }
log.error("in the file", { kind = "busy" })
assert(select(2, try(log.setup, { file = "/no/such/dir/x" })).kind == "not_found")
assert(select(2, try(log.info, "x", { "list" })).kind == "invalid")
log.warn("still there")`, file); err != nil {
		t.Fatal(err)
	}
	if want := "level=DEBUG msg=said job=x a=\"1 2\" b=2\n"; said.String() != want {
		t.Errorf("%q", said.String())
	}
	body, err := os.ReadFile(file)
	if lines := strings.Split(string(body), "\n"); err != nil || len(lines) != 3 || !strings.Contains(lines[0], `"level":"ERROR","msg":"in the file","kind":"busy"`) {
		t.Errorf("%s %v", body, err)
	}
}

func TestHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.Header().Set("X-Seen", strings.Join([]string{r.Method, r.URL.RawQuery, r.Header.Get("X-Mine"), r.Header.Get("Content-Type"), user, password, r.Host}, "|"))
		b := new(bytes.Buffer)
		_, _ = b.ReadFrom(r.Body)
		_, _ = w.Write(b.Bytes())
	})
	mux.Handle("/moved", http.RedirectHandler("/echo", http.StatusFound))
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	defer server.Close()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	local := &http.Server{Handler: mux, ReadHeaderTimeout: 0}
	go func() { _ = local.Serve(listener) }()
	defer local.Close()
	err = run(t, std.Effects{}, `
local url, socket = ...
local got = http.post(url .. "/echo", { json = { a = { 1 } }, query = { q = "x y" }, header = { ["X-Mine"] = 1 }, user = "u", password = "p", })
assert(got:json().a[1] == 1 and got.headers["x-seen"]:find("POST|q=x+y|1|application/json|u|p|", 1, true), got.headers["x-seen"])
assert(http.put(url .. "/echo", { body = "text" }).body == "text")
assert(http.delete(url .. "/echo").headers["x-seen"]:find("^DELETE"))
assert(http.request(url .. "/echo", { method = "PATCH", header = { Host = "other" } }).headers["x-seen"]:find("^PATCH.*other$"))
assert(http.head(url .. "/echo").body == "")
assert(http.get(url .. "/moved").url == url .. "/echo" and http.get(url .. "/moved", { follow = false }).status == 302)
assert(http.get("x/echo", { unix = socket }).headers["x-seen"]:find("|x$"))
assert(select(2, try(http.get, url .. "/slow", { timeout = 0.05 })).kind == "timeout")
assert(select(2, try(http.post, url, { body = "x", json = {} })).kind == "invalid")
assert(select(2, try(http.get, url, { headers = {} })).hint:find("header"))
local file = fs.tempdir() .. "/got"
assert(http.post(url .. "/echo", { body = "to a file", to = file }).body == "" and fs.read(file) == "to a file")
assert(select(2, try(http.get, url .. "/none", { to = file })).result.status == 404 and fs.read(file) == "to a file")
assert(select(2, try(function() return http.get(url .. "/echo"):json() end)).kind == "invalid")`, server.URL, socket)
	if err != nil {
		t.Fatal(err)
	}
}

func TestExecOutput(t *testing.T) {
	var out bytes.Buffer
	err := run(t, std.Effects{Stdout: &out, Stdin: strings.NewReader("typed")}, `
assert(exec{ "cat", interactive = true }.stdout == "typed")
assert(exec{ "sh", "-c", "echo a; echo b >&2", stderr = "stdout" }.stdout == "a\nb\n")
assert(exec{ "echo", "x", stdout = "discard" }.stdout == "" and exec{ "echo", "shown", stdout = "inherit" }.stdout == "")
assert(select(2, try(exec, { "sh", "-c", "head -c 70000000 /dev/zero" })).kind == "invalid")
assert(select(2, try(exec, { "sh", "-c", "kill -USR1 $$" })).result.signal == "SIGUSR1")
assert(exec{ "pwd", workdir = "/" }.stdout == "/\n")`)
	var gone *host.Exit
	if err != nil || out.String() != "shown\n" || errors.As(err, &gone) {
		t.Fatalf("%v %q", err, out.String())
	}
}
