package std_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"neap/lua/bind"
	"neap/lua/host"
	"neap/lua/std"
	"neap/runtime/testenv"
)

// TestTasks runs scripts that say what their tasks did.
func TestTasks(t *testing.T) {
	for _, c := range []struct{ name, src, out string }{
		{"map keeps the order", `
local got = task.map({ 3, 1, 2 }, function(n, at) task.sleep(n / 1000) return n .. at end)
print(table.concat(got, " "))`, "31 12 23\n"},
		{"map of nothing", `print(#task.map({}, error), #task.all{})`, "0\t0\n"},
		{"nothing counts as false", `local got = task.map({ 1, 2 }, function(n) if n == 2 then return n end end) print(#got, got[1], got[2])`, "2\tfalse\t2\n"},
		{"map runs so many at once", `
local now, top = 0, 0
task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function() now = now + 1; top = math.max(top, now) task.sleep(0.005) now = now - 1 end, { max = 3 })
print(top)`, "3\n"},
		{"map tries all", `
local _, err = try(task.map, { "a", "b", "c" }, function(x) task.sleep(0.001) if x ~= "b" then error({ message = "no " .. x }) end return x .. "!" end)
print(err.kind, #err.done, err.done[1], err.failed[1][1], err.failed[2][1], err.failed[2][2].message)
print(err.message)`, "partial\t1\tb!\ta\tc\tno c\n2 of 3 not done: a: no a; c: no c\n"},
		{"all cancels the rest, waits, and raises the first error", `
local ok, err = pcall(task.all, {
  function() defer(function() print("first ends") end) task.sleep(60) print("never") end,
  function() task.sleep(0.001) error("boom", 0) end,
  function() defer(function() task.sleep(0.01) print("last ends") end) pcall(task.sleep, 60) print("never") end })
print(ok, err)`, "first ends\nlast ends\nfalse\tboom\n"},
		{"race cancels the rest, and waits", `
print(task.race{ function() defer(function() print("loser ends") end) while true do pcall(task.sleep, 60) end end, function() task.sleep(0.001) return "won", 2 end })`, "loser ends\nwon\t2\n"},
		{"race goes on after an error", `print(task.race{ function() error("x") end, function() task.sleep(0.001) return "won" end })`, "won\n"},
		{"race that nobody wins", `print(pcall(task.race, { function() error("x", 0) end, function() task.sleep(0.002) error("y", 0) end }))`, "false\tx\n"},
		{"timeout", `
local n = 0
local ok, err = pcall(task.timeout, 0.02, function() defer(function() print("defer", coroutine.wrap(function() coroutine.yield(1) end)()) end) while true do pcall(function() while true do n = n + 1 end end) end end)
print(ok, err.kind, n > 0)
print(task.timeout("1m", function(...) return 1, nil, select("#", ...) end))`, "defer\t1\nfalse\ttimeout\ttrue\n1\tnil\t0\n"},
		{"timeout of what ended with an error", `print(pcall(task.timeout, 60, function() error("x", 0) end))`, "false\tx\n"},
		{"timeouts inside one another", `
print(select("#", pcall(task.timeout, 0.02, function() print(pcall(task.timeout, 60, function() task.sleep(60) end)) end)))
print(select(2, pcall(task.timeout, 60, function() return select(2, pcall(task.timeout, 0.001, function() task.sleep(60) end)).kind end)))
local outer = select(2, try(task.timeout, 0.02, function() pcall(task.timeout, 60, function() task.sleep(60) end) print("never") end))
print(outer.message)`, "2\ntimeout\nnot done within 20ms\n"},
		{"a coroutine made outside heeds the limit", `
local co = coroutine.create(function() while true do coroutine.yield(1) end end)
local spin = coroutine.create(function() coroutine.yield() while true do end end)
coroutine.resume(spin)
print(select(2, try(task.timeout, 0.01, function() while true do coroutine.resume(co) end end)).kind)
print(select(2, try(task.timeout, 0.01, function() coroutine.resume(spin) end)).kind)
`, "timeout\ntimeout\n"},
		{"a coroutine made in a task that was canceled lives", `
local co
pcall(task.timeout, 0.01, function() co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) co() task.sleep(60) end)
print(co(), co())`, "2\t3\n"},
		{"tasks see each other's locals and take turns", `
local log, done = {}, false
task.all{ function() task.poll(function() return done end, { every = 0.001 }) log[#log + 1] = "saw" end, function() log[#log + 1] = "do" done = true end }
print(table.concat(log, " "))`, "do saw\n"},
		{"tasks in tasks", `
print(#task.map({ 1, 2, 3 }, function(a) return task.map({ 1, 2, 3 }, function(b) task.sleep(0.001) return a * b end):sum(function(x) return x end) end),
  task.map({ 1, 2, 3 }, function(a) return task.all{ function() return a end }[1] end)[3])`, "3\t3\n"},
		{"what is wrong", `
for _, f in ipairs{ function() task.map({ 1 }, print, { max = 0 }) end, function() task.map({ x = 1 }, print) end, function() task.map({ 1 }) end, function() task.all{ 5 } end,
  function() task.race{} end, function() task.map({ 1 }, print, { most = 2 }) end } do print(select(2, try(f)).kind) end`, strings.Repeat("invalid\n", 6)},
		{"yield is refused", `
local co = coroutine.create(function() task.all{ function() coroutine.yield(1) end } end)
local ok, err = coroutine.resume(co)
print(ok, tostring(err):match("cannot yield out of a function given to neap or pcall") ~= nil, coroutine.status(co))
for _, f in ipairs{ function() local _, err = pcall(coroutine.yield) error(err, 0) end, function() table.sort({ 2, 1 }, coroutine.yield) end, function() ("x"):gsub("x", coroutine.yield) end,
  function() return setmetatable({}, { __index = coroutine.yield }).x end, function() for _ in coroutine.yield do end end } do
  local co = coroutine.create(function() return pcall(f) end)
  local _, ok, err = coroutine.resume(co)
  print(ok, tostring(err):match("cannot yield"), coroutine.status(co))
end`, "false\ttrue\tdead\n" + strings.Repeat("false\tcannot yield\tdead\n", 5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			h := newHost(t, &out)
			err := h.RunString(context.Background(), "test.lua", c.src, nil)
			if err != nil || out.String() != c.out {
				t.Errorf("%s\n%v", out.String(), err)
			}
		})
	}
}

