-- neap ps: a table of containers; those that run, or with -a all.
--
-- CONTAINER ID   IMAGE     COMMAND    CREATED          STATUS         PORTS                  NAMES
-- 0b1f2e3d4c5b   httpd     "httpd"    2 minutes ago    Up 2 minutes   0.0.0.0:8888->80/tcp   my-httpd
local cli = require "cli"

local opt = cli.read[[
Usage:  neap ps [OPTIONS]

List containers

Options:
  -a, --all             Show all, not only those that run
  -f, --filter list     Only those that fit (name=web, status=exited, label=a=b, …)
      --format string   table, json, or a Go template
  -n, --last int        Show the newest so many, whatever they do
  -l, --latest          Show the newest, whatever it does
      --no-trunc        Do not cut ids and commands
  -q, --quiet           Show ids only
]]

local last = opt.latest and 1 or opt.last

-- What most people ask is one call: nothing is made of thousands of containers but
-- their lines.
local function plain()
  local o = { whole = opt.no_trunc or false, last = last or 0 }
  if not last and not opt.all then o.state = { "running", "paused", "restarting" } end
  if opt.quiet then o.columns, o.bare = { "id" }, true end
  local text = containers.table(o)
  if text ~= "" then print(text) end
end

local function chosen()
  local list, filter, facts = require "cli.list", require "cli.filter", require "cli.container"
  local all = containers.list()
  if opt.filter then
    all = all:where(filter.of(opt.filter, facts.filters))
  end
  if last then
    all = all:slice(1, last)
  elseif not opt.all and #filter.values(opt.filter, "status") == 0 then
    all = all:where(function(c) return facts.up[c.state] ~= nil end)
  end
  list.print{
    things = all, fields = facts.fields(opt.no_trunc), titles = facts.titles,
    format = opt.quiet and "{{.ID}}" or opt.format,
    usual = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
  }
end

if opt.filter or opt.format and not opt.quiet then chosen() else plain() end
