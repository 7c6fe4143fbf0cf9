-- What is applied is what was planned, in its order, and nothing else.
local dir, tar = ...

local function verbs(plan)
  local all = {}
  for _, c in ipairs(plan.changes) do
    table.insert(all, c.verb .. " " .. c.kind .. " " .. c.object:gsub("plan%d+%-%x+", "planned"):gsub("neap%-%d+", "planned"))
  end
  return table.concat(all, "\n")
end

-- bulk removal
for i = 1, 5 do containers.create{ "box", "true", name = "bulk-" .. i, volume = "/data" } end
containers.create{ "box", "true", name = "spared" }
local plan = system.plan(function() containers.list{ name = "bulk-*" }:remove{ volumes = true } end)
containers.create{ "box", "true", name = "bulk-6" } -- after the plan: it is spared
assert(#plan == 5 and #containers.list() == 7)
local echo = system.plan(function() plan:apply() end)
assert(verbs(echo) == verbs(plan), verbs(echo))
assert(#containers.list() == 7)
plan:apply()
assert(#containers.list() == 2 and #volumes.list() == 0)
assert(select(2, try(plan.apply, plan)).kind == "conflict")
assert(plan.changes[1].done)
containers.list():remove()

-- a run with ports and volumes, and what refers to it by what it is before it is made
local port = ports.pick(20000, 29999)
local made
plan = system.plan(function()
  local back = networks.create("back")
  local d = fs.tempdir()
  fs.write(d .. "/index.html", "planned")
  made = containers.run{ "box", "httpd", publish = port .. ":80", volume = { "data:/data", d .. ":/www" }, network = back, restart = "on-failure:2" }
  containers.create{ "box", "true", name = "user", volumes_from = made, pid = "container:" .. made.id }
  made:exec{ "sh", "-c", "echo written > /data/x" }
  made:while_paused(function() made:protect() end)
  made:update{ pids_limit = 50 }
  made:unprotect()
  local cat = made:spawn{ "sh", "-c", "cat > /data/cat" }
  cat:write("spoken"):close():wait()
  fs.write(dir .. "/log", "done " .. d)
end)
echo = system.plan(function() plan:apply() end)
assert(verbs(echo) == verbs(plan), verbs(echo) .. "\n\n" .. verbs(plan))
plan:apply()
local user = containers.get("user")
assert(made.state == "running" and made.pid and made.ports[1].host_port == port and made.restart_policy == "on-failure:2")
assert(made.limits.pids_limit == 50 and not made.protected and made.networks[1] == "back")
assert(#user.mounts == 2 and user.mounts[1].from)
assert(system.info().kernel == "simulated" -- whose volumes are no directories
  or fs.read(volumes.get("data").path .. "/x") == "written\n" and fs.read(volumes.get("data").path .. "/cat") == "spoken")
assert(fs.read(dir .. "/log"):match("^done .*/neap%-"), fs.read(dir .. "/log"))
user:remove()
made:remove{ force = true }
networks.get("back"):remove()
volumes.get("data"):remove()

-- saved, read, and applied
local path = dir .. "/plan.json"
system.plan(function() volumes.create("www", { label = { a = "b" } }):protect() end):save(path)
assert(exec{ "stat", "-c", "%a", path, reads = true }.stdout == "600\n")
system.open_plan(path):apply()
assert(volumes.get("www").labels.a == "b" and volumes.get("www").protected)
assert(system.open_plan(path).changes[2].done)
volumes.get("www"):unprotect():remove()

-- an image from a file, and what is done with it
plan = system.plan(function()
  local img = images.import(tar, { tag = "planned:1", change = "CMD true" })
  img:tag("planned:2")
  containers.create{ "planned:2", name = "from" }
end)
plan:apply()
assert(containers.get("from").image_id == images.get("planned:1").id)
containers.get("from"):remove()
images.get("planned:1"):remove{ force = true }

-- a plan of nothing
plan = system.plan(function() end)
assert(#plan == 0 and tostring(plan) == "nothing to do" and plan:apply())

-- an error in the function is the error of plan
assert(select(2, try(system.plan, function() containers.get("nobody") end)).kind == "not_found")
