package host

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// shelf is a module whose function fails as those of neap do.
func shelf() *bind.Module {
	k := bind.NewClass[string]("Box", "a box")
	k.Methods = []bind.Method[string]{bind.Act0(k, "remove", "Remove it.", func(context.Context, string) error {
		return &fault.Error{Kind: fault.Busy, Op: "remove box", Object: "www", Message: "in use by web", Hint: "stop it"}
	})}
	return &bind.Module{Name: "shelf", Doc: "boxes", Funcs: []*bind.Func{
		bind.Func1("get", "Get.", bind.Req("name", bind.String, "its name"), bind.Returns(k.Kind(), "it"), func(_ context.Context, s string) (string, error) { return s, nil }),
		bind.Func1("each", "Call back.", bind.Req("fn", bind.Passing(bind.Nothing), "what"), bind.Nothing,
			func(ctx context.Context, fn bind.Callback[bind.Void, []bind.Value]) (bind.Void, error) {
				_, err := fn.Call(ctx, bind.Void{})
				return bind.Void{}, err
			}),
	}}
}

// TestMarks marks the call that failed, and no other of its line.
func TestMarks(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"local v = shelf.get('a')\n    v:remove()", "t.lua:2:5 v:remove()"},
		{"shelf.get('a'):remove()", "t.lua:1:16 remove()"},
		{"local a = { f = function(x) return x end } print(a.f(1), a.f(shelf.get('é'):remove()), a.f(2))", "t.lua:1:78 remove()"},
		{"shelf\n  .get('a')\n  :remove()", "t.lua:3:4 remove()"},
		{"shelf.get{\n}", "t.lua:1:1 shelf.get{ …"},
		{"local x\n  x.y = 1", "t.lua:2:3 x.y"},
		{"local x\n  print(1, x.y.z)", "t.lua:2:12 x.y"},
		{"local x = {}\n  print(1, x.y.z)", "t.lua:2:12 x.y.z"},
		{"local x = {}\n  print(1, x['y'][1])", "t.lua:2:12 x['y'][1]"},
		{"local s = 'x' ; (function() error 'no' end)()", "t.lua:1:29 error 'no'"},
		{"local function f(a, b) return (a or b)() end f()", "t.lua:1:31 (a or b)()"},
		{"local function f() return function() error('x') end end f()()", "t.lua:1:38 error('x')"},
		{"local f = print\nlocal a\n(f or print)('x') goto done ::done:: do (nil)() end", "t.lua:3:41 (nil)()"},
		{"local t = { [shelf.get('a')] = 1, x = 'y', [2] = shelf.get(nil) }", "t.lua:1:50 shelf.get(nil)"},
		{"for i = 1, 2 do if i == 2 then prnt(i) end end", "t.lua:1:32 prnt(i)"},
		{"function shelfs(a) return a end\nlocal o = {} function o.a.b(x) return x end", "t.lua:2:1 "},
		{"#!/usr/bin/env neap\n-- f() [[ x\n--[[ g()\n ]] local s = [==[ h() ]==] .. (\"\"):rep(1) error('x')", "t.lua:4:44 error('x')"},
		{"return shelf.get('a'):remove()", "t.lua:1:23 remove()"},
		{"local a = 1 + {}", "t.lua:1:1 local a = 1 + {}"},
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Modules: []*bind.Module{shelf()}})
		got := h.Explain(h.RunString(context.Background(), "t.lua", c.src, nil))
		place, text := strings.Fields(c.want)[0], c.want[strings.IndexByte(c.want, ' ')+1:]
		if !strings.Contains(got, "--> "+place+"\n") || !strings.Contains(text, "…") && text != "" && underlined(got) != text {
			t.Errorf("%s\nwant %s, marked %q:\n%s", c.src, c.want, underlined(got), got)
		}
	}
}

// underlined is the text above the marks.
func underlined(explained string) string {
	lines := strings.Split(explained, "\n")
	for i, line := range lines {
		if at := strings.IndexByte(line, '^'); at >= 0 && i > 0 {
			above := []rune(lines[i-1])
			return string(above[at : at+strings.Count(line, "^")])
		}
	}
	return ""
}

// TestExplain shows errors as they are documented.
func TestExplain(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{
		"clean.lua": "local sweep = require \"sweep\"\nshelf.each(function()\n  sweep.all()\nend)\n",
		"sweep.lua": "local sweep = {}\nfunction sweep.all()\n    local v = shelf.get(\"www\")\n    v:remove()\nend\nreturn sweep\n",
		"bad.lua":   "require(\"broken\")\n", "broken.lua": "local x = = 1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string) string {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Modules: []*bind.Module{shelf()}})
		err := h.RunFile(context.Background(), filepath.Join(dir, name), nil)
		return strings.ReplaceAll(h.Explain(err)+h.Trace(err), dir+"/", "")
	}
	for name, want := range map[string]string{
		"clean.lua": `error[busy]: cannot remove box "www"
  --> sweep.lua:4:5
  |
4 |     v:remove()
  |     ^^^^^^^^^^ in use by web
hint: stop it
trace:
  sweep.lua:4:5 in all: v:remove()
  clean.lua:3:3 in a function: sweep.all()
  clean.lua:2:1 in main chunk: shelf.each(function() …
`,
		"bad.lua": `error[script]: syntax error near "="
  --> broken.lua:1:11
  |
1 | local x = = 1
  |           ^
trace:
  broken.lua:1
  bad.lua:1:1 in main chunk: require("broken")
`,
	} {
		if got := run(name); got != want {
			t.Errorf("%s", got)
		}
	}
}

// TestExplainHint names the function that was meant.
func TestExplainHint(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out, Options{})
	got := h.Explain(h.RunString(context.Background(), "t.lua", "\tpritn('a\x1b[31mb')\n", nil))
	want := "error[script]: pritn is not a function\n  --> t.lua:1:2\n  |\n1 | \tpritn('a\\x1b[31mb')\n  | \t^^^^^^^^^^^^^^^^^^^\nhint: did you mean print?\n"
	if got != want {
		t.Errorf("%s", got)
	}
}
