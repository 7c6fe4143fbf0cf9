-- The rows of bench/run that are measured from within one script: each act so many
-- times, its median and 99th percentile in milliseconds.
--
--   neap bench/rows.lua 20
--   neap: containers.once, no network                     4.21     6.02
local opt = args{ about = "time what a script does", { "rounds", type = "integer", default = 20 } }

local function clock() return time.unix(time.now()) * 1000 end

local function row(label, act, between)
  local took = {}
  for i = 0, opt.rounds do
    local from = clock()
    act()
    if i > 0 then table.insert(took, clock() - from) end
    if between then between() end
  end
  table.sort(took)
  print(("%-52s %8.2f %8.2f"):format(label, took[math.ceil(#took / 2)], took[#took - math.floor(#took / 100)]))
end

row("neap: containers.once, no network", function() containers.once{ "box", "true", network = "none" } end)
row("neap: containers.once", function() containers.once{ "box", "true" } end)

local c = containers.run{ "box", "sleep", "600", network = "none" }
defer(function() c:remove{ force = true } end)
row("neap: pause and unpause", function() c:pause():unpause() end)
row("neap: exec true", function() c:exec{ "true" } end)
row("neap: stop of a container that obeys", function() c:stop() end, function()
  c:start()
  task.sleep(0.2) -- until it obeys
end)
