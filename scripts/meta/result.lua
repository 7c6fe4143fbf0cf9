---@meta

--- A program that ended.
---@class Result
---@field exit_code integer # 0 if all went well
---@field stdout string # what it wrote
---@field stderr string # what it wrote to its error stream
---@field signal string? # the signal that ended it
---@field oom_killed boolean # whether it used more memory than it may
---@field duration number|string # how long it ran
local Result = {}

--- Several of them: an array with methods.
---@class ResultList: { [integer]: Result }
local ResultList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ResultList
function ResultList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ResultList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ResultList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ResultList
function ResultList:sort(by, order) end

--- The first item, or nil.
---@return Result?
function ResultList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ResultList
function ResultList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ResultList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ResultList>
function ResultList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ResultList:table(...) end
