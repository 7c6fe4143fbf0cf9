package trial_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"neap/bindings"
	"neap/bindings/sim"
	"neap/bindings/trial"
	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/image"
)

// newTrial runs tests on the ground that is given, or on a new simulation.
func newTrial(ground *trial.Ground) *trial.Trial {
	return trial.New(trial.Options{
		Stage: stage, Code: host.ExitCode, Now: time.Now,
		Open: func(bool) (*trial.Ground, error) {
			if ground != nil {
				return ground, nil
			}
			return trial.Simulated(world()), nil
		},
	})
}

func world() *sim.World {
	return sim.New(sim.Options{Version: "test", Builtin: &image.Builtin{Name: "box:latest", Config: image.Config{Cmd: []string{"sh"}}}})
}

func stage(s trial.Setting) (trial.Stage, error) {
	now := time.Now
	if s.Clock() != nil {
		now = s.Clock().Now
	}
	surface := bindings.All(bindings.Runtime{Nouns: s.Ground.Nouns, Now: now})
	return host.New(host.Options{
		Modules: append(surface.Modules, std.Modules(std.Effects{Now: now, Stdout: s.Out, Stderr: s.Err})...),
		Classes: append(surface.Classes, s.Class), Tests: s.Tests, Arguments: surface.Arguments,
		Stdout: s.Out, Stderr: s.Err, Clock: s.Clock(),
	})
}

// an is one outcome, as Lua gets it.
type an struct {
	File, Name, Status, Message, Explained, Output string
	Line                                           int
}

