---@meta

--- What connects containers with each other and the host.
---@class Network
---@field name string # its name
---@field id string # its full id: 64 hex digits
---@field short_id string # the first twelve digits
---@field driver string # bridge, host or null
---@field subnet string? # its addresses
---@field gateway string? # the host's address on it
---@field internal boolean # whether there is no way out
---@field labels table<string,string> # its labels
---@field created string # when it was made
---@field used_by string[] # containers that have an address on it
local Network = {}

--- Remove it; one that is gone is no error.
--- ```lua
--- networks.create("back"):remove()
--- ```
---@return Network # itself
function Network:remove() end

--- All about it, in Docker's form.
--- ```lua
--- assert(networks.get("bridge"):inspect().Driver == "bridge")
--- ```
---@return table # the document
function Network:inspect() end

--- Several of them: an array with methods.
---@class NetworkList: { [integer]: Network }
local NetworkList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return NetworkList
function NetworkList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function NetworkList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function NetworkList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return NetworkList
function NetworkList:sort(by, order) end

--- The first item, or nil.
---@return Network?
function NetworkList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return NetworkList
function NetworkList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function NetworkList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,NetworkList>
function NetworkList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function NetworkList:table(...) end

--- Remove it; one that is gone is no error.
--- ```lua
--- networks.create("back"):remove()
--- ```
---@return NetworkList # itself
function NetworkList:remove() end
