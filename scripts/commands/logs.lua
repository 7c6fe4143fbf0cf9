-- neap logs: show what a container printed, each stream where it belongs; with -f all
-- of it on standard output.
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
  return
end

-- The lines of one stream, each with its time.
local function stream(name)
  which.timestamps, which.stdout, which.stderr = true, name == "out", name == "err"
  local list = {}
  for line in c:logs(which):gmatch("[^\n]*\n?") do
    if line ~= "" then
      table.insert(list, { at = line:sub(1, 30), text = opt.timestamps and line or line:sub(32), name = name })
    end
  end
  return list
end

-- Both streams in the order of time, each to where the program wrote it.
local out, err, both = stream("out"), stream("err"), {}
local i, j = 1, 1
while out[i] or err[j] do
  if not err[j] or out[i] and out[i].at <= err[j].at then
    table.insert(both, out[i])
    i = i + 1
  else
    table.insert(both, err[j])
    j = j + 1
  end
end
for k = math.max(1, #both - (tail or #both) + 1), #both do
  if both[k].name == "out" then io.write(both[k].text) else io.stderr:write(both[k].text) end
end
