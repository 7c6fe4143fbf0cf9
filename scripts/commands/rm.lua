-- neap rm: remove containers. Prints each name. One that runs needs -f.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap rm [OPTIONS] CONTAINER [CONTAINER...]

Remove one or more containers

Options:
  -f, --force     Kill it first if it runs
  -v, --volumes   Remove its anonymous volumes too, unless others use them
]]

cli.bulk(names, "remove", opt)
