package bindings_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"neap/bindings"
	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/testenv"
)

// given are arguments that methods cannot do without.
func given() map[string]string {
	return map[string]string{
		"rename": `"other"`, "exec": `{ "true" }`, "spawn": `{ "true" }`, "wait": `{ timeout = 5 }`, "while_paused": `print`, "format": `"{{ .Id }}"`,
		"port": `"80/tcp"`, "update": `{ pids_limit = 100 }`, "tag": `"other"`, "untag": `"other"`, "connect": `"web"`, "disconnect": `"web"`, "publish": `"1:1"`,
		"unpublish": `"80/tcp"`, "read": `"/etc/passwd"`, "write": `"/x", "y"`, "glob": `"*"`, "copy_in": `"/etc/hostname", "/x"`, "copy_out": `"/etc/passwd", "/tmp/never"`,
		"commit": `"made"`, "export": `"/tmp/never"`, "save": `"/tmp/never"`, "clone": `"other"`, "restore": `"x"`, "import": `"/tmp/never"`, "diff": `"x"`,
		"replace": `{ "box", "true" }`,
	}
}

// TestUseAfterRemove keeps objects, removes what they stand for, and calls every
// method and reads every fact: an error that says so, and no panic.
func TestUseAfterRemove(t *testing.T) {
	r := open(t)
	r.must("make", fmt.Sprintf(`
c = containers.run{ "box", "sleep", "600", name = "web" }
containers.list{ name = "web" }:remove{ force = true }
v = volumes.create("data") volumes.get("data"):remove()
n = networks.create("lan") networks.get("lan"):remove()
i = images.import(%q, { tag = "doomed" }) images.get("doomed"):remove()`, rootfs(t)))
	known := map[string]struct {
		object string
		last   []string // what still answers
	}{
		"Container": {"c", []string{"id", "short_id", "name", "image", "exit_code", "state", "remove"}},
		"Volume":    {"v", []string{"name", "remove"}},
		"Network":   {"n", []string{"id", "short_id", "name", "remove"}},
		"Image":     {"i", []string{"id", "short_id", "remove"}},
	}
	arguments := given()
	for _, k := range bindings.All(bindings.Runtime{}).Classes {
		d := bind.Describe(k)
		is, ok := known[d.Name]
		if !ok {
			continue
		}
		ask := func(what, src string) {
			want := `err and (err.kind == "not_found" or err.kind == "unsupported")`
			if slices.Contains(is.last, what) {
				want = "err == nil"
			}
			r.must(d.Name+" "+what, fmt.Sprintf("local _, err = try(function() return %s end)\nassert(%s, %q .. \": \" .. tostring(err))", src, want, what))
		}
		for _, m := range d.Methods {
			ask(m.Name, is.object+":"+m.Name+"("+arguments[m.Name]+")")
		}
		for _, f := range d.Fields {
			ask(f.Name, is.object+"."+f.Name)
		}
	}
}

// TestRaisingCallbacks raises in each sort of callback: it comes out, what went
// on stops, and nothing stays locked, frozen or open.
func TestRaisingCallbacks(t *testing.T) {
	r := open(t)
	r.must("raising", `
local web = containers.run{ "box", "sh", "-c", "echo one; echo two; exec sleep 600", name = "web" }
local again = containers.get("web")
local function raises(f, ...) local _, err = try(f, ...) assert(err and err.message == "stop here", tostring(err)) end
local function stop() error("stop here", 0) end
for i = 1, 5 do
  raises(web.while_paused, web, stop)
  assert(again.state == "running" and again:pause().state == "paused" and web:unpause().state == "running")
  local n = 0
  raises(function() containers.list():map(function() n = n + 1 stop() end) end)
  raises(function() containers.list():where(stop) end)
  raises(containers.list, { where = stop })
  raises(containers.prune, { where = stop })
  raises(function() for line in web:lines{ follow = true } do n = n + 1 stop() end end)
  raises(function() scope(stop) end)
  raises(task.timeout, 60, stop)
  raises(task.poll, stop)
  assert(n == 2, n)
end
local before = containers.list()[1]
assert(before == web and again:stop{ timeout = 0 }:start().state == "running")
web:remove{ force = true }`)
}

