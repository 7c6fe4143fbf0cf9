package std_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
)

func newHost(t *testing.T, out *bytes.Buffer) *host.Host {
	t.Helper()
	h, err := host.New(host.Options{Modules: std.Modules(std.Effects{Stdout: out, Stderr: out}), Stdout: out, Stderr: out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// TestExamples runs the example of every function and of every method of what
// the functions return; one without is an error.
func TestExamples(t *testing.T) {
	var out bytes.Buffer
	run := func(f *bind.Func, owner string) {
		t.Run(f.Title(owner), func(t *testing.T) {
			if f.Example == "" {
				t.Fatal("it has no example")
			}
			h := newHost(t, &out)
			if err := h.RunString(context.Background(), "example.lua", f.Example, nil); err != nil {
				t.Error(h.Explain(err))
			}
		})
	}
	for _, m := range std.Modules(std.Effects{}) {
		for _, f := range m.Members() {
			run(f, m.Name)
		}
	}
	for _, c := range newHost(t, &out).State().Classes() {
		for _, f := range c.Methods {
			run(f, c.Name)
		}
	}
}

// TestFiles runs the scripts of testdata, each of which looks at what it does.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var out bytes.Buffer
			h := newHost(t, &out)
			if err := h.RunFile(context.Background(), file, nil); err != nil {
				t.Fatal(h.Explain(err), out.String())
			}
		})
	}
}

func TestScripts(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("It works!"))
	}))
	defer server.Close()
	var out bytes.Buffer
	h := newHost(t, &out)
	src := `
local url = ...
assert(http.get(url).body == "It works!")
local _, err = try(http.get, url .. "/nothing")
assert(err.kind == "failed" and err.result.status == 404, tostring(err))
assert(select(2, try(http.get, "http://127.0.0.1:1/")).kind == "failed")

assert(exec{ "sh", "-c", "exit 3", check = false }.exit_code == 3)
local _, err = try(exec, { "sh", "-c", "echo no >&2; exit 3" })
assert(err.kind == "failed" and err.result.exit_code == 3 and err.result.stderr == "no\n", tostring(err))
assert(select(2, try(exec, { "sleep", "100", timeout = 0.05 })).kind == "timeout")
assert(select(2, try(exec, { "no such program" })).kind == "not_found")
assert(exec{ "cat", stdin = 42 }.stdout == "42")
assert(exec{ "sh", "-c", "echo $A", env = { A = 1 } }.stdout == "1\n")

local text = '{"b":[],"a":null,"c":{},"d":[1,null,2.5],"e":"<x>"}'
assert(json.encode(json.decode(text)) == text, json.encode(json.decode(text)))
local t = json.decode(text); t.b[1] = 5; t.f = "new"
assert(json.encode(t) == '{"b":[5],"a":null,"c":{},"d":[1,null,2.5],"e":"<x>","f":"new"}', json.encode(t))
assert(json.encode(5) == "5" and json.encode(nil) == "null" and json.encode("x", { indent = " " }) == '"x"')
local loop = {}; loop.me = loop
assert(select(2, try(json.encode, loop)).kind == "invalid")

local d = fs.tempdir()
assert(select(2, try(fs.remove, "/", { recursive = true })).kind == "denied")
assert(select(2, try(fs.remove, ".", { recursive = true })).kind == "denied")
fs.mkdir(d .. "/a/b"); fs.write(d .. "/a/f", "x")
assert(table.concat(fs.list(d .. "/a"), " ") == "b f")
assert(select(2, try(fs.remove, d .. "/a")).object == d .. "/a")
fs.remove(d .. "/a", { recursive = true }); fs.remove(d .. "/a")
assert(not fs.exists(d .. "/a"))
assert(select(2, try(fs.read, d .. "/none")).kind == "not_found")
assert(select(2, try(task.poll, function() end, { timeout = 0.01, every = 0.001 })).kind == "timeout")
print(d)
`
	if err := h.RunString(context.Background(), "test.lua", src, []string{server.URL}); err != nil {
		t.Fatal(h.Explain(err))
	}
}
