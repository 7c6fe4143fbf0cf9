#!/usr/bin/env neap
-- Removes what nobody needs any more: containers that ended long ago, images that no
-- container uses, anonymous volumes without users. Says first what it would do.
--
--   neap cleanup.lua --dry-run               only the plan
--   neap cleanup.lua --older 7d --keep 'db*' spare containers called db…
--   neap cleanup.lua --images --volumes      images and volumes too
--
--   container  old-web      exited 12 days ago   httpd:2.4
--   image      httpd:2.4    148MB
--   2 to remove
--   old-web
--   Untagged: httpd:2.4
--   Deleted: sha256:4b1a…
local opt = args{
  about = "remove containers that ended, and what only they needed",
  { "--older", type = "duration", default = "1d", about = "only containers that ended longer ago" },
  { "--keep", type = "string", rest = true, about = "spare containers of this name (* is anything); may be repeated" },
  { "--label", type = "string", about = "only containers with this label (K or K=V)" },
  { "--images", about = "remove images that no container uses then" },
  { "--volumes", about = "remove anonymous volumes that no container uses then" },
  { "--dry-run", short = "n", about = "say what would be done, and do nothing" },
}

local filter = { state = { "exited", "dead" }, finished = { before = opt.older }, label = opt.label }
if #opt.keep > 0 then filter.unless = { name = opt.keep } end
local old = containers.list(filter)

-- Whether all the users of a thing are about to go.
local going = {}
for _, c in ipairs(old) do going[c.name] = true end
local function free(thing)
  for _, user in ipairs(thing.used_by) do
    if not going[user] then return false end
  end
  return true
end

local unused = opt.images and images.list():where(free) or {}
local loose = opt.volumes and volumes.list():where(function(v) return v.anonymous and free(v) end) or {}

for _, c in ipairs(old) do
  print(("container  %-20s exited %s ago  %s"):format(c.name, units.duration(math.floor(time.since(c.finished))), c.image))
end
for _, i in ipairs(unused) do print(("image      %-20s %s"):format(i.tags[1] or i.short_id, units.size(i.size))) end
for _, v in ipairs(loose) do print(("volume     %-20s %s"):format(v.name:sub(1, 12), units.size(v.size))) end
print(#old + #unused + #loose .. " to remove")
if opt.dry_run then return end

for _, c in ipairs(old:remove()) do print(c.name) end
for _, i in ipairs(unused) do print(i:remove{ force = true }) end
for _, v in ipairs(loose) do print(v:remove().name) end
