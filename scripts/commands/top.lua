-- neap top: the processes of a container, as ps -ef shows them on the host.
local cli, list = require "cli", require "cli.list"

local _, words = cli.read[[
Usage:  neap top CONTAINER

Show the running processes of a container
]]

local fields, titles, row = {}, {}, {}
for i, name in ipairs{ "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD" } do
  fields[name] = function(task) return tostring(task[name:lower()]) end
  row[i] = "{{." .. name .. "}}"
end
list.print{ things = containers.get(words[1]):top(), fields = fields, titles = titles, usual = table.concat(row, "\t") }
