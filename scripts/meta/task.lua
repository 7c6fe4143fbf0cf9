---@meta

--- how many at once
---@class MapOptions
---@field max? integer # how many tasks run at once (default 16)

--- how long and how often
---@class PollOptions
---@field timeout? number|string # when to give up (default "30s")
---@field every? number|string # how long to rest between two tries (default "50ms")

--- Several things at once, limits of time, and waiting. Lua itself runs in one place at a time: other tasks go on while this one is inside a neap call.
---@class tasklib
task = {}

--- Call a function for every item of a list, several at once. All are tried; then one partial error has what each returned in err.done and { item, error } in err.failed. Each is a scope of its own.
--- ```lua
--- local squares = task.map({ 1, 2, 3 }, function(n) task.sleep(0.001); return n * n end, { max = 2 })
--- assert(squares[1] == 1 and squares[3] == 9)
--- ```
---@param list any[] # the items
---@param fn function # what to do with an item
---@param options? MapOptions # how many at once
---@return any[] # what each returned first, in order; false for nothing
function task.map(list, fn, options) end

--- Run functions at once and wait for all. The first error cancels the others and is raised once they have ended.
--- ```lua
--- local got = task.all{ function() return "a" end, function() task.sleep(0.001); return "b" end }
--- assert(got[1] == "a" and got[2] == "b")
--- ```
---@param fns function[] # what to do, a task each
---@return any[] # what each returned first, in order; false for nothing
function task.all(fns) end

--- Run functions at once and return what the first to succeed returns. The others are canceled and waited for. If none succeeds, the first error is raised.
--- ```lua
--- local first = task.race{ function() task.sleep(60); return "slow" end, function() return "fast" end }
--- assert(first == "fast")
--- ```
---@param fns function[] # what to do, a task each
---@return any ... # what the first returned
function task.race(fns) end

--- Call a function for so long at most: then it is canceled, its defers run, and an error of kind timeout is raised.
--- ```lua
--- local _, err = try(task.timeout, 0.01, function() task.sleep(60) end)
--- assert(err.kind == "timeout")
--- ```
---@param limit number|string # how long
---@param fn function # what to do
---@return any ... # what fn returned
function task.timeout(limit, fn) end

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
