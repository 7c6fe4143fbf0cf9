-- wait with conditions.
local c = containers.run{ "box", "sh", "-c", "sleep 0.2; echo ready now; touch /done; httpd", name = "w" }
c:wait{ log = "ready", timeout = "10s" }
c:wait{ log = re("re.dy n"), file = "/done", state = "running", timeout = "10s" }
c:wait{ port = "8080/tcp", state = "running", any = true, timeout = "10s" }
local _, err = try(c.wait, c, { file = "/never", timeout = "100ms" })
assert(err.kind == "timeout" and err.message:find("/never"), tostring(err))
_, err = try(c.wait, c, { timeout = "50ms" })
assert(err.kind == "timeout", tostring(err))
_, err = try(c.wait, c, { port = "x" })
assert(err.kind == "invalid", tostring(err))

local e = containers.run{ "box", "sh", "-c", "exit 7" }
_, err = try(e.wait, e, { log = "ready", timeout = "10s" })
assert(err.kind == "conflict" and err.message:find("7"), tostring(err))
assert(e:wait{ state = "exited", timeout = "10s" }:wait().exit_code == 7)

local h = containers.run{ "box", "httpd", name = "h" }
h:wait{ port = 80, timeout = "10s" }

-- while_paused thaws whatever happens, and hands back what was returned.
local state, two = h:while_paused(function(x) return x.state, 2 end)
assert(state == "paused" and two == 2 and h.state == "running")
_, err = try(h.while_paused, h, function() error("oops") end)
assert(err.message:find("oops") and h.state == "running")
h:pause{ lease = "200ms" }:wait{ state = "running", timeout = "10s" }

-- logs and lines.
local l = containers.run{ "box", "sh", "-c", "echo line 1; echo line 2; echo line 3; echo wrong >&2" }:wait()
assert(l:logs{ stderr = false } == "line 1\nline 2\nline 3\n")
assert(l:logs{ tail = 1, stderr = false } == "line 3\n")
assert(l:logs{ stdout = false } == "wrong\n")
assert(l:logs{ before = "1h" } == "" and l:logs{ since = "1h" } ~= "")
assert(l:logs{ timestamps = true, tail = 1 }:match("^%d%d%d%d%-%d%d%-%d%dT"))
local n = 0
for line in l:lines{ stderr = false } do n = n + 1 assert(line == "line " .. n) end
assert(n == 3)
for line in l:lines{ follow = true } do
  if line then break end
end

-- update keeps what it was not asked to change.
local u = containers.run{ "box", "sleep", "60", memory = "64m" }
u:update{ pids_limit = 50 }
assert(u.limits.memory == 64 * 1024 * 1024 and u.limits.pids_limit == 50)
u:update{ restart = "on-failure:2" }
assert(u.restart_policy == "on-failure:2" and u.limits.pids_limit == 50)
