---@meta

--- how long and how often
---@class PollOptions
---@field timeout? number|string # when to give up (default "30s")
---@field every? number|string # how long to rest between two tries (default "50ms")

--- Waiting.
---@class tasklib
task = {}

--- Rest.
--- ```lua
--- task.sleep(0.001)
--- ```
---@param duration number|string # how long
function task.sleep(duration) end

--- Call a function until it returns something true; raises timeout if it never does.
--- ```lua
--- local n = 0
--- assert(task.poll(function() n = n + 1; return n == 3 end, { every = 0.001 }))
--- ```
---@param fn function # what to ask
---@param options? PollOptions # how long and how often
---@return any ... # what fn returned at last
function task.poll(fn, options) end
