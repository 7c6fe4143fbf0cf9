-- neap push: send an image to the registry in its name. Prints how it goes and the
-- digest that it has there.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap push NAME[:TAG]

Send an image to its registry
]]

print("Digest: " .. images.push(names[1]))
