-- neap inspect: all about containers, images, volumes and networks, as JSON with
-- Docker's field names, or what a template makes of it.
local cli, show = require "cli", require "cli.inspect"

local opt, names = cli.read[[
Usage:  neap inspect [OPTIONS] NAME|ID [NAME|ID...]

Show all about one or more things

Options:
  -f, --format string   A Go template, or json
      --type string     Only container, image, volume or network
]]

show(names, opt.type and { opt.type } or { "container", "image", "volume", "network" }, opt.format)
