#!/usr/bin/env neap
-- What a pause does: a container counts, is frozen for a while, and goes on where it
-- was. Shows the kernel's own words for it, on cgroup v1 and v2 alike.
--
--   neap pause.lua                  on a container of its own
--   neap pause.lua web --for 5s     on one of yours: it stands still for 5 seconds
--
--   0.00s  running  /sys/fs/cgroup/freezer/neap/4be…/freezer.state: THAWED   4021 S sh
--   0.31s  paused   /sys/fs/cgroup/freezer/neap/4be…/freezer.state: FROZEN   4021 D sh
--   1.32s  running  /sys/fs/cgroup/freezer/neap/4be…/freezer.state: THAWED   4021 S sh
--   lines printed: 3 before, 0 while paused, 4 after
local opt = args{
  about = "show what a pause does to a container",
  { "container", type = "container", optional = true, about = "which one; one of its own if left out" },
  { "--for", type = "duration", default = "1s", about = "how long the pause lasts" },
}

local counter = 'n=0; while true; do n=$((n+1)); echo "tick $n"; sleep 0.1; done'
local c = opt.container
if not c then
  c = containers.run{ "box", "sh", "-c", counter }
  defer(function() c:remove{ force = true } end)
  c:wait{ log = "tick 3", timeout = "10s" }
end

local began = time.now()

local function look()
  local f, tasks = c:freezer(), {}
  for _, t in ipairs(f.tasks) do
    table.insert(tasks, ("%d %s %s"):format(t.pid, t.state, t.command))
  end
  print(("%5.2fs  %-8s %s/%s: %s   %s"):format(
    time.since(began), c.state, f.path, f.file, f.state, table.concat(tasks, ", ")))
end

local function lines()
  return select(2, c:logs():gsub("\n", ""))
end

look()
local before = lines()
local frozen, thawing = c:while_paused(function()
  look()
  local at = lines()
  task.sleep(opt["for"])
  return at, lines()
end)
look()
task.sleep(0.4)
print(("lines printed: %d before, %d while paused, %d after"):format(before, thawing - frozen, lines() - thawing))
