---@meta

--- The arguments of the script, one property each, as args declared them.
---@class Arguments
local Arguments = {}

--- Several of them: an array with methods.
---@class ArgumentsList: { [integer]: Arguments }
local ArgumentsList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ArgumentsList
function ArgumentsList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ArgumentsList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ArgumentsList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ArgumentsList
function ArgumentsList:sort(by, order) end

--- The first item, or nil.
---@return Arguments?
function ArgumentsList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ArgumentsList
function ArgumentsList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ArgumentsList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ArgumentsList>
function ArgumentsList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ArgumentsList:table(...) end
