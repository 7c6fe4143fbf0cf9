-- neap port: the published ports of a container: 80/tcp -> 0.0.0.0:32768. With a port
-- of the container only where that is on the host.
local cli = require "cli"

local _, words = cli.read[=[
Usage:  neap port CONTAINER [PRIVATE_PORT[/PROTO]]

List the published ports of a container, or where one of them is
]=]

local wanted = words[2] and (words[2]:find("/", 1, true) and words[2] or words[2] .. "/tcp")
local found = false
for _, p in ipairs(containers.get(words[1]).ports) do
  local inside, outside = p.container_port .. "/" .. p.protocol, p.host_ip .. ":" .. p.host_port
  if not wanted then
    print(inside .. " -> " .. outside)
  elseif wanted == inside then
    found = true
    print(outside)
  end
end
if wanted and not found then
  cli.fail(1, ("no public port %q is published for %s"):format(wanted, words[1]))
end
