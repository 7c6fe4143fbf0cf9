-- once, exec, spawn: results, failures, streams.
local real = system.info().kernel ~= "simulated" -- a shell, with variables and loops, and a terminal

local r = containers.once{ "box", "sh", "-c", "echo out; echo err >&2" }
assert(r.exit_code == 0 and r.stdout == "out\n" and r.stderr == "err\n" and r.signal == nil and r.duration >= 0,
  ("%s %q %q %s"):format(r, r.stdout, r.stderr, r.duration))
assert(#containers.list() == 0)

local _, err = try(containers.once, { "box", "sh", "-c", "echo no >&2; exit 3" })
assert(err.kind == "failed" and err.result.exit_code == 3 and err.result.stderr == "no\n" and err.hint == "no", tostring(err))
_, err = try(containers.once, { "box", "sleep", "60", timeout = "200ms" })
assert(err.kind == "timeout", tostring(err))
_, err = try(containers.once, { "box", "nothing-like-it" })
assert(err.kind == "not_found", tostring(err))
assert(containers.once{ "box", "echo", "kept", rm = false, name = "kept" }.stdout == "kept\n")
assert(containers.get("kept"):logs() == "kept\n")
assert(containers.once{ "box", "echo", "seen", stdout = "inherit" }.stdout == "")

local c = containers.run{ "box", "sleep", "60" }
r = c:exec{ "echo", "hi" }
assert(r.stdout == "hi\n" and r.stderr == "" and r.duration >= 0)
if real then
  r = c:exec{ "sh", "-c", "echo $A; pwd", env = { A = "b" }, workdir = "/tmp" }
  assert(r.stdout == "b\n/tmp\n", r.stdout)
end
_, err = try(c.exec, c, { "false" })
assert(err.kind == "failed" and err.result.exit_code == 1)
assert(c:exec{ "false", check = false }.exit_code == 1)
_, err = try(c.exec, c, { "sleep", "60", timeout = "200ms" })
assert(err.kind == "timeout", tostring(err))
_, err = try(c.exec, c, { "sh", tty = true, interactive = true })
assert(err.kind == "invalid" and err.message:find("terminal"), tostring(err))
if real then assert(c:exec{ "tty", tty = true }.exit_code == 0) end
_, err = try(c.exec, c, {})
assert(err.kind == "invalid")

local x = c:spawn{ "sh", "-c", "cat; echo bye >&2; exit 5" }
assert(x.pid > 0)
assert(x:write("one\n"):read{ timeout = "10s" } == "one")
x:write("two\nthree\n"):close()
local got = {}
for line in x:lines() do got[#got + 1] = line end
assert(table.concat(got, ",") == "two,three")
assert(x:read() == nil)
r = x:wait{ timeout = "10s" }
assert(r.exit_code == 5 and r.stderr == "bye\n")
if real then
  local loop = c:spawn{ "sh", "-c", "while read line; do echo got $line; done" }
  assert(loop:write("one\n"):close():read{ timeout = "10s" } == "got one")
end
local y = c:spawn{ "sleep", "60" }
_, err = try(y.read, y, { timeout = "50ms" })
assert(err.kind == "timeout", tostring(err))
assert(y:kill():wait().exit_code == 137)
