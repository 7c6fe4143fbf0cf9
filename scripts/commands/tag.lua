-- neap tag: give an image a further name. Prints nothing.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap tag SOURCE_IMAGE TARGET_IMAGE

Give an image a further name
]]

images.get(names[1]):tag(names[2])
