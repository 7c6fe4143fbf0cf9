---@meta

--- how it is made
---@class NetworkOptions
---@field subnet? string # its addresses; chosen if left out
---@field gateway? string # the host's address; the first if left out
---@field internal? boolean # no way out
---@field label? table<string,string> # labels

--- which ones
---@class NetworkFilter
---@field name? string # its name
---@field id? string # its full id: 64 hex digits
---@field short_id? string # the first twelve digits
---@field driver? string # bridge, host or null
---@field subnet? string? # its addresses
---@field gateway? string? # the host's address on it
---@field internal? boolean # whether there is no way out
---@field created? string # when it was made
---@field label? table<string,string> # a label, or labels that must all be there
---@field unless? NetworkFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to
---@field all? boolean # true: really all

--- Make networks, and find those there are.
---@class networkslib
networks = {}

--- Make a network of its own bridge.
--- ```lua
--- local back = networks.create("back", { internal = true })
--- assert(back.internal)
--- back:remove()
--- ```
---@param name string # its name
---@param options? NetworkOptions # how it is made
---@return Network # the network
function networks.create(name, options) end

--- The network of that name or id; an error of kind not_found if there is none.
--- ```lua
--- assert(networks.get("bridge").driver == "bridge")
--- ```
---@param name Network|string # name, id, or how the id begins
---@return Network # it
function networks.get(name) end

--- The network of that name or id, or nil.
--- ```lua
--- assert(networks.find("nothing") == nil)
--- ```
---@param name Network|string # name, id, or how the id begins
---@return Network? # it, or nil
function networks.find(name) end

--- All networks, or those that a filter keeps, by name.
--- ```lua
--- assert(#networks.list{ driver = "null" } == 1)
--- ```
---@param filter? NetworkFilter # which ones
---@return NetworkList # them
function networks.list(filter) end

--- Remove the networks that nobody uses, or those of them that a filter keeps.
--- ```lua
--- networks.create("back")
--- assert(networks.prune{ name = "back" }[1] == "back")
--- ```
---@param filter? NetworkFilter # which ones
---@return string[] # the names of those that are gone
function networks.prune(filter) end