// TestManyObjects makes ten thousand objects and iterators that are left early:
// neither descriptors nor goroutines grow.
func TestManyObjects(t *testing.T) {
	r := open(t)
	r.must("begin", `containers.run{ "box", "sh", "-c", "echo one; echo two; exec sleep 600", name = "web" }:wait{ log = "two" } volumes.create("data")`)
	const round = `
for i = 1, 2500 do
  local c, v, n, l = containers.get("web"), volumes.get("data"), networks.get("bridge"), containers.list()
  assert(c.state == "running" and v.name == "data" and #l == 1)
  if i % 25 == 0 then
    task.all{ function() for line in c:lines{ follow = true } do assert(line == "one") break end end, function() defer(function() end) end }
    pcall(task.timeout, 0.001, function() for line in c:lines{ follow = true, tail = 0 } do end end)
  end
end`
	r.must("warm", round)
	descriptors, goroutines := count(t), runtime.NumGoroutine()
	r.must("round", round)
	testenv.Eventually(t, 10*time.Second, func() bool { return count(t) <= descriptors && runtime.NumGoroutine() <= goroutines }, "descriptors and goroutines are as they were")
	r.must("end", `containers.get("web"):remove{ force = true } volumes.get("data"):remove()`)
}

func count(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// unwound is a script that holds one container frozen and another stopped when
// it ends in the way it is told.
const unwound = `
local how = ...
local still, idle = containers.get("still"), containers.get("idle")
defer(function() idle:start() end)
idle:stop{ timeout = 0 }
still:while_paused(function()
  assert(still.state == "paused" and idle.state == "exited")
  local ends = { error = function() error("x") end, exit = function() os.exit(5) end, panic = function() broken.crash() end,
    timeout = function() task.timeout(0.01, function() while true do pcall(task.sleep, 60) end end) end,
    coroutine = function() coroutine.wrap(function() pcall(error, "y") error("z") end)() end }
  ends[how]()
end)`

// TestUnwound ends scripts by an error, a panic in Go, os.exit, a limit: what
// they froze goes on and what they stopped is started. TestInterrupted of
// cmd/neap does it with signals.
func TestUnwound(t *testing.T) {
	r := open(t)
	r.must("begin", `for _, name in ipairs{ "still", "idle" } do containers.run{ "box", "sleep", "600", name = name } end`)
	broken := &bind.Module{Name: "broken", Doc: "What panics.", Funcs: []*bind.Func{
		bind.Func0("crash", "Panic.", bind.Nothing, func(context.Context) (bind.Void, error) { panic("crash") }),
	}}
	s := bindings.All(bindings.Runtime{Nouns: bindings.Native(r.e), Terminal: paper{&bytes.Buffer{}}})
	panics := 0
	h, err := host.New(host.Options{
		Modules: append(append(slices.Clone(s.Modules), std.Modules(std.Effects{})...), broken), Classes: s.Classes,
		Panic: func(string, any, []byte) { panics++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for how, code := range map[string]int{"error": 1, "exit": 5, "panic": 70, "timeout": 124, "coroutine": 1} {
		err := h.RunString(t.Context(), "unwound.lua", unwound, []string{how})
		if host.ExitCode(err) != code {
			t.Errorf("%s: %v", how, err)
		}
		if out := r.must("look", `print(containers.get("still").state, containers.get("idle").state)`); strings.TrimSpace(out) != "running\trunning" {
			t.Errorf("%s: %s", how, out)
		}
	}
	if panics != 1 {
		t.Errorf("%d panics told", panics)
	}
	r.clear()
}
