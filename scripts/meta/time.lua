---@meta

--- where
---@class AddOptions
---@field zone? string # whose clock; UTC if left out

--- where
---@class FormatOptions
---@field zone? string # whose clock; UTC if left out

--- where
---@class ParseOptions
---@field zone? string # whose clock; UTC if left out
---@field format? string # how it is written, as strftime has it; as neap writes times if left out

--- where
---@class PartsOptions
---@field zone? string # whose clock; UTC if left out

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

--- How long ago a time was, for people.
--- ```lua
--- assert(time.ago(time.add(time.now(), "-2h")) == "2 hours ago")
--- ```
---@param time string # a time
---@return string # such as "2 hours ago"
function time.ago(time) end

--- How long it is from one time to another.
--- ```lua
--- assert(time.diff("2026-01-01", "2026-01-02") == 86400)
--- ```
---@param from string # the one
---@param to string # the other
---@return number # seconds; negative if the other comes first
function time.diff(from, to) end

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

--- A time that is later, or with a minus earlier. A day is one of the calendar, and the 31st plus a month is the last of the month.
--- ```lua
--- assert(time.add("2026-01-31", { months = 1 }) == "2026-02-28T00:00:00.000000000Z")
--- ```
---@param time string # a time
---@param step number|string|table # "14d", "-1h30m", seconds, or { years, months, weeks, days, hours, minutes, seconds }
---@param options? AddOptions # where
---@return string # the time
function time.add(time, step, options) end

--- A time as text.
--- ```lua
--- assert(time.format("2026-11-23T10:05:00Z", "%d.%m.%Y %H:%M") == "23.11.2026 10:05")
--- ```
---@param time string # a time
---@param format string # as strftime has it: "%Y-%m-%d %H:%M"
---@param options? FormatOptions # where
---@return string # the text
function time.format(time, format, options) end

--- Text as a time.
--- ```lua
--- assert(time.parse("23.11.2026", { format = "%d.%m.%Y" }) == "2026-11-23T00:00:00.000000000Z")
--- ```
---@param text string # the text
---@param options? ParseOptions # where
---@return string # the time
function time.parse(text, options) end

--- What a calendar and a clock show at a time.
--- ```lua
--- assert(time.parts("2026-11-23").weekday == 1)
--- ```
---@param time string # a time
---@param options? PartsOptions # where
---@return any # a table: year month day hour minute second weekday (1 is Monday) yearday week zone offset
function time.parts(time, options) end
