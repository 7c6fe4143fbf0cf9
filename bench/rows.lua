-- What bench asks of a neap that is awake: acts that are measured from within one
-- script. A line of standard input names an act and a number; the answer is a line
-- with "ok" and milliseconds, each with the name of its part if it has several.
--
--   $ echo "once 3" | neap bench/rows.lua
--   ok 4.21 4.15 4.30
args{ about = "do what bench asks, and say how long it took" }

local function clock() return time.unix(time.now()) * 1000 end

local function timed(act)
  local from = clock()
  act()
  return clock() - from
end

-- So many times, after what must come before each and is not measured.
local function each(n, act, before)
  local took = {}
  for _ = 1, n do
    if before then before() end
    table.insert(took, timed(act))
  end
  return took
end

-- The middle of a part of a list.
local function median(list, from, to)
  local part = {}
  for i = from, to do table.insert(part, list[i]) end
  table.sort(part)
  return part[math.ceil(#part / 2)]
end

local standing -- the container that pause, exec and stop are about
local crowd = {} -- those that stay until "disperse"

local acts = {}

function acts.once(n)
  return each(n, function() containers.once{ "box", "true", network = "none" } end)
end

function acts.once_net(n)
  return each(n, function() containers.once{ "box", "true" } end)
end

function acts.stand()
  standing = containers.run{ "bench", "/traffic", "obey", network = "none" }
  standing:wait{ log = "ready" }
  return {}
end

function acts.fall()
  standing:remove{ force = true }
  return {}
end

function acts.pause(n)
  return each(n, function() standing:pause():unpause() end)
end

function acts.exec(n)
  return each(n, function() standing:exec{ "true" } end)
end

-- A fresh one for each stop, as the log of a restarted one says "ready" from the first.
function acts.stop(n)
  local c
  local function obeying()
    if c then c:remove() end
    c = containers.run{ "bench", "/traffic", "obey", network = "none" }
    c:wait{ log = "ready" }
  end
  local took = each(n, function() c:stop() end, obeying)
  c:remove()
  return took
end

-- Create, start and remove so many with one port each, in loops or with the verbs of a
-- list; milliseconds for each of them.
local function lives(n, start, remove)
  local list = {}
  local create = timed(function()
    for i = 1, n do
      list[i] = containers.create{ "box", "sleep", "600", publish = (20000 + i) .. ":80", label = "bench=lives" }
    end
  end)
  local took = { create = create, start = timed(function() start(list) end), remove = timed(function() remove(list) end) }
  local all = 0
  for part, t in pairs(took) do
    took[part] = t / n
    all = all + took[part]
  end
  took.all = all
  return took
end

function acts.lives_one_by_one(n)
  return lives(n,
    function(list) for _, c in ipairs(list) do c:start() end end,
    function(list) for _, c in ipairs(list) do c:remove{ force = true } end end)
end

function acts.lives_in_bulk(n)
  return lives(n,
    function() containers.list{ label = "bench=lives" }:start() end,
    function() containers.list{ label = "bench=lives" }:remove{ force = true } end)
end

-- Makes so many at the same time, as their records reach the disk together.
local function make(n, options)
  local numbers = {}
  for i = 1, n do numbers[i] = i end
  return task.map(numbers, function() return containers.create(options) end, { max = 16 })
end

function acts.stopped(n)
  make(n, { "box", "true", network = "none", label = "bench=crowd" })
  return {}
end

-- The starts of a crowd: the first fifty and the last fifty one by one, those between
-- with the verb of a list.
function acts.running(n)
  local options = { "box", "sleep", "6000", network = "none", label = "bench=crowd" }
  local edge = math.min(50, math.floor(n / 2))
  local function one() containers.run(options) end
  local first = each(edge, one)
  local many = { "box", "sleep", "6000", network = "none", label = { "bench=crowd", "between=yes" } }
  make(n - 2 * edge, many)
  local between = timed(function() containers.list{ label = "between=yes" }:start() end)
  local last = each(edge, one)
  return { first = median(first, 1, edge), last = median(last, 1, edge), between = between / (n - 2 * edge) }
end

-- Publishes a hundred ports of each of so many.
function acts.ports(n)
  local took = timed(function()
    for i = 1, n do
      local from = 20000 + (i - 1) * 100
      local range = from .. "-" .. (from + 99)
      containers.run{ "box", "sleep", "6000", publish = range .. ":" .. range, label = "bench=crowd" }
    end
  end)
  return { all = took }
end

function acts.disperse()
  return { timed(function() containers.list{ label = "bench=crowd" }:remove{ force = true } end) }
end

local function tell(took)
  local words = { "ok" }
  for part, t in pairs(took) do
    table.insert(words, type(part) == "number" and ("%.4f"):format(t) or ("%s=%.4f"):format(part, t))
  end
  io.write(table.concat(words, " "), "\n")
  io.flush()
end

for line in io.lines() do
  local name, n = line:match("^(%S+)%s*(%d*)$")
  local took, err = try(acts[name], tonumber(n))
  if err then
    io.write("error ", tostring(err):gsub("\n", " "), "\n")
    io.flush()
  else
    tell(took)
  end
end
