-- A handle of what is gone tells what it was, and says so otherwise.
local c = containers.run{ "box", "sh", "-c", "exit 3", name = "gone" }:wait()
local again = containers.get("gone")
assert(c.exit_code == 3 and c == again)
c:remove()
for _, h in ipairs{ c, again } do
  assert(h.state == "removed" and h.name == "gone" and h.image == "box" and h.exit_code == 3 and #h.id == 64)
  assert(h:remove() == h)
  for _, ask in ipairs{
    function() return h.labels end, function() return h:start() end, function() return h:inspect() end,
    function() return h:logs() end, function() return h:exec{ "true" } end, function() return h.used_by end,
    function() return h:pause() end, function() return h:rename("x") end, function() return h:top() end,
  } do
    local _, err = try(ask)
    assert(err and err.kind == "not_found" and tostring(err):find("was removed"), tostring(err))
  end
end
local _, err = try(containers.get, "gone")
assert(err.kind == "not_found")

-- One that removes itself.
c = containers.run{ "box", "sh", "-c", "sleep 0.2; exit 4", rm = true, name = "brief" }
assert(c:wait().exit_code == 4)
c:wait{ removed = true, timeout = "10s" }
assert(c.state == "removed" and c.name == "brief" and c.exit_code == 4)
