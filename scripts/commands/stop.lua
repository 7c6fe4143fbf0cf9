-- neap stop: ask containers to end, and kill them when time is up. Prints each name.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap stop [OPTIONS] CONTAINER [CONTAINER...]

Stop one or more running containers

Options:
  -s, --signal string         Signal to send instead of the container's own
  -t, --time, --timeout int   Seconds to wait before killing; -1 waits for ever
]]

cli.bulk(names, "stop", opt)
