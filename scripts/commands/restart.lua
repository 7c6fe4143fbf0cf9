-- neap restart: stop containers and start them again. Prints each name.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap restart [OPTIONS] CONTAINER [CONTAINER...]

Restart one or more containers

Options:
  -s, --signal string         Signal to send instead of the container's own
  -t, --time, --timeout int   Seconds to wait before killing; -1 waits for ever
]]

cli.bulk(names, "restart", opt)
