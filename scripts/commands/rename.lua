-- neap rename: give a container another name. Prints nothing.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap rename CONTAINER NEW_NAME

Rename a container
]]

containers.get(names[1]):rename(names[2])
