---@meta

--- The root and the host.
---@class systemlib
system = {}

--- What the root and the host are.
--- ```lua
--- assert(system.info().cgroup:match("v%d") or system.info().cgroup == "hybrid")
--- ```
---@return any # { root, run, version, kernel, cgroup, notice, keeper, containers, images, volumes }
function system.info() end

--- The version of neap.
--- ```lua
--- print(system.version())
--- ```
---@return string # the version
function system.version() end
