---@meta

--- A directory of data that outlives containers.
---@class Volume
---@field name string # its name
---@field path string # where its data lies on the host
---@field created string # when it was made
---@field last_used string # when a container last began or ended to use it
---@field labels table<string,string> # its labels
---@field driver string # what keeps it
---@field opt table<string,string> # the options of the driver
---@field anonymous boolean # whether nobody chose its name
---@field protected boolean # whether removing it is refused
---@field size number|string # of its files
---@field used_by string[] # containers that use it
local Volume = {}

--- Give it another name; nothing may use it.
--- ```lua
--- local data = volumes.create("data")
--- assert(data:rename("facts").name == "facts")
--- ```
---@param name string # the new name
---@return Volume # itself
function Volume:rename(name) end

--- Refuse to remove it, until unprotect.
--- ```lua
--- local data = volumes.create("data")
--- assert(data:protect().protected)
--- data:unprotect()
--- ```
---@return Volume # itself
function Volume:protect() end

--- Let it be removed again.
--- ```lua
--- local data = volumes.create("data")
--- data:protect():unprotect():remove()
--- ```
---@return Volume # itself
function Volume:unprotect() end

--- Remove it with its data; one that is gone is no error.
--- ```lua
--- local data = volumes.create("data")
--- data:remove()
--- assert(volumes.find("data") == nil)
--- ```
---@return Volume # itself
function Volume:remove() end

--- All about it, in Docker's form.
--- ```lua
--- local data = volumes.create("data")
--- assert(data:inspect().Mountpoint == data.path)
--- ```
---@return table # the document
function Volume:inspect() end

--- Several of them: an array with methods.
---@class VolumeList: { [integer]: Volume }
local VolumeList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return VolumeList
function VolumeList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function VolumeList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function VolumeList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return VolumeList
function VolumeList:sort(by, order) end

--- The first item, or nil.
---@return Volume?
function VolumeList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return VolumeList
function VolumeList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function VolumeList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,VolumeList>
function VolumeList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function VolumeList:table(...) end

--- Remove it with its data; one that is gone is no error.
--- ```lua
--- local data = volumes.create("data")
--- data:remove()
--- assert(volumes.find("data") == nil)
--- ```
---@return VolumeList # itself
function VolumeList:remove() end

--- Refuse to remove it, until unprotect.
--- ```lua
--- local data = volumes.create("data")
--- assert(data:protect().protected)
--- data:unprotect()
--- ```
---@return VolumeList # itself
function VolumeList:protect() end

--- Let it be removed again.
--- ```lua
--- local data = volumes.create("data")
--- data:protect():unprotect():remove()
--- ```
---@return VolumeList # itself
function VolumeList:unprotect() end
