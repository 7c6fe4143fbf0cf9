-- neap load: load images from an archive that docker save or neap wrote. Prints the
-- names loaded.
local cli = require "cli"

local opt = cli.read[[
Usage:  neap load [OPTIONS]

Load images from an archive

Options:
  -i, --input string   The archive, instead of standard input
  -q, --quiet          Print nothing
]]

for _, img in ipairs(images.load(opt.input or "-")) do
  local names = #img.tags > 0 and img.tags or { img.id }
  for _, name in ipairs(names) do
    if not opt.quiet then
      print((#img.tags > 0 and "Loaded image: " or "Loaded image ID: ") .. name)
    end
  end
end
