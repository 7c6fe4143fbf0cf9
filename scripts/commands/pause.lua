-- neap pause: stop all processes of containers where they are. Prints each name.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap pause CONTAINER [CONTAINER...]

Pause all processes in one or more containers
]]

cli.bulk(names, "pause")
