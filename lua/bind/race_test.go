package bind_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"neap/lua/bind"
	"neap/runtime/fault"
)

const busyScript = `
local id, work = ...
local sum = 0
local function count() sum = sum + 1 end
for i = 1, 20 do
  local ok, err = pcall(function()
    local inner, why = pcall(function()
      work.rest()
      if i % 3 == 0 then error({ id = id }) end
      if i % 3 == 1 then work.fail() end
      work.call(function(n) count() if n == 2 then error("stop " .. id, 0) end return n end)
    end)
    assert(not inner)
    if type(why) == "table" then assert(why.id == id) end
    error(why)
  end)
  assert(not ok and err ~= nil)
  local co = coroutine.wrap(function(a)
    for k = 1, 3 do work.rest() a = coroutine.yield(a + k) end
    return pcall(work.crash)
  end)
  local got = co(1)
  for k = 2, 3 do got = co(got) end
  local fine, bug = co(got)
  assert(fine == false and bug.kind == "bug", tostring(bug))
  local v, e = try(work.fail)
  assert(v == nil and e.kind == "busy" and e.line > 0)
  assert(tostring(work.thing(id)) == "thing " .. id and work.thing(id).id == id)
end
assert(sum == 18 or sum == 21, sum)
return id, sum
`

func workModule() *bind.Module {
	k := bind.NewClass[int]("Thing", "a thing")
	k.Fields = []bind.Field[int]{bind.Get("id", bind.Int, "its number", func(ctx context.Context, n int) (int, error) { return n, nap(ctx) })}
	k.Text = func(n int) string { return "thing " + strconv.Itoa(n) }
	return &bind.Module{Name: "work", Doc: "work", Funcs: []*bind.Func{
		bind.Func0("rest", "Rest.", bind.Nothing, func(ctx context.Context) (bind.Void, error) { return bind.Void{}, nap(ctx) }),
		bind.Func0("fail", "Fail.", bind.Nothing, func(ctx context.Context) (bind.Void, error) {
			return bind.Void{}, errors.Join(fault.New(fault.Busy, "not now"), nap(ctx))
		}),
		bind.Func0("crash", "Crash.", bind.Nothing, func(context.Context) (bind.Void, error) { panic("crash") }),
		bind.Func1("thing", "A thing.", bind.Req("id", bind.Int, "its number"), bind.Returns(k.Kind(), "it"), func(_ context.Context, n int) (int, error) { return n, nil }),
		bind.Func1("call", "Call back, from three goroutines.", bind.Req("fn", bind.Function(bind.Returns(bind.Int, ""), bind.Int), "what"), bind.Nothing, callThrice),
	}}
}

// nap gives up the processor without waiting for the clock.
func nap(ctx context.Context) error {
	done := make(chan struct{})
	go close(done)
	<-done
	return ctx.Err()
}

func callThrice(ctx context.Context, fn bind.Callback[int, int]) (bind.Void, error) {
	errs := make([]error, 3)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = fn.Call(ctx, i+1) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return bind.Void{}, err
		}
	}
	return bind.Void{}, nil
}

// TestManyTasks runs fifty tasks in one state: nested pcall, errors, coroutines,
// panics, calls of the host and callbacks. It means most under -race.
func TestManyTasks(t *testing.T) {
	st := newState(t)
	if err := st.Install([]*bind.Module{workModule()}); err != nil {
		t.Fatal(err)
	}
	var fn *lua.LFunction
	var work lua.LValue
	st.Locked(func(L *lua.LState) {
		fn, _ = L.Load(strings.NewReader(busyScript), "busy.lua")
		work = L.GetGlobal("work")
	})
	var all sync.WaitGroup
	for id := range 50 {
		all.Go(func() {
			got, err := st.Call(context.Background(), fn, lua.LNumber(id), work)
			if err != nil {
				t.Errorf("%+v", err)
			} else if got[0] != lua.LNumber(id) {
				t.Errorf("task %d got %v", id, got[0])
			}
		})
	}
	all.Wait()
}

