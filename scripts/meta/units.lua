---@meta

--- Sizes and durations, for people and for sums.
---@class unitslib
units = {}

--- A number of bytes as text.
--- ```lua
--- assert(units.size(1536 * 1024 * 1024) == "1.5GiB")
--- ```
---@param bytes number # how many
---@return string # such as "1.5GiB"
function units.size(bytes) end

--- A size as a number of bytes.
--- ```lua
--- assert(units.bytes("1k") == 1024)
--- ```
---@param size number|string # such as "1G"
---@return number|string # how many
function units.bytes(size) end

--- A number of seconds as text.
--- ```lua
--- assert(units.duration(90) == "1m30s")
--- ```
---@param seconds number|string # how many
---@return string # such as "1m30s"
function units.duration(seconds) end

--- A duration as a number of seconds.
--- ```lua
--- assert(units.seconds("1d") == 86400)
--- ```
---@param duration number|string # such as "14d"
---@return number|string # how many
function units.seconds(duration) end

--- A number of seconds as people say it.
--- ```lua
--- assert(units.span(7200) == "2 hours")
--- ```
---@param seconds number|string # how many
---@return string # such as "2 hours"
function units.span(seconds) end
