-- neap save: write images into an archive that neap load and docker load take. Prints
-- nothing.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap save [OPTIONS] IMAGE [IMAGE...]

Write one or more images into an archive

Options:
  -o, --output string   The archive; one that is there is replaced
]]

if not opt.output then cli.misused("it needs a file to write: -o FILE") end
images.save(names, opt.output)
