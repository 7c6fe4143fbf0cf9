---@meta

--- A mistake in a script, and where it is.
---@class Finding
---@field file string # the script
---@field line integer # its line
---@field column integer # its byte in the line, from 1
---@field width integer # how many bytes are wrong
---@field message string # what is wrong
---@field text string # the line as it is written
local Finding = {}

--- Several of them: an array with methods.
---@class FindingList: { [integer]: Finding }
local FindingList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return FindingList
function FindingList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function FindingList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function FindingList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return FindingList
function FindingList:sort(by, order) end

--- The first item, or nil.
---@return Finding?
function FindingList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return FindingList
function FindingList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function FindingList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,FindingList>
function FindingList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function FindingList:table(...) end
