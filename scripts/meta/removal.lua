---@meta

--- What the removal of an image did.
---@class Removal
---@field untagged string[] # the names that are gone
---@field deleted string[] # the image's id and its layers, if they are gone
local Removal = {}

--- Several of them: an array with methods.
---@class RemovalList: { [integer]: Removal }
local RemovalList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return RemovalList
function RemovalList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function RemovalList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function RemovalList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return RemovalList
function RemovalList:sort(by, order) end

--- The first item, or nil.
---@return Removal?
function RemovalList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return RemovalList
function RemovalList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function RemovalList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,RemovalList>
function RemovalList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function RemovalList:table(...) end
