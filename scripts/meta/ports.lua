---@meta

--- which ones
---@class PortFilter
---@field container? string # the container it leads to
---@field container_port? integer # the port there
---@field protocol? "tcp"|"udp"|"sctp" # tcp, udp or sctp
---@field host_ip? string # the address of the host; 0.0.0.0 for all
---@field host_port? integer # the port of the host
---@field unless? PortFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to
---@field all? boolean # true: really all

--- The ports of the host that lead to containers.
---@class portslib
ports = {}

--- All published ports, or those that a filter keeps.
--- ```lua
--- local web = containers.run{ "box", "httpd", publish = "80" }
--- assert(ports.list{ container_port = 80 }[1].container == web.name)
--- ```
---@param filter? PortFilter # which ones
---@return PortList # them
function ports.list(filter) end

--- The published port; an error of kind not_found if there is none.
--- ```lua
--- local web = containers.run{ "box", "httpd", publish = "80" }
--- local port = web.ports[1].host_port
--- assert(ports.get(port).container == web.name)
--- ```
---@param port string|integer # of the host
---@return Port # it
function ports.get(port) end

--- The published port, or nil.
--- ```lua
--- assert(ports.find("1/udp") == nil)
--- ```
---@param port string|integer # of the host
---@return Port # it, or nil
function ports.find(port) end

--- A TCP port that is free on all addresses now. It takes nothing.
--- ```lua
--- assert(ports.pick(40000, 50000) >= 40000)
--- ```
---@param from integer # the lowest
---@param to integer # the highest
---@return integer # the port
function ports.pick(from, to) end

--- Who has a port of the host, on whatever address; nil if nobody.
--- ```lua
--- local web = containers.run{ "box", "httpd", publish = "80" }
--- assert(ports.owner(web.ports[1].host_port).container == web.name)
--- ```
---@param port string|integer # of the host
---@return any # { container, pid, command } or nil
function ports.owner(port) end
