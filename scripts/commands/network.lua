-- neap network: make, list, inspect and remove networks.
local cli, list, filter, say = require "cli", require "cli.list", require "cli.filter", require "cli.say"
local show = require "cli.inspect"

local function create(words)
  local opt, names = cli.read([[
Usage:  neap network create [OPTIONS] NETWORK

Create a network and print its id

Options:
  -d, --driver string    Only bridge
      --gateway string   Address of the host in it
      --internal         No way out
  -l, --label list       Set a label (K=V)
      --subnet string    Addresses in it (10.1.0.0/20); chosen if left out
]], words)
  if (opt.driver or "bridge") ~= "bridge" then
    cli.misused(("there is no network driver %q; the only one is bridge"):format(opt.driver))
  end
  opt.driver = nil
  print(networks.create(names[1], opt).id)
end

local function fields(whole)
  return {
    ID = function(n) return whole and n.id or say.short(n.id) end,
    Name = function(n) return n.name end,
    Driver = function(n) return n.driver end,
    Scope = function() return "local" end,
    Label = function(n) return function(key) return n.labels[key] or "" end end,
  }
end

local own = { bridge = true, host = true, none = true }

local filters = {
  id = function(n, value) return n.id:sub(1, #value) == value end,
  driver = function(n, value) return n.driver == value end,
  type = function(n, value) return value == (own[n.name] and "builtin" or "custom") end,
  label = filter.label, name = filter.named,
}

local function ls(words)
  local opt = cli.read([[
Usage:  neap network ls [OPTIONS]

List networks

Options:
  -f, --filter list     Only those that fit (name=web, driver=bridge, label=a=b, type=custom)
      --format string   table, json, or a Go template
      --no-trunc        Do not cut ids
  -q, --quiet           Show ids only
]], words)
  list.print{
    things = networks.list():where(filter.of(opt.filter, filters)), fields = fields(opt.no_trunc),
    titles = { ID = "NETWORK ID" }, usual = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
    format = opt.quiet and "{{.ID}}" or opt.format,
  }
end

local function inspect(words)
  local opt, names = cli.read([[
Usage:  neap network inspect [OPTIONS] NETWORK [NETWORK...]

Show all about one or more networks

Options:
  -f, --format string   A Go template, or json
]], words)
  show(names, { "network" }, opt.format)
end

local function rm(words)
  local opt, names = cli.read([[
Usage:  neap network rm [OPTIONS] NETWORK [NETWORK...]

Remove one or more networks and print their names

Options:
  -f, --force   Do not mind those that are not there
]], words)
  cli.each(names, function(name)
    local n = opt.force and networks.find(name) or not opt.force and networks.get(name)
    if n then n:remove() end
    return name
  end)
end

local function prune(words)
  local opt = cli.read([[
Usage:  neap network prune [OPTIONS]

Remove the networks that no container is on

Options:
      --filter list   Only those that fit (label=a=b)
  -f, --force         Do not ask
]], words)
  local unused = networks.list():where(function(n) return not own[n.name] and #n.used_by == 0 end)
  cli.prune(unused:where(filter.of(opt.filter, { label = filter.label })), opt, "networks", "Deleted Networks:")
end

cli.choose("network", "Manage networks", { create = create, ls = ls, list = ls, inspect = inspect, rm = rm, prune = prune })
