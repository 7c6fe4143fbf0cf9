-- An apply does nothing if something that it touches is not as it was.
local dir = ...

local function refused(plan, why)
  local _, err = try(plan.apply, plan)
  assert(err and err.kind == "conflict" and tostring(err):find(why, 1, true), why .. ": " .. tostring(err))
end
local function web(name) return containers.run{ "box", "sleep", "60", name = name or "web" } end
local function gone(c) return function() c:remove{ force = true } end end

local c = web()
local spare = volumes.create("spare")
local plan = system.plan(function() spare:remove() c:remove{ force = true } end)
c:rename("shop")
refused(plan, "container web is called shop now")
assert(spare.path) -- nothing was done
c:rename("web")
assert(plan:apply() and c.state == "removed")

c = web()
plan = system.plan(gone(c))
c:restart{ timeout = 0 }
refused(plan, "container web was started again")
plan = system.plan(gone(c))
c:stop{ timeout = 0 }
refused(plan, "container web was running and is exited")
plan = system.plan(gone(c))
c:protect()
refused(plan, 'container web had protected "false" and has "true"')
c:unprotect():update{ pids_limit = 10 }
refused(plan, "limits")
plan = system.plan(gone(c))
c:remove()
refused(plan, "container web was removed")
c = web()
refused(plan, "container web was removed") -- of that name there is another
c:remove{ force = true }

-- what it makes is there, or what it makes it from is another
plan = system.plan(function() web() end)
c = web()
refused(plan, "container web was not there, and is")
c:remove{ force = true }
images.get("box"):tag("mine:1")
plan = system.plan(function() containers.create{ "mine:1", "true" } end)
images.get("box"):untag("mine:1")
refused(plan, "image mine:1 is gone")

-- users that came
plan = system.plan(function() volumes.create("data") end)
volumes.create("data")
refused(plan, "volume data was not there, and is")
plan = system.plan(function() volumes.get("data"):remove() end)
c = containers.create{ "box", "true", name = "user", volume = "data:/data" }
refused(plan, 'volume data had used by "" and has "user"')
c:remove()
plan:apply()
local back = networks.create("back")
plan = system.plan(function() back:remove() end)
back:remove()
refused(plan, "network back was removed")

-- files of the host
local file = dir .. "/file"
plan = system.plan(function() fs.write(file, "mine") end)
fs.write(file, "theirs")
refused(plan, "file " .. file .. " was not there and is a file")
plan = system.plan(function() fs.write(file, "mine") end)
fs.write(file, "other")
refused(plan, "size")
fs.remove(file)

-- a file that is no plan, or no more
local path = dir .. "/plan.json"
system.plan(function() volumes.create("data") end):save(path)
local text = fs.read(path)
local function opened(changed, kind, why)
  fs.write(path, changed)
  local _, err = try(system.open_plan, path)
  assert(err and err.kind == kind and tostring(err):find(why, 1, true), why .. ": " .. tostring(err))
end
opened(text:sub(1, #text / 2), "damaged", "no whole plan")
opened(text:gsub('"data"', '"date"'), "damaged", "changed by hand")
opened(text:gsub('"verb"', '"verbs"'), "damaged", "verbs")
opened(text .. "{}", "damaged", "no whole plan")
opened(text:gsub('"format": 1', '"format": 2'), "unsupported", "format 2")
opened("", "damaged", "no whole plan")
fs.write(path, text)
exec{ "chmod", "666", path }
opened(text, "denied", "others can write")
assert(select(2, try(system.open_plan, dir .. "/nothing")).kind == "not_found")

-- half way: what was done stays done, and the rest can be done later
local port = ports.pick(20000, 29999)
exec{ "rm", "-f", path }
system.plan(function()
  volumes.create("first")
  containers.run{ "box", "httpd", name = "late", publish = port .. ":80" }
  volumes.create("last")
end):save(path)
local other = containers.run{ "box", "httpd", name = "other", publish = port .. ":80" }
plan = system.open_plan(path)
local _, err = try(plan.apply, plan)
assert(err.kind == "partial" and #err.done == 1 and #err.failed == 2, tostring(err))
assert(tostring(err):find("1 of 3 done", 1, true) and tostring(err):find("not done: create last", 1, true), tostring(err))
assert(volumes.find("first") and not volumes.find("last") and not containers.find("late"))
other:remove{ force = true }
plan = system.open_plan(path)
assert(plan.changes[1].done and not plan.changes[2].done)
plan:apply()
assert(containers.get("late").state == "running" and volumes.find("last"))
