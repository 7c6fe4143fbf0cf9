package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"neap/lua/bind"
)

func traceOf(err error) string {
	var r *bind.Raised
	if !errors.As(err, &r) {
		return ""
	}
	text := ""
	for _, p := range r.Trace {
		text += p.String() + " " + p.Func + "\n"
	}
	return text
}

func newHost(t *testing.T, out *bytes.Buffer, o Options) *Host {
	t.Helper()
	o.Stdout, o.Stderr = out, out
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		name, src string
		args      []string
		out       string
		code      int
	}{
		{"prints", `print("a", 1, nil, true)`, nil, "a\t1\tnil\ttrue\n", 0},
		{"arguments", `print(select("#", ...), arg[0], arg[2])`, []string{"x", "y"}, "2\ttest.lua\ty\n", 0},
		{"exit runs defers, pcall cannot hold it", `defer(function() print("d1") end) defer(function() print("d2") end) pcall(os.exit, 7) print("never")`, nil, "d2\nd1\n", 7},
		{"exit in a coroutine", `coroutine.wrap(function() pcall(function() os.exit(3) end) end)() print("never")`, nil, "", 3},
		{"exit 0", `os.exit(0) print("never")`, nil, "", 0},
		{"exit true and false", `os.exit(false)`, nil, "", 1},
		{"soft skip", `os.exit(75)`, nil, "", 75},
		{"error runs defers", `defer(function() print("d") end) error("x")`, nil, "d\n", 1},
		{"a failing defer does not stop others", `defer(function() print("d1") end) defer(function() error("no") end)`, nil, "d1\n", 1},
		{"exit in a defer lets the others run", `defer(function() print("d1") end) defer(function() pcall(os.exit, 3) print("never") end)`, nil, "d1\n", 3},
		{"exit in a defer after an error", `defer(function() os.exit(4) end) error("x")`, nil, "", 4},
		{"what fails in a defer of what failed is told", "defer(function() error('no', 0) end)\nerror('x', 0)", nil, "in a defer: error[script]: no\n  --> test.lua:1:18\n  |\n1 | defer(function() error('no', 0) end)\n  |                  ^^^^^^^^^^^^^^\n", 1},
		{"defers see captured locals", `local x = 5 defer(function() print(x) end) x = 6 error("boom")`, nil, "6\n", 1},
		{"defer in a defer", `defer(function() defer(function() print("in") end) print("out") end)`, nil, "out\nin\n", 0},
		{"syntax", `x = = 1`, nil, "", 1},
		{"shebang", "#!/usr/bin/env neap\nprint(1)", nil, "1\n", 0},
		{"io.write goes with print", `io.write("a", 1, "\n") print("b")`, nil, "a1\nb\n", 0},
		{"no shell", `os.execute("true")`, nil, "", 1},
		{"format", `print(("%s|%5.1f|%q|%d|%%|%-4s|"):format(re("x"), 2, 'a"b', 7, "z"))`, nil, "x|  2.0|\"a\\\"b\"|7|%|z   |\n", 0},
		{"help", `help("busy")`, nil, "busy: a kind of error\n  Somebody uses or holds the object.\n  raised by  remove of a volume, image or network that containers use; locks that another caller holds\n" +
			"  do         the message names the users: ask x.used_by, stop or remove them first, or try again later\n", 0},
		{"rep", `string.rep("x", 1e9)`, nil, "", 1},
		{"a call as the last field with a key is one value", `local function f() return 1, 2 end
			local deep = function() return { x = function(...) return { "b", y = ... } end } end
			print(#{ "a", k = f() }, #{ "a", f() }, #loadstring("local f = ... return { 'a', k = f() }")(f), #deep().x(5, 6), select("#", unpack{ k = f() }))`, nil, "1\t3\t1\t1\t0\n", 0},
		{"loops that begin with a jump", `for k in pairs{ 1 } do break end
			for _ in ipairs{ 1, 2 } do if false then error() end end
			for _ in ipairs{ 1, 2 } do while false do end end
			for _ in ipairs{ 1, 2 } do do break end error() end
			for _ in ipairs{ 1, 2 } do goto next; error() ::next:: end
			while true do do break end end
			for _, w in ipairs{ "the", "end" } do print(w) end`, nil, "the\nend\n", 0},
		{"io.read", `print(io.read())`, nil, "typed\n", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			h := newHost(t, &out, Options{Stdin: strings.NewReader("typed\nmore")})
			err := h.RunString(context.Background(), "test.lua", c.src, c.args)
			if out.String() != c.out || ExitCode(err) != c.code {
				t.Errorf("%q, exit code %d, error %v", out.String(), ExitCode(err), err)
			}
		})
	}
}

