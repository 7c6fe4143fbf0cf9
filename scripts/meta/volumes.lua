---@meta

--- how it is made
---@class VolumeOptions
---@field driver? string # local
---@field label? table<string,string> # labels
---@field opt? table<string,string> # options of the driver: { type = "none", o = "bind", device = "/srv/data" }

--- which ones
---@class VolumeFilter
---@field name? string # its name
---@field path? string # where its data lies on the host
---@field created? string # when it was made
---@field last_used? string # when a container last began or ended to use it
---@field driver? string # what keeps it
---@field anonymous? boolean # whether nobody chose its name
---@field protected? boolean # whether removing it is refused
---@field size? number|string # of its files
---@field label? table<string,string> # a label, or labels that must all be there
---@field dangling? boolean # whether no container uses it
---@field unless? VolumeFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to
---@field all? boolean # true: really all

--- which ones
---@class PruneVolumes
---@field all? boolean # those with a chosen name too
---@field name? string # its name
---@field path? string # where its data lies on the host
---@field created? string # when it was made
---@field last_used? string # when a container last began or ended to use it
---@field driver? string # what keeps it
---@field anonymous? boolean # whether nobody chose its name
---@field protected? boolean # whether removing it is refused
---@field size? number|string # of its files
---@field label? table<string,string> # a label, or labels that must all be there
---@field dangling? boolean # whether no container uses it
---@field unless? VolumeFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to

--- Make volumes, and find those there are.
---@class volumeslib
volumes = {}

--- Make a volume. One that is there with the same options is returned.
--- ```lua
--- assert(volumes.create("www", { label = { site = "a" } }).labels.site == "a")
--- ```
---@param name? string # its name; made up if left out
---@param options? VolumeOptions # how it is made
---@return Volume # the volume
function volumes.create(name, options) end

--- The volume of that name; an error of kind not_found if there is none.
--- ```lua
--- local data = volumes.create("data")
--- assert(volumes.get("data") == data)
--- ```
---@param name Volume|string # its name, or how that begins if nobody chose it
---@return Volume # it
function volumes.get(name) end

--- The volume of that name, or nil.
--- ```lua
--- assert(volumes.find("nothing") == nil)
--- ```
---@param name Volume|string # its name, or how that begins if nobody chose it
---@return Volume? # it, or nil
function volumes.find(name) end

--- All volumes, or those that a filter keeps, by name.
--- ```lua
--- local data = volumes.create("data")
--- assert(volumes.list{ name = "da*" }[1] == data)
--- ```
---@param filter? VolumeFilter # which ones
---@return VolumeList # them
function volumes.list(filter) end

--- Remove the volumes that nobody uses and whose name nobody chose, or with all = true those with a name too.
--- ```lua
--- local data = volumes.create("data")
--- assert(volumes.prune{ all = true }[1] == "data")
--- ```
---@param options? PruneVolumes # which ones
---@return string[] # the names of those that are gone
function volumes.prune(options) end
