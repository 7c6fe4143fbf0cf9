---@meta

--- A port of the host that leads to a container.
---@class Port
---@field container string # the container it leads to
---@field container_port integer # the port there
---@field protocol "tcp"|"udp"|"sctp" # tcp, udp or sctp
---@field host_ip string # the address of the host; 0.0.0.0 for all
---@field host_port integer # the port of the host
local Port = {}

--- Where it is reached from this host.
--- ```lua
--- local web = containers.run{ "box", "httpd", publish = "80" }
--- assert(ports.list()[1]:url():match("^http://127.0.0.1:%d+/$"))
--- ```
---@param path? string # after the address
---@return string # as "http://127.0.0.1:8888/"
function Port:url(path) end

--- Several of them: an array with methods.
---@class PortList: { [integer]: Port }
local PortList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return PortList
function PortList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function PortList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function PortList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return PortList
function PortList:sort(by, order) end

--- The first item, or nil.
---@return Port?
function PortList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return PortList
function PortList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function PortList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,PortList>
function PortList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function PortList:table(...) end
