-- The one filter table, lists and their verbs.
local a = containers.run{ "box", "sleep", "60", name = "a1", label = { tier = "front", x = "" } }
local b = containers.create{ "box", "true", name = "a2", label = "tier=back", network = "none", volume = { "data:/data" } }
local c = containers.run{ "box", "httpd", name = "b1", publish = "80" }

local function names(filter)
  local all = {}
  for _, x in ipairs(containers.list(filter)) do all[#all + 1] = x.name end
  return table.concat(all, " ")
end
local function is(filter, want)
  local got = names(filter)
  assert(got == want, ("got %q, want %q"):format(got, want))
end
is(nil, "b1 a2 a1")
is({ name = "a*" }, "a2 a1")
is({ name = re("^.1$") }, "b1 a1")
is({ state = { "created", "paused" } }, "a2")
is({ label = { tier = "front" } }, "a1")
is({ label = "tier" }, "a2 a1")
is({ network = "none" }, "a2")
is({ volume = "data" }, "a2")
is({ publish = "80/tcp" }, "b1")
is({ publish = c.ports[1].host_port }, "b1")
is({ ancestor = "box" }, "b1 a2 a1")
is({ state = "running", unless = { name = "b*" } }, "a1")
is({ where = function(x) return x.name == "a2" end }, "a2")
is({ created = { before = "1h" } }, "")
is({ uptime = { under = 600 } }, "b1 a1")
is({ all = true }, "b1 a2 a1")

local list = containers.list()
assert(#list == 3 and #list:where{ state = "running" } == 2)
assert(table.concat(list:sort("name"):pluck("name"), " ") == "a1 a2 b1")
assert(list:table("name", "state"):match("NAME +STATE\nb1 +running"))
local _, err = try(function() return list.name end)
assert(err.kind == "invalid")

-- Bulk verbs try all; a partial error says what was done and what not.
_, err = try(function() return list:pause() end)
assert(err.kind == "partial" and #err.done == 2 and #err.failed == 1, tostring(err))
assert(err.failed[1][1] == b and err.failed[1][2].kind == "conflict")
assert(#list:where{ state = "paused" }:unpause() == 2)
local results = containers.list{ state = "running" }:exec{ "echo", "hi" }
assert(results[1].stdout == "hi\n" and results[2].stdout == "hi\n")
assert(#containers.list{ name = "nobody" }:stop() == 0)

assert(containers.prune{ name = "a*" }[1] == b.id)
is(nil, "b1 a1")
list:remove{ force = true }
assert(#containers.list() == 0)
