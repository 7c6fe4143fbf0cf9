---@meta

--- How full a file system is.
---@class Disk
---@field total number|string # its bytes
---@field free number|string # the bytes that can still be written
---@field used number|string # the bytes in use
---@field percent number # how much of what can be used is
---@field inodes integer # how many files it can hold; 0 if it does not count
---@field inodes_free integer # how many more
local Disk = {}

--- Several of them: an array with methods.
---@class DiskList: { [integer]: Disk }
local DiskList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return DiskList
function DiskList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function DiskList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function DiskList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return DiskList
function DiskList:sort(by, order) end

--- The first item, or nil.
---@return Disk?
function DiskList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return DiskList
function DiskList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function DiskList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,DiskList>
function DiskList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function DiskList:table(...) end
