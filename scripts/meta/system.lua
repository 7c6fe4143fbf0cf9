---@meta

--- The root and the host.
---@class systemlib
system = {}

--- Record what a function would do, and do nothing: what it reads is real, and what it changes is only noted. Later reads in it see what it changed; what cannot be known before, as the pid of what was not started, is an error of kind unsupported.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- local plan = system.plan(function() web:remove{ force = true } end)
--- assert(#plan == 1 and plan.changes[1].verb == "remove" and web.state == "running")
--- print(plan)
--- ```
---@param fn function # what would be done
---@return Plan # its changes
function system.plan(fn) end

--- Read a plan that plan:save or neap --plan wrote.
--- ```lua
--- local path = fs.tempdir() .. "/plan.json"
--- system.plan(function() volumes.create("data") end):save(path)
--- print(system.open_plan(path))
--- ```
---@param path string # the file
---@return Plan # the plan
function system.open_plan(path) end

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