// TestCancel ends scripts that try to hold on: within 200 ms of a deadline that
// pcall, coroutines, xpcall and try cannot swallow.
func TestCancel(t *testing.T) {
	for _, src := range []string{
		`while true do end`,
		`while true do pcall(function() while true do end end) end`,
		`while true do xpcall(function() while true do end end, function(e) while true do end end) end`,
		`while true do try(function() while true do end end) end`,
		`local function f() pcall(f) f() end f()`,
		`while true do local co = coroutine.create(function() while true do coroutine.yield() end end) coroutine.resume(co) end`,
		`local co = coroutine.create(function() while true do coroutine.yield() end end) while true do coroutine.resume(co) end`,
		`while true do pcall(coroutine.wrap(function() while true do pcall(error) end end)) end`,
		`while true do pcall(work.call, function() while true do end end) end`,
		`while true do table.sort({ 1, 2, 3 }, function(a, b) while true do end end) end`,
	} {
		st := newState(t)
		if err := st.Install([]*bind.Module{workModule()}); err != nil {
			t.Fatal(err)
		}
		var fn *lua.LFunction
		st.Locked(func(L *lua.LState) { fn, _ = L.Load(strings.NewReader(src), "loop.lua") })
		ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
		start := time.Now()
		_, err := st.Call(ctx, fn)
		stop()
		if !fault.Is(err, fault.Timeout) {
			t.Errorf("%s: %v", src, err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s: took %s", src, d)
		}
		if _, err := st.Call(context.Background(), mustLoad(st, `local co = coroutine.wrap(function() return 5 end) assert(co() == 5) assert(pcall(work.rest))`)); err != nil {
			t.Errorf("%s: after it: %v", src, err)
		}
	}
}

func mustLoad(st *bind.State, src string) (fn *lua.LFunction) {
	st.Locked(func(L *lua.LState) { fn, _ = L.Load(strings.NewReader(src), "after.lua") })
	return fn
}

// TestRecursionThroughGo ends in an error, not in a crash.
func TestRecursionThroughGo(t *testing.T) {
	st := newState(t)
	if err := st.Install([]*bind.Module{workModule()}); err != nil {
		t.Fatal(err)
	}
	err := run(st, `local function f() containers.get("web"):each(function() f() return 1 end) end f()`)
	if err == nil || !strings.Contains(err.Error(), "stack overflow") {
		t.Error(err)
	}
}

// TestStrangeArguments gives every function what no function wants: errors, but
// no panic.
func TestStrangeArguments(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	st := bind.NewState(L, bind.Effects{Panic: func(what string, value any, _ []byte) { t.Errorf("%s: %v", what, value) }})
	st.Harden()
	if err := st.Install(testYard().modules()); err != nil {
		t.Fatal(err)
	}
	err := run(st, `
local loop = {}; loop[1] = loop; loop.x = loop
local strange = { false, 0/0, 1/0, -1/0, -1, 2^53 + 1, 1.5, ("x"):rep(1e6), "", "\0", "\255", loop, {}, { {} }, { [1.5] = 1 }, { [-1] = 1 },
  function() end, function() error("no") end, coroutine.create(function() end), containers, containers.get("web"), containers.list(), io.stdout, print }
local calls = { containers.run, containers.get, containers.name_of, containers.list,
  function(...) return containers.get("web"):stop(...) end, function(...) return containers.get("web"):each(...) end,
  containers.get("web").stop, containers.list().stop, containers.list().where, containers.list().sort, containers.list().map, containers.list().sum,
  containers.list().group_by, containers.list().slice, containers.list().table, containers.list().pluck, containers.list().first }
for i, call in ipairs(calls) do
  pcall(call)
  for _, a in ipairs(strange) do
    pcall(call, a) pcall(call, nil, a) pcall(call, { a }) pcall(call, { name = a }) pcall(call, { "x", memory = a, env = a, name = a }) pcall(call, { env = { a }, "x" })
    pcall(call, { size = a, state = a, created = a, label = a }) pcall(call, { size = { over = a } }) pcall(call, { where = a }) pcall(call, { unless = a })
    pcall(call, containers.list(), a) pcall(call, containers.get("web"), a)
    for _, b in ipairs(strange) do pcall(call, a, b) pcall(call, a, b, a) end
    pcall(function() return containers.get("web")[a] end) pcall(function() return containers.list()[a] end) pcall(function() return containers[a] end)
  end
end`)
	if err != nil {
		t.Error(err)
	}
}

// TestManyObjects leaves nothing behind.
func TestManyObjects(t *testing.T) {
	st := newState(t)
	before := runtime.NumGoroutine()
	err := run(st, `for i = 1, 10000 do
		local c = containers.get("web"); local co = coroutine.create(function() coroutine.yield(c.state) end); coroutine.resume(co) end`)
	if err != nil || runtime.NumGoroutine() > before+2 {
		t.Errorf("%v, %d goroutines before, %d after", err, before, runtime.NumGoroutine())
	}
}
