---@meta

--- What was recorded instead of being done.
---@class Plan
---@field changes ChangeList # what would be done, in its order
local Plan = {}

--- Do exactly what was recorded. If something that it touches has changed since, nothing is done. What fails half way is an error of kind partial; applied again, it goes on from there.
--- ```lua
--- local plan = system.plan(function() volumes.create("data") end)
--- assert(not volumes.find("data"))
--- plan:apply()
--- assert(volumes.find("data"))
--- ```
---@return Plan # itself
function Plan:apply() end

--- Write it to a file, for neap apply.
--- ```lua
--- local path = fs.tempdir() .. "/plan.json"
--- system.plan(function() volumes.create("data") end):save(path)
--- assert(#system.open_plan(path) == 1)
--- ```
---@param path string # the file; one that is there is replaced
---@return Plan # itself
function Plan:save(path) end

--- Several of them: an array with methods.
---@class PlanList: { [integer]: Plan }
local PlanList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return PlanList
function PlanList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function PlanList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function PlanList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return PlanList
function PlanList:sort(by, order) end

--- The first item, or nil.
---@return Plan?
function PlanList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return PlanList
function PlanList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function PlanList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,PlanList>
function PlanList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function PlanList:table(...) end
