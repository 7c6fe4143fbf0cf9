-- neap unpause: let paused containers go on. Prints each name.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap unpause CONTAINER [CONTAINER...]

Unpause all processes in one or more containers
]]

cli.bulk(names, "unpause")
