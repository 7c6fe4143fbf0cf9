---@meta

--- Times are UTC text with nine decimals; such texts compare as the times do.
---@class timelib
time = {}

--- The time now.
--- ```lua
--- assert(#time.now() == 30)
--- ```
---@return string # it
function time.now() end

--- How long ago a time was.
--- ```lua
--- assert(time.since("2026-01-01") ~= 0)
--- ```
---@param time string # a time
---@return number # seconds; negative for what is to come
function time.since(time) end

--- A time as seconds since 1970.
--- ```lua
--- assert(time.unix("1970-01-02") == 86400)
--- ```
---@param time string # a time
---@return number # seconds
function time.unix(time) end

--- Seconds since 1970 as a time.
--- ```lua
--- assert(time.at(0) == "1970-01-01T00:00:00.000000000Z")
--- ```
---@param seconds number # how many
---@return string # the time
function time.at(seconds) end
