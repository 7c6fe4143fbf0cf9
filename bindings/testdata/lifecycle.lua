-- States and what moves between them; acts return their object and succeed if it is so already.
local c = containers.create{ "box", "sleep", "60", name = "web", label = { site = "a" }, env = { K = "v" } }
assert(c.state == "created" and c.exit_code == nil and c.pid == nil and c.uptime == nil and c.started == nil)
assert(c:start() == c and c.state == "running")
assert(c:start().state == "running")
assert(c.pid > 0 and c.uptime >= 0 and c.exit_code == nil and c.finished == nil)
assert(c.image == "box" and c.name == "web" and c.labels.site == "a" and c.env.K == "v")
assert(#c.command == 2 and c.command[1] == "sleep" and c.workdir == "/" and c.user == nil)
assert(c.created < c.started and #c.created == 30)
assert(c.restart_policy == "no" and c.restart_count == 0 and not c.protected)
assert(c.ip and c.networks[1] == "bridge")
assert(c.log_path:match("/log/out$") and c.cgroup:match(c.id .. "$"))
assert(tostring(c) == "web (" .. c.short_id .. ")" and "c: " .. c == "c: web (" .. c.short_id .. ")")
assert(("%s"):format(c) == tostring(c))

assert(c:pause():pause().state == "paused")
assert(c:freezer().frozen and c:freezer().tasks[1].command == "sleep")
local _, err = try(c.exec, c, { "true" })
assert(err.kind == "conflict", tostring(err))
assert(c:unpause():unpause().state == "running")

local before = c.pid
assert(c:restart{ timeout = 0 }.pid ~= before)
assert(c:stop{ timeout = 0 }:stop().state == "exited")
assert(c.exit_code > 0 and c.finished > c.started and c.ip == nil and #c.ports == 0) -- 2 if TERM comes before box listens for it
_, err = try(c.kill, c)
assert(err.kind == "conflict", tostring(err))
_, err = try(c.pause, c)
assert(err.kind == "conflict", tostring(err))

c:protect()
_, err = try(c.remove, c)
assert(err.kind == "denied", tostring(err))
c:unprotect()

-- A running one is refused, with a way out.
c:start()
_, err = try(c.remove, c)
assert(err.kind == "conflict" and err.hint, tostring(err))
c:remove{ force = true }
