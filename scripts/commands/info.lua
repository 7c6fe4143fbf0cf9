-- neap info: what there is in this root, and what the host can.
local cli = require "cli"

local opt = cli.read[[
Usage:  neap info [OPTIONS]

Show what there is and what the host can

Options:
  -f, --format string   json, or a Go template
]]

local i = system.info()
if opt.format then
  print(opt.format == "json" and json.encode(i) or require("cli.template").compile(opt.format)(i))
  return
end
local total = 0
for _, n in pairs(i.containers) do total = total + n end
local rows = {
  { "Containers", total }, { " Running", i.containers.running or 0 }, { " Paused", i.containers.paused or 0 },
  { " Stopped", total - (i.containers.running or 0) - (i.containers.paused or 0) },
  { "Images", i.images }, { "Volumes", i.volumes }, { "Server Version", i.version }, { "Kernel Version", i.kernel },
  { "Cgroup Version", i.cgroup }, { "Neap Root Dir", i.root },
}
for _, row in ipairs(rows) do print(row[1] .. ": " .. tostring(row[2])) end
if i.notice and i.notice ~= "" then io.stderr:write("notice: " .. i.notice .. "\n") end
