#!/usr/bin/env neap
-- Backs a data container up, as the tutorial does: a container that lives only for this
-- takes the volumes of the data container, read-only, and packs them into a file of the
-- day. The file is read back before old ones are removed.
--
--   neap backup.lua my-data /srv/backup
--   neap backup.lua my-data /srv/backup --pause --keep 14
--
--   my-data: 3 files in /srv/backup/my-data-2026-11-23-100000-123.tar.gz, 1.2KiB
--   removed /srv/backup/my-data-2026-11-09-100000-456.tar.gz
local opt = args{
  about = "back up the volumes of a container",
  { "data", type = "container", about = "the container whose volumes are saved" },
  { "to", type = "path", about = "the directory for the backups" },
  { "--keep", type = "integer", default = 7, about = "how many backups of it to keep" },
  { "--pause", about = "hold its users still meanwhile" },
  { "--image", default = "box", about = "an image that has tar" },
}

local targets = {}
for _, m in ipairs(opt.data.mounts) do
  if m.type ~= "tmpfs" then table.insert(targets, (m.target:gsub("^/", ""))) end
end
if #targets == 0 then
  error(opt.data.name .. " has no volumes", 0)
end

fs.mkdir(opt.to)
local to = exec{ "realpath", opt.to, reads = true }.stdout:gsub("\n", "")
local stamp = time.now():sub(1, 23):gsub("[T.]", "-"):gsub(":", "")
local file = ("%s-%s.tar.gz"):format(opt.data.name, stamp)

-- Runs tar beside the volumes and the backups.
local function tar(...)
  return containers.once{
    volumes_from = opt.data.name .. ":ro", volume = to .. ":/backup", opt.image, "tar", ...
  }.stdout
end

-- Until it is known to be good, the file is a hidden one.
local hidden = to .. "/." .. file
defer(function() fs.remove(hidden) end)

-- Those that write to the volumes: the container, and whoever took its volumes.
local function writers()
  local list = containers.list{ state = "running", name = { opt.data.name, unpack(opt.data.used_by) } }
  return opt.pause and list or list:where(function() return false end)
end

local still = writers()
defer(function() still:unpause() end)
still:pause{ lease = "10m" }
tar("czf", "/backup/." .. file, "-C", "/", unpack(targets))
still:unpause()

local names = tar("tzf", "/backup/." .. file)
exec{ "mv", hidden, to .. "/" .. file }
local size = #fs.read(to .. "/" .. file)
print(("%s: %d files in %s/%s, %s"):format(
  opt.data.name, select(2, names:gsub("[^/\n]\n", "")), to, file, units.size(size)))

-- The oldest go; names sort as times do.
local mine = {}
for _, name in ipairs(fs.list(to)) do
  local rest = name:sub(#opt.data.name + 2)
  if name:sub(1, #opt.data.name + 1) == opt.data.name .. "-" and rest:match("^%d+%-%d+%-%d+%-%d+%-%d+%.tar%.gz$") then
    table.insert(mine, name)
  end
end
for i = 1, #mine - opt.keep do
  fs.remove(to .. "/" .. mine[i])
  print("removed " .. to .. "/" .. mine[i])
end
