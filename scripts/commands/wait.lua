-- neap wait: wait until containers end. Prints the exit code of each.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap wait CONTAINER [CONTAINER...]

Wait until one or more containers end, then print their exit codes
]]

cli.each(names, function(name)
  return containers.get(name):wait().exit_code
end)
