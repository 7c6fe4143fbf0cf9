-- neap create: make a container of an image without starting it. Prints its id.
local cli, run = require "cli", require "cli.run"

local opt, plain = cli.read([[
Usage:  neap create [OPTIONS] IMAGE [COMMAND] [ARG...]

Create a container without starting it

Options:
]] .. run.options)

print(run.create(opt, plain).id)