func TestSession(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out, Options{Modules: []*bind.Module{{Name: "things", Doc: "things"}}})
	for _, c := range []struct{ line, want string }{
		{"1 + 1", "2"},
		{"_", "2"},
		{"local x, y = 5, 'a'", ""},
		{"x .. y", "5a"},
		{"local function f(n) return n == 0 and 'end' or f(n - 1) end", ""},
		{"f(3)", "end"},
		{"x = 7", ""},
		{"x", "7"},
		{"rawget(_G, 'x')", "nil"},
		{"g = 1", ""},
		{"rawget(_G, 'g')", "1"},
		{"local x = x + 1", ""},
		{"x", "8"},
		{"local a, b = (function() return 1, 2 end)()", ""},
		{"b", "2"},
		{"co = coroutine.wrap(function() coroutine.yield(1) return 2 end)", ""},
		{"co()", "1"},
		{"co()", "2"},
	} {
		values, err := h.Eval(context.Background(), c.line)
		got := ""
		if len(values) > 0 {
			got, _ = h.Show(context.Background(), values[0], 0)
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.line, got, err)
		}
	}
	for _, line := range []string{"things = 1", "local things = 1", "nothing.x", "x y"} {
		if _, err := h.Eval(context.Background(), line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
	for src, want := range map[string]bool{"for i = 1, 2 do": true, "x = ": true, "f(": true, "{": true, "[[a": true, "--[[ a": true, "x = 1": false, "x y": false, "1 +": true, "function f()": true, "f()": false} {
		if Incomplete(src) != want {
			t.Errorf("Incomplete(%q) is not %v", src, want)
		}
	}
}

func TestRequire(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{
		"main.lua": `assert(require("beside") == 1 and require("lua_mod.deep") == 2 and require("bundled") == 3)
			local things = 5; assert(require("things").x == nil or true)
			local ok, err = pcall(require, "../beside"); assert(not ok) assert(not pcall(require, "absent"))
			assert(require("beside") == 1)`,
		"beside.lua": "return 1", "lua_modules/lua_mod/deep.lua": "return 2",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(src), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	h := newHost(t, &out, Options{
		Scripts: fstest.MapFS{"bundled/init.lua": {Data: []byte("return 3")}},
		Modules: []*bind.Module{{Name: "things", Doc: "things", Funcs: []*bind.Func{
			bind.Func0("x", "x", bind.Nothing, func(context.Context) (bind.Void, error) { return bind.Void{}, nil }),
		}}},
	})
	if err := h.RunFile(context.Background(), filepath.Join(dir, "main.lua"), nil); err != nil {
		t.Fatal(h.Explain(err))
	}
}

// TestHanging gives every defer its time, whatever another one does.
func TestHanging(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out, Options{Grace: 100 * time.Millisecond})
	err := h.RunString(context.Background(), "t.lua", `defer(function() print(coroutine.wrap(function() coroutine.yield("d") end)()) end) defer(function() while true do pcall(function() while true do end end) end end)`, nil)
	if ExitCode(err) != 124 || out.String() != "d\n" {
		t.Errorf("%v %q", err, out.String())
	}
}

// TestRequireRefused says where it looked, and who requires whom.
func TestRequireRefused(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{
		"a.lua": `return require "b"`, "b.lua": `return require "c"`, "c.lua": `return require "a"`,
		"later.lua": `if first then return 5 end error("not yet")`, "things.lua": `error("not this one")`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for src, want := range map[string]string{
		`require "a"`: "the modules require one another: a → b → c → a",
		`require "absent"`: `there is no module "absent": no file DIR/absent.lua, no file DIR/absent/init.lua, no file DIR/lua_modules/absent.lua, ` +
			"no file DIR/lua_modules/absent/init.lua, no bundled module absent",
		`require "../a"`:  "a name is words with dots between them",
		`require "thing"`: `there is no module "thing"`,
		`pcall(require, "later") first = true assert(require "later" == 5) package.loaded.things = nil assert(require "things" == things) error("good")`: "good",
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Modules: []*bind.Module{{Name: "things", Doc: "things"}}})
		file := filepath.Join(dir, "main.lua")
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		err := h.RunFile(context.Background(), file, nil)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir, "DIR"), want) {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// TestStuck ends what gopher-lua cannot: a pattern that takes for ever.
func TestStuck(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out, Options{})
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	start := time.Now()
	err := h.RunString(ctx, "t.lua", `defer(function() print("d") end) while true do pcall(string.find, ("a"):rep(40), ("a-"):rep(30) .. "b") end`, nil)
	if ExitCode(err) != 124 || out.String() != "d\n" || time.Since(start) > 2*time.Second {
		t.Errorf("%v %q %s", err, out.String(), time.Since(start))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.RunString(ctx, "t.lua", `return 1`, nil); ExitCode(err) != 130 {
		t.Error(err)
	}
}

// TestMended runs what gopher-lua compiles wrongly or cannot compile.
func TestMended(t *testing.T) {
	for src, want := range map[string]string{
		`local n = 0 for j = 1, 3 do for _ in pairs{ 1 } do break end n = n + 1 end print(n)`:                      "3\n",
		`local n = 0 for j = 1, 3 do n = n + 1 for _ in pairs{ 1 } do goto out end ::out:: end print(n)`:           "3\n",
		`local n = 0 for j = 1, 3 do for _ in pairs{ 1, 2 } do if true then break end end n = n + 1 end print(n)`:  "3\n",
		`local n = 0 repeat n = n + 1 for _ in pairs{ 1 } do while false do end end until n == 3 print(n)`:         "3\n",
		`local n = 0 for j = 1, 3 do while true do break end n = n + 1 repeat break until false end print(n)`:      "3\n",
		`print(loadstring("return " .. ("{"):rep(1e5) .. ("}"):rep(1e5)))`:                                         "nil\tsyntax error: too much inside one another\n",
		`print(loadstring("return " .. ("not "):rep(1e5) .. "1"))`:                                                 "nil\tsyntax error: too much inside one another\n",
		`print(loadstring(("do "):rep(1e4) .. ("end "):rep(1e4)))`:                                                 "nil\tsyntax error: too much inside one another\n",
		`print(loadstring("return 1" .. ("+1"):rep(9999))())`:                                                      "10000\n",
		`local t = {} t[67108863] = 1 print(#t, t[67108863])`:                                                      "0\t1\n",
		`local t = {} for i = 1, 600000 do t[i] = "x" end print(#table.concat(t, ","))`:                            "1199999\n",
		`local t = { 3, 1, 2 } table.sort(t) print(table.concat(t, " ")) print(pcall(table.sort, { 1, "a", {} }))`: "1 2 3\nfalse\tattempt to compare string with number\n",
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{})
		if err := h.RunString(context.Background(), "t.lua", src, nil); err != nil || out.String() != want {
			t.Errorf("%s: %q %v", src, out.String(), err)
		}
	}
}

// TestBounded refuses what would fill memory in one call.
func TestBounded(t *testing.T) {
	for _, src := range []string{
		`local part, t = ("x"):rep(1e6), {} for i = 1, 1000 do t[i] = part end table.concat(t)`,
		`string.rep("x", 2 ^ 62)`, `("x"):rep(2 ^ 29)`, `("x"):rep(1e5):gsub(".", ("y"):rep(1e5))`,
		`local function f() return 1 + f() end f()`, `return unpack({}, 1, 2e6)`, `return ("x"):rep(1e6):byte(1, -1)`,
		`return unpack({}, -2 ^ 62, 2 ^ 62)`,
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{})
		if err := h.RunString(context.Background(), "t.lua", src, nil); ExitCode(err) != 1 {
			t.Errorf("%s: %v", src, err)
		}
	}
}
