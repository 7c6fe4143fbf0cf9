---@meta

--- What was found at a path, as it was then.
---@class File
---@field path string # where it is
---@field name string # the last part of the path
---@field type "file"|"dir"|"link"|"pipe"|"socket"|"device" # what it is
---@field size number|string # its bytes
---@field mode string # its permissions: "0644"
---@field modified string # when it was last written to
---@field uid integer # the number of its owner
---@field gid integer # the number of its group
---@field links integer # how many names it has
---@field inode integer # its number
local File = {}

--- Several of them: an array with methods.
---@class FileList: { [integer]: File }
local FileList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return FileList
function FileList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function FileList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function FileList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return FileList
function FileList:sort(by, order) end

--- The first item, or nil.
---@return File?
function FileList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return FileList
function FileList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function FileList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,FileList>
function FileList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function FileList:table(...) end
