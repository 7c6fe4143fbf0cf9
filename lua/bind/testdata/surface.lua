-- A value of each kind crosses both ways.
local c = containers.run{ "httpd", "ls", name = "x", memory = "512m", env = { A = 1, B = true } }
assert(c.size == 512 * 1024 * 1024 and c.name == "x" and c.state == "running")
assert(tostring(c) == "x" and c .. "!" == "x!" and "!" .. c == "!x" and c == containers.get("x"))
assert(c ~= containers.get("web") and c.error == nil)
assert(containers.get("web").created == "2026-11-23T00:00:00.000000000Z")
---
containers.run() -- error: containers.run: options must be a table of options, got nothing
---
containers.run{} -- error: containers.run: the image is missing
---
containers.run{ "a", nmae = "x" } -- error: no option is called "nmae"; did you mean "name"?
---
containers.run{ "a", memory = "lots" } -- error: memory must be a size such as 1048576 (bytes) or "512m", got the string "lots"
---
containers.run{ "a", memory = 0/0 } -- error: memory must be a size
---
containers.run{ "a", memory = -1 } -- error: memory must be a size
---
containers.run{ "a", memory = 2^63 } -- error: memory must be a size
---
containers.run{ "cp", nil, "/x" } -- error: the list has a hole: item 2 is nil
---
containers.run{ "a", {} } -- error: word 1 of the command must be a string, got a table
---
containers.run{ "a", [true] = 1 } -- error: a key of the table is true
---
containers.run{ "a", detach = true } -- error: no option is called "detach"
---
containers.run{ "a", status = 1 } -- error: no option is called "status"
---
containers:run{ "a" } -- error: a module is called with a dot: write containers.run(…)
---
containers.rnu{} -- error: containers has no "rnu"; did you mean "run"?
---
containers.new = 1 -- error: the module containers cannot be changed
---
containers.get("web"):stop("soon") -- error: Container:stop: timeout must be a duration such as 10 (seconds) or "1m30s", got the string "soon"
---
containers.get("web"):stop(-1) -- error: timeout must be a duration
---
containers.get("web"):stop(1, 2) -- error: Container:stop: takes 1 argument at most, got 2
---
containers.get("web").stop() -- error: Container:stop: needs a Container before the colon, got nothing
---
containers.get("web").stop({}) -- error: needs a Container before the colon, got a table
---
return containers.get("web").status -- error: a Container has no "status"
---
return containers.get("web").nmae -- error: did you mean "name"?
---
containers.get("web").name = 1 -- error: Container.name cannot be assigned
---
containers.get("nobody") -- error: cannot find container "nobody": there is none
---
containers.name_of(5) -- error: container must be a Container, got 5
---
assert(containers.name_of("web") == "web" and containers.name_of(containers.get("web")) == "web")
assert(getmetatable(containers.get("web")) == false and getmetatable(containers) == false)
assert(not pcall(setmetatable, containers.list(), {}))
---
-- Filters: every form of a condition.
local function names(f) return table.concat(containers.list(f):pluck("name"), " ") end
assert(names() == "web db new" and names{ all = true } == "web db new")
assert(names{ state = "running" } == "web" and names{ state = { "running", "exited" } } == "web db")
assert(names{ name = "*e*" } == "web new" and names{ size = { over = "1k", under = "2m" } } == "db")
assert(names{ created = { before = "14d" } } == "db new" and names{ created = { after = "2026-11-10" } } == "web")
assert(names{ label = "tier" } == "web db" and names{ label = "tier=front" } == "web" and names{ label = { tier = "front", app = "x" } } == "web")
assert(names{ label = { tier = "front", app = "y" } } == "" and names{ size = "1g" } == "web")
assert(names{ unless = { state = "running", name = "new" } } == "db" and names{ all = true, unless = { name = "db" } } == "web new")
assert(names{ where = function(c) return c.size == 5 end } == "new" and names{ created = "2026-11*" } == "web db")
---
containers.list{} -- error: the filter is empty
---
containers.list{ name = nil } -- error: the filter is empty
---
containers.list{ state = {} } -- error: state: an empty table matches nothing
---
containers.list{ "web" } -- error: a filter has names: write { name = "web" }
---
containers.list{ nam = "x" } -- error: no filter is called "nam"; did you mean "name"?
---
containers.list{ state = "runing" } -- error: state is never "runing"; did you mean "running"?
---
containers.list{ size = { ovr = 1 } } -- error: size takes { over = …, under = … }, not "ovr"
---
containers.list{ size = {}, all = true } -- error: contradict
---
containers.list{ created = { before = "soon" } } -- error: created: before must be a time
---
containers.list{ unless = {} } -- error: unless must name at least one field
---
containers.list{ all = 1 } -- error: all must be true, got 1
---
containers.list{ where = function() error("boom") end } -- error: boom
---
-- Lists.
local l = containers.list()
assert(#l == 3 and l[1].name == "web" and l[99] == nil and l:first().name == "web")
local n = 0 for _, c in ipairs(l) do n = n + 1 end assert(n == 3)
assert(table.concat(l:sort("size", "desc"):pluck("name"), " ") == "web db new" and l:sort("name"):first().name == "db")
assert(l:sort(function(c) return -c.size end):first().name == "web" and l:sum("size") == 2 ^ 30 + 2 ^ 20 + 5)
assert(#l:slice(2) == 2 and l:slice(-1):first().name == "new" and #l:slice(3, 2) == 0 and #l:slice(1, 1) == 1)
assert(#l:group_by("state").running == 1 and l:map(function(c) return c.name .. "!" end)[2] == "db!")
assert(#l:where{ name = "web" } == 1 and #l:where(function(c) return c.size > 10 end) == 2)
assert(l:table("name", "size") == "NAME  SIZE\nweb   1GiB\ndb    1MiB\nnew   5B", l:table("name", "size"))
assert(tostring(l:pluck("name")) == "web\ndb\nnew" and tostring(containers.list{ name = "none" }) == "")
---
containers.list():where{} -- error: the filter is empty
---
containers.list().stopp() -- error: a list has no "stopp"; did you mean "stop"?
---
containers.list():table("nmae") -- error: did you mean "name"?
---
containers.list():map(function(c) error("inside", 0) end) -- error: inside
---
-- Bulk verbs try all.
local _, err = try(function() return containers.list():stop() end)
assert(err.kind == "partial" and #err.done == 2 and err.done[1].name == "web" and #err.failed == 1)
assert(err.failed[1][1].name == "new" and err.failed[1][2].kind == "conflict", tostring(err))
assert(#containers.list{ state = "exited" }:stop() == 2 and #containers.list{ name = "none" }:stop() == 0)
containers.list{ name = "none" }:stop("soon") -- error: timeout must be a duration
---
-- Errors are objects; what is raised comes back as it was.
local v, err = try(containers.get, "nobody")
assert(v == nil and err.kind == "not_found" and err.object == "nobody" and err.op == "find container" and err.line == 2, tostring(err.line))
assert(tostring(err) == 'cannot find container "nobody": there is none')
local ok, value = pcall(error, { code = 1 }); assert(not ok and value.code == 1)
local ok, value = pcall(containers.get, "nobody"); assert(not ok and value.kind == "not_found")
local _, e = try(error, "x"); assert(e.kind == "script" and e.message == "x")
local _, e = try(error); assert(e.kind == "script")
local _, e = try(error, err); assert(e == err)
assert(try(function() return 1 end) == 1 and select("#", try(function() return nil, nil end)) == 2)
local _, e = try(function() containers.get("web"):each(function() error({ code = 7 }) end) end)
local ok, value = pcall(function() containers.get("web"):each(function() error({ code = 7 }) end) end)
assert(not ok and value.code == 7)
assert(select(2, xpcall(containers.get, function(e) return e.kind end, "nobody")) == "not_found")
local _, e = try(function() containers.get("web"):crash() end)
assert(e.kind == "bug" and e.message:find("oops"))
local ok, e = pcall(function() local x; x.y = 1 end); assert(type(e) == "string")
assert(not pcall(function() err.kind = "x" end) and not pcall(function() return err.knid end))
error(err) -- error: there is none
---
assert(false, try(error, "y") or "given") -- error: given
---
local n = 0; local function inc() n = n + 1 end
pcall(error, "x"); inc(); try(error, "x"); inc(); assert(n == 2) -- gopher-lua alone gives 0
---
assert(containers.get("web"):each(function(i) return i * 2 end) == 6)
containers.get("web"):each(function() return "x" end) -- error: the function must return a whole number, it returned the string "x"
---
-- Coroutines: no way to leave a function that Go called.
local function tries(f) local co = coroutine.wrap(function() return pcall(f) end); return select(2, co()) end
assert(tries(function() containers.get("web"):each(function() coroutine.yield() return 1 end) end):find("cannot yield"))
assert(tries(function() table.sort({ 3, 2, 1 }, function(a, b) coroutine.yield() return a < b end) end):find("cannot yield"))
assert(tries(function() return ("x"):gsub("x", function() coroutine.yield() end) end):find("cannot yield"))
assert(tries(function() for _ in function() coroutine.yield() end do end end):find("cannot yield"))
assert(tries(function() return setmetatable({}, { __index = function() coroutine.yield() end }).x end):find("cannot yield"))
local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end); assert(co(1) == 2 and co(5) == 10)
local co; co = coroutine.create(function() return coroutine.resume(co) end)
assert(select(3, coroutine.resume(co)):find("running") and coroutine.status(co) == "dead")
assert(coroutine.running() == nil and pcall(function() assert(coroutine.running() == nil) end))
local co = coroutine.create(function() pcall(function() assert(coroutine.running()) end) assert(coroutine.status(coroutine.running()) == "running") end)
assert(coroutine.resume(co))
local w = coroutine.wrap(function() error("dead now") end); assert(not pcall(w)); assert(select(2, pcall(w)):find("dead"))
coroutine.yield() -- error: outside of a coroutine
---
local function deep() pcall(deep) end deep()
local function deeper(n) return coroutine.wrap(deeper)(n + 1) end
deeper(1) -- error: stack overflow
