-- neap logs: show what a container printed.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap logs [OPTIONS] CONTAINER

Show the output of a container

Options:
  -f, --follow         Go on as long as it lives
      --since string   Only what came after (2026-11-23T10:00:00Z, or 10m for that long ago)
  -n, --tail string    Only so many lines from the end (all)
  -t, --timestamps     Show the time of each line
      --until string   Only what came before
]]

local tail = (opt.tail or "all") ~= "all" and tonumber(opt.tail) or nil
if opt.tail and opt.tail ~= "all" and not tail then
  cli.misused("--tail must be a number or all, not " .. opt.tail)
end

-- A time of Docker's: its own forms, or seconds since 1970.
local function at(text)
  local seconds = text and tonumber(text)
  return seconds and time.at(seconds) or text
end

local c = containers.get(names[1])
local which = { tail = tail, since = at(opt.since), before = at(opt["until"]), timestamps = opt.timestamps }
if opt.follow then
  which.follow = true
  for line in c:lines(which) do print(line) end
else
  io.write(c:logs(which))
end
