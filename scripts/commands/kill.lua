-- neap kill: send a signal, KILL if none is named, to containers. Prints each name.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap kill [OPTIONS] CONTAINER [CONTAINER...]

Kill one or more running containers

Options:
  -s, --signal string   Signal to send, by name or number (KILL)
]]

cli.bulk(names, "kill", opt.signal or "KILL")