// play runs a file of tests with options for scripts.test, and gives the outcomes.
func play(t *testing.T, ground *trial.Ground, src, options string) ([]an, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a_test.lua", []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	tests := newTrial(ground)
	h, err := host.New(host.Options{
		Modules: std.Modules(std.Effects{Stdout: &out, Stderr: &out}), Classes: []bind.AnyClass{tests.Class()},
		Tests: tests, Stdout: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.RunString(t.Context(), "play", "print(json.encode(scripts.test{ "+options+" }))", nil); err != nil {
		return nil, err
	}
	var all []an
	if err := json.Unmarshal([]byte(out.String()), &all); err != nil {
		t.Fatal(err, out.String())
	}
	return all, nil
}

// one runs a test with this body, in a simulation.
func one(t *testing.T, body string) an {
	t.Helper()
	all, err := play(t, nil, "test(\"one\", function(t)\n"+body+"\nend)", "")
	if err != nil || len(all) != 1 {
		t.Fatalf("%s\n%v %v", body, all, err)
	}
	return all[0]
}

func TestExamples(t *testing.T) {
	tests := newTrial(nil)
	for _, m := range bind.Describe(tests.Class()).Methods {
		if m.Example == "" {
			t.Error("no example of", m.Title("Test"))
		}
		if got := one(t, m.Example); got.Status != "ok" {
			t.Errorf("%s: %+v", m.Title("Test"), got)
		}
	}
	if all, err := play(t, nil, tests.Func().Example, ""); err != nil || all[0].Status != "ok" {
		t.Error(all, err)
	}
}

func TestExampleOfTheModule(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := newTrial(nil)
	h, err := host.New(host.Options{Modules: std.Modules(std.Effects{}), Classes: []bind.AnyClass{tests.Class()}, Tests: tests})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, f := range tests.Funcs() {
		if err := h.RunString(t.Context(), "example", f.Example, nil); err != nil {
			t.Error(h.Explain(err))
		}
	}
	if err := h.RunString(t.Context(), "outside", tests.Func().Example, nil); err == nil || !strings.Contains(err.Error(), "no tests are run here") {
		t.Error(err)
	}
}

func TestOutcomes(t *testing.T) {
	for body, want := range map[string]an{
		`assert(1 == 1)`:                              {Status: "ok"},
		"local x\nx.y = 1":                            {Status: "failed", Message: "attempt to index", Line: 3},
		`error("oops")`:                               {Status: "failed", Message: "oops", Line: 2},
		`assert(try(containers.get, "nobody"))`:       {Status: "failed", Message: "no container has this name", Line: 2},
		`t:skip("not today") error("unreached")`:      {Status: "skipped", Message: "not today"},
		`pcall(function() t:skip("caught") end)`:      {Status: "ok"},
		`defer(function() error("late") end)`:         {Status: "failed", Message: "late"},
		`t:equal({ a = { 1, 2 } }, { a = { 1, 3 } })`: {Status: "failed", Message: "a[2] is 2, and should be 3", Line: 2},
		`t:equal("a\nb\n", "a\nc\n")`:                 {Status: "failed", Message: `line 2 is "b\n", and should be "c\n"`, Line: 2},
		`t:equal({ x = 1 }, { y = { 2, k = "v" } })`:  {Status: "failed", Message: `x is 1, and should not be there; y is missing, and should be { 2, k = "v" }`, Line: 2},
		`t:equal(containers.run{ "box", "sleep", "1", name = "a" }, containers.get("a"))`: {Status: "ok"},
		`t:raises("not_found", function() end)`:                                           {Status: "failed", Message: "it raised no error", Line: 2},
		`t:raises("denied", function() containers.get("nobody") end)`:                     {Status: "failed", Message: "kind not_found", Line: 2},
		`t:fault("rain")`:               {Status: "failed", Message: "kind must be one of", Line: 2},
		`test("inner", function() end)`: {Status: "failed", Message: "a test cannot have tests inside", Line: 2},
		`os.exit(4)`:                    {Status: "failed", Message: "exit code 4"},
		`containers.run{ "box", "sleep", "inf" }:wait()`: {Status: "failed", Message: "nothing is due in the simulation", Line: 2},
		`assert(t:run("absent.lua").exit_code == 1)`:     {Status: "ok"},
	} {
		got := one(t, body)
		if got.Status != want.Status || !strings.Contains(got.Message, want.Message) || want.Line > 0 && got.Line != want.Line {
			t.Errorf("%s\ngot  %+v\nwant %+v", body, got, want)
		}
		if got.Status == "failed" && want.Line > 0 && !strings.Contains(got.Explained, "--> a_test.lua:") {
			t.Errorf("%s: no place in %s", body, got.Explained)
		}
	}
}

// TestTime lives through weeks in no time.
func TestTime(t *testing.T) {
	began := time.Now()
	got := one(t, `
local start = time.unix(time.now())
task.sleep("7d")
assert(time.unix(time.now()) - start == 7 * 86400)
task.all{
  function() task.sleep("2h") end,
  function() task.sleep("1h") containers.run{ "box", "sleep", "30m", name = "a" }:wait() end,
}
assert(math.floor(time.unix(time.now()) - start) == 7 * 86400 + 7200)
local first = task.race{ function() task.sleep("3h") return "slow" end, function() task.sleep("1h") return "quick" end }
t:equal(first, "quick")
t:raises("timeout", function() task.timeout("1m", function() task.sleep("1h") end) end)
t:raises("timeout", function() containers.run{ "box", "sleep", "1h" }:wait{ timeout = "10m" } end)
local web = containers.run{ "box", "sh", "-c", "sleep 30; echo ready; sleep 1d", name = "web" }
web:wait{ log = "ready", timeout = "1m" }
t:advance("1d")
t:equal(web.state, "exited")`)
	if got.Status != "ok" {
		t.Error(got.Explained)
	}
	if lived := time.Since(began); lived > 20*time.Second {
		t.Error("it took", lived)
	}
}

func TestEachTestHasItsOwnWorld(t *testing.T) {
	all, err := play(t, nil, `
local kept
test("makes", function(t)
  kept = containers.run{ "box", "sleep", "60", name = "web" }
  t:fault("disk_full")
  local f = assert(io.open(t.dir .. "/f", "w"))
  f:close()
  print(t.dir)
end)
test("finds nothing", function(t)
  t:equal(#containers.list(), 0)
  t:equal(kept.state, "removed")
  volumes.create("data")
  defer(function() print("deferred") end)
end)`, "")
	if err != nil || len(all) != 2 || all[0].Status != "ok" || all[1].Status != "ok" || all[1].Output != "deferred\n" {
		t.Fatalf("%+v %v", all, err)
	}
	if _, err := os.Stat(strings.TrimSpace(all[0].Output)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("its directory is left:", err)
	}
}

func TestWhichRun(t *testing.T) {
	src := `test("first", function() end) test("second", function() end)`
	if all, err := play(t, nil, src, `run = "^s"`); err != nil || len(all) != 1 || all[0].Name != "second" {
		t.Error(all, err)
	}
	for options, want := range map[string]string{
		`run = "third"`: "no test is called so", `run = "("`: "no regular expression", `"absent.lua"`: "absent.lua", `"/proc/self/fdinfo"`: "no tests in",
	} {
		if _, err := play(t, nil, src, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
	for src, want := range map[string]string{"": "there are no tests in it", "test(": "syntax error", `error("outside")`: "outside"} {
		if all, err := play(t, nil, src, ""); err != nil || len(all) != 1 || all[0].Status != "failed" || !strings.Contains(all[0].Message, want) {
			t.Errorf("%q: %+v %v", src, all, err)
		}
	}
}

func TestScriptsRunInTheSameWorld(t *testing.T) {
	got := one(t, `
local f = assert(io.open(t.dir .. "/s.lua", "w"))
f:write([[
local opt = args{ about = "a script", { "name", type = "container" }, { "--fail" } }
opt.name:stop{ timeout = 0 }
io.stderr:write("warned\n")
io.stdout:write("stopped " .. opt.name.name, "\t", time.now(), "\n")
if opt.fail then error("on purpose") end
]])
f:close()
local web = containers.run{ "box", "sleep", "1d", name = "web" }
t:advance("1h")
local r = t:run(t.dir .. "/s.lua", "web")
t:equal(r.exit_code, 0)
t:equal(r.stderr, "warned\n")
assert(r.stdout:match("^stopped web\t2026%-01%-01T01:00:00"), r.stdout)
t:equal(web.state, "exited")
r = t:run(t.dir .. "/s.lua", "web", "--fail")
t:equal(r.exit_code, 1)
assert(r.stderr:find("on purpose", 1, true) and r.stderr:find("s.lua:5", 1, true), r.stderr)
t:equal(t:run(t.dir .. "/s.lua", "nobody").exit_code, 2)`)
	if got.Status != "ok" {
		t.Error(got.Explained, got.Output)
	}
}

// TestOnRealGround skips what needs the simulation.
func TestOnRealGround(t *testing.T) {
	gone := false
	ground := trial.Real(world().Nouns(), func(context.Context) error { gone = true; return nil })
	all, err := play(t, ground, `
test("plain", function(t) assert(t.real) networks.create("n") volumes.create("v"):protect() containers.run{ "box", "true" } end)
test("with a fault", function(t) t:fault("disk_full") error("unreached") end)
test("clean again", function(t) t:equal(#containers.list() + #volumes.list(), 0) t:equal(#networks.list(), 3) end)`, "real = true")
	if err != nil || len(all) != 3 || all[0].Status != "ok" || all[1].Status != "skipped" || all[2].Status != "ok" || !gone {
		t.Errorf("%+v %v %v", all, err, gone)
	}
}

func TestFilesAreFound(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a_test.lua", "b.lua", "sub/c_test.lua", ".hidden/d_test.lua", "lua_modules/e_test.lua"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(`test("x", function() end)`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := play(t, nil, `test("x", function() end)`, `"`+dir+`"`)
	if err != nil || len(all) != 2 {
		t.Errorf("%+v %v", all, err)
	}
}
