-- What a scope made goes with it, and what was kept stays.
local archive = select(2, ...)
local seen
local function make(name)
  volumes.create(name)
  networks.create(name)
  return containers.run{ "box", "sleep", "600", name = name, network = name, volume = { name .. ":/data", "/scratch" } }
end

-- It returns what the function returned, and its defers see what it made.
local a, b = scope(function()
  local c = make("one")
  images.import(archive, { tag = "made:1" })
  defer(function() seen = c.state .. " " .. volumes.get("one").name end)
  return c, nil
end)
assert(seen == "running one", seen)
assert(a.state == "removed" and b == nil)
assert(#containers.list() == 0 and #volumes.list() == 0 and networks.find("one") == nil and images.find("made:1") == nil)

-- An error goes through, after the end.
local _, err = try(scope, function() make("two") error({ message = "no" }) end)
assert(err.message == "no" and containers.find("two") == nil and volumes.find("two") == nil)

-- So does a limit, in one of several tasks, whatever pcall does.
_, err = try(task.timeout, 0.3, function()
  scope(function() make("three") task.all{ function() while true do pcall(task.sleep, 60) end end } end)
end)
assert(err.kind == "timeout" and containers.find("three") == nil, tostring(err))

-- What a task makes belongs to the scope around it, or to its own.
local inside
scope(function()
  local all = task.map({ "a", "b", "c" }, function(name)
    return name ~= "c" and volumes.create(name) or scope(function() return volumes.create(name) end)
  end)
  inside = table.concat(volumes.list():pluck("name"), " ")
  assert(#all == 3)
end)
assert(inside == "a b", inside)
assert(#volumes.list() == 0)

-- Scopes inside one another; what is kept is kept from all of them.
local kept = scope(function()
  local c = scope(function()
    make("inner")
    return keep(make("kept"))
  end)
  assert(containers.find("inner") == nil and c.state == "running")
  keep(volumes.create("loose"))
  keep{ volumes.create("more"), networks.create("more") }
  return c
end)
assert(kept.state == "running" and volumes.get("loose") and networks.get("kept") and networks.get("more"))
assert(#volumes.list() == 4, #volumes.list())
kept:remove{ force = true, volumes = true }
volumes.list():remove()
networks.get("kept"):remove()
networks.get("more"):remove()

-- Names are nobody's: one that was used again outside stays.
local again
local finish = coroutine.wrap(function() scope(function() again = volumes.create("again") again:remove() end) end)
finish()
scope(function()
  volumes.create("again"):remove()
  keep(volumes.create("again"))
end)
volumes.get("again"):remove()

-- What others use is theirs, and is told.
_, err = try(scope, function()
  volumes.create("lent")
  keep(containers.create{ "box", "true", name = "debtor" })
  containers.create{ "box", "true", name = "user", volume = "lent:/x", protect = true }
end)
assert(err.kind == "partial" and tostring(err):find("protected") and tostring(err):find("lent"), tostring(err))
containers.get("user"):unprotect():remove()
containers.get("debtor"):remove()
volumes.get("lent"):remove()

for _, wrong in ipairs{ function() keep() end, function() keep("web") end, function() keep({ 1 }) end, function() keep(re("x")) end, function() scope() end } do
  assert(select(2, try(wrong)).kind == "invalid")
end
