-- neap rmi: remove images, or names of them. Prints Untagged: and Deleted: lines.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap rmi [OPTIONS] IMAGE [IMAGE...]

Remove one or more images

Options:
  -f, --force   Take all its names, and leave what stopped containers need
]]

cli.each(names, function(name)
  local gone = images.remove(name, { force = opt.force })
  for _, text in ipairs(gone.untagged) do print("Untagged: " .. text) end
  for _, id in ipairs(gone.deleted) do print("Deleted: " .. id) end
end)
