-- What a plan shows to later reads: what it removed is gone, what it made is there, and
-- what only the applying would tell is an error that names it.
local web = containers.run{ "box", "sleep", "60", name = "web", label = { a = "b" } }
local old = containers.create{ "box", "true", name = "old", volume = { "www:/www", "/anonymous" } }
volumes.create("spare")

local function unknown(what, fn, ...)
  local _, err = try(fn, ...)
  assert(err and err.kind == "unsupported" and tostring(err):find(what, 1, true), what .. ": " .. tostring(err))
end
local function fact(object, name) return object[name] end

local plan = system.plan(function()
  assert(web.state == "running" and #containers.list() == 2)

  -- what a stop makes unknown, and what it leaves
  web:stop()
  assert(web.state == "exited" and web.pid == nil and web.name == "web" and web.labels.a == "b")
  unknown("exit_code of web", fact, web, "exit_code")
  unknown("finished of web", fact, web, "finished")
  unknown("inspect()", web.inspect, web)
  assert(#containers.list{ state = "running" } == 0 and containers.get("web") == web)
  assert(web:stop().state == "exited")

  -- what is removed
  old:remove{ volumes = true }
  assert(old.state == "removed" and containers.find("old") == nil and old:remove())
  assert(try(containers.get, "old") == nil and #containers.list() == 1)
  assert(table.concat(volumes.list():pluck("name"), " ") == "spare www" and #volumes.get("www").used_by == 0)
  volumes.get("www"):remove()
  assert(volumes.find("www") == nil)

  -- what is made
  local back = networks.create("back", { label = { x = "y" } })
  assert(networks.get("back") == back and back.labels.x == "y" and not back.internal)
  unknown("subnet of back", fact, back, "subnet")
  local db = containers.create{ "box", "sleep", "60", name = "db", network = back, volume = "data:/data", env = { K = 1 }, memory = "64m" }
  assert(db.state == "created" and db.env.K == "1" and db.command[1] == "sleep" and db.limits.memory == 64 * 2 ^ 20)
  assert(db.networks[1] == "back" and db.mounts[1].name == "data" and db.image == "box" and db.image_id == images.get("box").id)
  assert(containers.get("db") == db and containers.list()[1] == db and volumes.get("data").used_by[1] == "db")
  unknown("created of db", fact, db, "created")
  db:start()
  assert(db.state == "running" and db.exit_code == nil and back.used_by[1] == "db")
  unknown("pid of db", fact, db, "pid")
  unknown("ip of db", fact, db, "ip")
  unknown("output of db", db.logs, db)
  assert(try(networks.get("back").remove, back) == nil) -- in use
  assert(select(2, try(containers.create, { "box", name = "db" })).kind == "exists")
  assert(select(2, try(containers.create, { "box", hostname = "no host!" })).kind == "invalid")
  local shop = db:rename("shop")
  assert(shop.name == "shop" and containers.find("db") == nil and containers.get("shop") == db)

  -- programs
  local r = db:exec{ "echo", "hi" }
  unknown("stdout of echo hi", fact, r, "stdout")
  local x = db:spawn{ "cat" }
  x:write("hi\n"):close()
  unknown("output of cat", x.read, x)
  unknown("exit_code", fact, x:wait(), "exit_code")
  unknown("stdout", fact, containers.once{ "box", "echo", "hi" }, "stdout")

  -- what waits for what is planned is part of the plan
  db:wait{ state = "running", timeout = "5s" }
  assert(db:kill():wait().state == "exited")

  -- images
  local mine = images.get("box"):tag("mine:1")
  assert(images.get("mine:1") == mine and #mine.tags == 2)
  local pulled = images.pull("127.0.0.1:1/absent")
  assert(pulled.tags[1] == "127.0.0.1:1/absent:latest" and images.find("127.0.0.1:1/absent") == pulled)
  unknown("size", fact, pulled, "size")
  local c = containers.create{ "127.0.0.1:1/absent", "run", name = "far" }
  assert(c.command[1] == "run")
  unknown("env of far", fact, c, "env")
  images.remove("mine:1")
  assert(images.find("mine:1") == nil and images.find("box"))

  -- the host
  fs.write(fs.tempdir() .. "/x", "text")
  local d = fs.tempdir()
  fs.write(d .. "/x", "text")
  assert(fs.read(d .. "/x") == "text" and fs.exists(d .. "/x") and fs.list(d)[1] == "x")
  fs.remove(d, { recursive = true })
  assert(not fs.exists(d .. "/x"))
  unknown("stdout of touch", fact, exec{ "touch", "/never/there" }, "stdout")
  assert(exec{ "echo", "hi", reads = true }.stdout == "hi\n")
  unknown("status of POST", fact, http.request("http://127.0.0.1:1/", { method = "POST" }), "status")
  assert(select(2, try(http.get, "http://127.0.0.1:1/")).kind == "failed")

  -- scopes and defers
  scope(function()
    containers.create{ "box", "true", name = "brief" }
    volumes.create("kept")
    keep(volumes.get("kept"))
  end)
  assert(containers.find("brief") == nil and volumes.find("kept"))
  defer(function() volumes.create("late") end)
end)

-- nothing of it was done
assert(web.state == "running" and old.state == "created" and volumes.find("data") == nil and volumes.find("late") == nil)
assert(networks.find("back") == nil and images.find("mine:1") == nil and not containers.find("shop"))

-- and all of it was taken down
local said = {}
for i, c in ipairs(plan.changes) do
  assert(c.number == i and c.reason:match("plan_reads.lua:%d+$"), tostring(c))
  table.insert(said, c.verb .. " " .. c.kind)
end
local want = [[stop container, remove container, remove volume, create network, create container, start container,
rename container, exec container, spawn container, write program, close program, wait program, once container,
wait container, kill container, wait container, tag image, pull image, create container, untag image,
tempdir file, write file, tempdir file, write file, remove file, run program, request page,
create container, create volume, remove container, create volume]]
assert(table.concat(said, ", ") == want:gsub("\n", " "), table.concat(said, ", "))
local changes = plan.changes
assert(changes[2].size or system.info().kernel == "simulated", tostring(plan)) -- which has no files to weigh
assert(#plan == #changes and changes[3].needs[1] == 2 and changes[5].needs[1] == 4 and changes[6].needs[1] == 5)
assert(tostring(plan):match("^NUMBER +VERB") and tostring(changes[1]):match("^stop container web, for "))
