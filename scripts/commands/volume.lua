-- neap volume: make, list, inspect and remove volumes.
local cli, list, filter, say = require "cli", require "cli.list", require "cli.filter", require "cli.say"
local show = require "cli.inspect"

local function create(words)
  local opt, names = cli.read([[
Usage:  neap volume create [OPTIONS] [VOLUME]

Create a volume and print its name

Options:
  -d, --driver string   Only local
  -l, --label list      Set a label (K=V)
  -o, --opt list        Set an option of the driver (type=none, o=bind, device=PATH)
]], words)
  print(volumes.create(names[1], opt).name)
end

local fields = {
  Name = function(v) return v.name end,
  Driver = function(v) return v.driver end,
  Mountpoint = function(v) return v.path end,
  Scope = function() return "local" end,
  Label = function(v) return function(key) return v.labels[key] or "" end end,
  Size = function(v) return say.size(v.size) end,
}

local filters = {
  dangling = filter.flag(function(v) return #v.used_by == 0 end),
  driver = function(v, value) return v.driver == value end,
  label = filter.label, name = filter.named,
}

local function ls(words)
  local opt = cli.read([[
Usage:  neap volume ls [OPTIONS]

List volumes

Options:
  -f, --filter list     Only those that fit (dangling=true, driver=local, label=a=b, name=www)
      --format string   table, json, or a Go template
  -q, --quiet           Show names only
]], words)
  list.print{
    things = volumes.list():where(filter.of(opt.filter, filters)), fields = fields,
    titles = { Name = "VOLUME NAME" }, usual = "{{.Driver}}\t{{.Name}}",
    format = opt.quiet and "{{.Name}}" or opt.format,
  }
end

local function inspect(words)
  local opt, names = cli.read([[
Usage:  neap volume inspect [OPTIONS] VOLUME [VOLUME...]

Show all about one or more volumes

Options:
  -f, --format string   A Go template, or json
]], words)
  show(names, { "volume" }, opt.format)
end

local function rm(words)
  local opt, names = cli.read([[
Usage:  neap volume rm [OPTIONS] VOLUME [VOLUME...]

Remove one or more volumes and print their names

Options:
  -f, --force   Do not mind those that are not there
]], words)
  cli.each(names, function(name)
    local v = opt.force and volumes.find(name) or not opt.force and volumes.get(name)
    if v then v:remove() end
    return name
  end)
end

local function prune(words)
  local opt = cli.read([[
Usage:  neap volume prune [OPTIONS]

Remove the volumes that no container uses: the anonymous ones, or all

Options:
  -a, --all             Those with names too
      --filter list     Only those that fit (label=a=b)
  -f, --force           Do not ask
]], words)
  local unused = volumes.list():where(function(v) return #v.used_by == 0 and (opt.all or v.anonymous) end)
  cli.prune(unused:where(filter.of(opt.filter, { label = filter.label })), opt, "volumes", "Deleted Volumes:")
end

cli.choose("volume", "Manage volumes", { create = create, ls = ls, list = ls, inspect = inspect, rm = rm, prune = prune })