const crowd = `
local n, ids, ended = 0, {}, 0
for i = 1, 50 do ids[i] = i end
local function work(id)
  defer(function() task.sleep(0.0001) ended = ended + 1 end)
  for i = 1, 10 do
    local ok, err = pcall(function()
      local inner, why = pcall(function()
        task.sleep(0.0001)
        if i % 3 == 0 then error({ id = id }) end
        return task.map({ 1, 2, 3 }, function(x) task.sleep(0.0001) if x == 2 and i % 3 == 1 then error(id, 0) end return x + id end)
      end)
      assert(inner == (i % 3 == 2), tostring(why))
      if i % 3 == 0 then assert(why.id == id) elseif i % 3 == 1 then assert(why.kind == "partial" and why.failed[1][2].message == tostring(id)) else assert(why[3] == 3 + id) end
      local got, late = try(task.timeout, 0.0005, function() while true do pcall(task.sleep, 1) end end)
      assert(got == nil and late.kind == "timeout")
      assert(task.race{ function() task.sleep(60) end, function() return id end } == id)
      error(why)
    end)
    assert(not ok and err ~= nil)
    local co = coroutine.wrap(function(a) for k = 1, 3 do task.sleep(0.0001) a = coroutine.yield(a + k) end return "end" end)
    local got = co(1)
    for k = 2, 3 do got = co(got) end
    assert(got == 7 and co() == "end")
    n = n + 1
  end
  return id
end
local got = task.map(ids, work, { max = 50 })
for i = 1, 50 do assert(got[i] == i) end
assert(n == 500 and ended == 50, n .. " " .. ended)
local _, err = try(task.timeout, 0.02, function() task.map(ids, function(id) while true do pcall(work, id) end end, { max = 50 }) end)
assert(err.kind == "timeout")
local before = ended
task.sleep(0.01)
assert(ended == before, "a task outlived its timeout")
`

// TestCrowd is fifty tasks with nested pcall, errors, coroutines, limits and a
// cancel. It means most under -race.
func TestCrowd(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out)
	before := runtime.NumGoroutine()
	if err := h.RunString(context.Background(), "crowd.lua", crowd, nil); err != nil {
		t.Fatal(h.Explain(err))
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return runtime.NumGoroutine() <= before }, "the goroutines of tasks end")
}

// TestEnded ends a run from outside and from within while its tasks hold on to
// what they can: every defer runs, and the code is that of the first reason.
func TestEnded(t *testing.T) {
	const tasks = `
local ids, n = {}, 0
for i = 1, 50 do ids[i] = i end
task.map(ids, function()
  defer(function() print("d") end)
  n = n + 1
  if n == 50 then %s end
  while true do pcall(function() pcall(task.sleep, 60) coroutine.wrap(function() pcall(task.sleep, 60) end)() end) end
end, { max = 50 })`
	for last, code := range map[string]int{"pcall(os.exit, 7)": 7, "ready()": 130} {
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(context.Background())
		ready := &bind.Module{Globals: []string{"ready"}, Make: func() []*bind.Func {
			return []*bind.Func{bind.Func0("ready", "Say that all are there.", bind.Nothing, func(context.Context) (bind.Void, error) {
				cancel()
				return bind.Void{}, nil
			})}
		}}
		h, err := host.New(host.Options{Modules: append(std.Modules(std.Effects{}), ready), Stdout: &out, Stderr: &out})
		if err != nil {
			t.Fatal(err)
		}
		err = h.RunString(ctx, "tasks.lua", fmt.Sprintf(tasks, last), nil)
		if host.ExitCode(err) != code || out.String() != strings.Repeat("d\n", 50) {
			t.Errorf("%s: %v %q", last, err, out.String())
		}
		cancel()
		h.Close()
	}
}
