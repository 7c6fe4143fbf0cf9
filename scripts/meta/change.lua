---@meta

--- One step of a plan.
---@class Change
---@field number integer # its place in the plan, from 1
---@field verb string # what is done
---@field kind string # to what: container, image, volume, network, program, file, page
---@field object string # the name of it
---@field id string? # what tells it from others of that name
---@field size number|string # how much it makes or frees, if that is known
---@field needs integer[] # the numbers of the changes that must be done before
---@field reason string? # the line of the script that asks for it
---@field done boolean # whether an apply did it
local Change = {}

--- Several of them: an array with methods.
---@class ChangeList: { [integer]: Change }
local ChangeList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ChangeList
function ChangeList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ChangeList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ChangeList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ChangeList
function ChangeList:sort(by, order) end

--- The first item, or nil.
---@return Change?
function ChangeList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ChangeList
function ChangeList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ChangeList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ChangeList>
function ChangeList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ChangeList:table(...) end
