-- Verbs of lists: all are tried, in the order of the list, and what was done and what
-- not is told.
local all = {}
for i = 1, 20 do all[i] = containers.create{ "box", "sleep", "60", name = ("n%02d"):format(i), network = "none" } end
local list = containers.list():sort("name")
assert(#list == 20 and list[1] == all[1])

local started = list:start()
assert(#started == 20 and started[7] == all[7])
assert(#containers.list{ state = "running" } == 20)
assert(#list:pause() == 20 and #containers.list{ state = "paused" } == 20)
assert(#list:unpause() == 20)

-- Those that are not as the verb wants them are told one by one; the others are done.
list:slice(1, 5):stop{ timeout = 0 }
local _, err = try(list.kill, list)
assert(err.kind == "partial" and #err.done == 15 and #err.failed == 5, tostring(err))
for i, pair in ipairs(err.failed) do
  assert(pair[1] == all[i] and pair[2].kind == "conflict" and pair[2].object == all[i].name)
end
assert(err.done[1] == all[6])
list:wait{ state = "exited", timeout = "10s" }
for _, c in ipairs(list:slice(6, 20)) do assert(c.exit_code == 137) end

-- Programs in all of them, in order.
list:start()
for _, r in ipairs(list:exec{ "echo", "hi" }) do assert(r.stdout == "hi\n" and r.exit_code == 0) end
_, err = try(list.exec, list, { "false" })
assert(err.kind == "partial" and #err.failed == 20 and err.failed[20][2].kind == "failed")

-- Protected ones stay.
all[3]:protect()
_, err = try(list.remove, list, { force = true })
assert(err.kind == "partial" and #err.failed == 1 and err.failed[1][1] == all[3] and err.failed[1][2].kind == "denied", tostring(err))
assert(#containers.list() == 1)
containers.list():unprotect():remove{ force = true }
assert(#containers.list() == 0)
