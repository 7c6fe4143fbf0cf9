-- Tests of cleanup.lua, in a simulated world: neap test scripts/examples
--
--   cleanup_test.lua
--     ok      removes what ended long ago, and says so first
--   …
local function names()
  return table.concat(containers.list():sort("name"):pluck("name"), " ")
end

-- One that ended long ago, one that ended just now, and one that runs.
local function three(t)
  containers.run{ "box", "true", name = "old", volume = "/data" }
  t:advance("10d")
  containers.run{ "box", "true", name = "young" }
  containers.run{ "box", "sleep", "60d", name = "up" }
end

test("removes what ended long ago, and says so first", function(t)
  three(t)
  local r = t:run("cleanup.lua", "--older", "7d")
  t:equal(r.exit_code, 0)
  t:equal(r.stdout, "container  old                  exited 10d ago  box\n1 to remove\nold\n")
  t:equal(names(), "up young")
end)

test("a dry run removes nothing", function(t)
  three(t)
  local r = t:run("cleanup.lua", "--older", "7d", "--dry-run", "--volumes")
  assert(r.stdout:match("2 to remove\n$"), r.stdout)
  t:equal(names(), "old up young")
  t:equal(#volumes.list(), 1)
end)

test("takes images and volumes that only the old ones needed", function(t)
  t:answer("httpd*", { "serve" }, { exit_code = 1 })
  t:image("httpd:2.4", { size = "148m", created = "30d" })
  containers.run{ "httpd:2.4", name = "old", volume = { "/data", "kept:/kept" } }
  t:advance("2d")
  local r = t:run("cleanup.lua", "--images", "--volumes")
  t:equal(r.exit_code, 0)
  t:equal(names(), "")
  t:equal(images.list():pluck("tags"):map(function(tags) return tags[1] end)[1], nil)
  t:equal(volumes.list():pluck("name")[1], "kept")
end)

test("spares by name, and what is young", function(t)
  three(t)
  t:advance("2d")
  t:equal(t:run("cleanup.lua", "--keep", "o*").stdout:match("^container  (%S+)"), "young")
  t:equal(names(), "old up")
end)

test("what cannot be removed is told, the rest is done", function(t)
  three(t)
  containers.get("old"):protect()
  t:advance("2d")
  local r = t:run("cleanup.lua")
  t:equal(r.exit_code, 3)
  assert(r.stderr:find("protected", 1, true), r.stderr)
  t:equal(names(), "old up")
end)

test("a misspelt option is wrong usage", function(t)
  local r = t:run("cleanup.lua", "--oldr", "1d")
  t:equal(r.exit_code, 2)
  assert(r.stderr:find("no option is called --oldr", 1, true), r.stderr)
end)
