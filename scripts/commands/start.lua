-- neap start: start containers that do not run. Prints each name; with -a shows the
-- output of one and ends with its code.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap start [OPTIONS] CONTAINER [CONTAINER...]

Start one or more stopped containers

Options:
  -a, --attach               Show its output and pass signals on
      --detach-keys string   Keys that leave its terminal (ctrl-p,ctrl-q)
  -i, --interactive          Pass input on
]]

if not (opt.attach or opt.interactive) then
  return cli.bulk(names, "start")
end
if #names > 1 then cli.misused("only one container can be attached to at once") end
cli.ended(containers.get(names[1]):start{
  attach = true, interactive = opt.interactive or false, detach_keys = opt.detach_keys,
})
