-- Restart policies, what removes itself, and what a stop means to them.
local c = containers.run{ "box", "sh", "-c", "sleep 0.2; exit 3", restart = { policy = "on-failure", max = 2, min_delay = "50ms" }, name = "again" }
c:wait{ state = "restarting", timeout = "10s" }
c:wait{ state = "exited", timeout = "20s" }
assert(c.exit_code == 3 and c.restart_count == 2 and c.restart_policy == "on-failure:2", tostring(c.restart_count))

-- One that ends well is left alone by on-failure.
local well = containers.run{ "box", "true", restart = "on-failure", name = "well" }:wait()
assert(well.state == "exited" and well.exit_code == 0 and well.restart_count == 0)

-- A stop ends what always begins anew, and a start by hand begins the count anew.
local always = containers.run{ "box", "sh", "-c", "sleep 0.1; exit 1", restart = { policy = "always", min_delay = "50ms", max_delay = "100ms" }, name = "always" }
always:wait{ state = "restarting", timeout = "10s" }
assert(always:stop{ timeout = 0 }.state == "exited")
always:start()
assert(always.restart_count == 0)
always:kill():wait{ state = "exited", timeout = "10s" }

-- It is gone with its anonymous volumes, and its name is free.
local brief = containers.run{ "box", "true", rm = true, volume = "/data", name = "brief" }
brief:wait{ removed = true, timeout = "10s" }
assert(containers.find("brief") == nil and #volumes.list() == 0)

for _, wrong in ipairs{
  { "box", "true", restart = "sometimes" }, { "box", "true", restart = "always:3" }, { "box", "true", restart = "always", rm = true },
} do
  local _, err = try(containers.create, wrong)
  assert(err.kind == "invalid", tostring(err))
end
