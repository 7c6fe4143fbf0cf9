-- neap version: what this is and what it runs on.
local cli = require "cli"

cli.read[[
Usage:  neap version

Show the versions of neap and the kernel
]]

local i = system.info()
print(("neap    %s\nkernel  %s\ncgroup  %s"):format(system.version(), i.kernel, i.cgroup))
