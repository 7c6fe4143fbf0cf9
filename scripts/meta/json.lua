---@meta

--- how to write it
---@class JSONOptions
---@field indent? string # spreads it over lines with this before each level

--- JSON text and plain tables.
---@class jsonlib
json = {}

--- A plain value as JSON. What came out of JSON keeps its order, its empty lists and its nulls.
--- ```lua
--- assert(json.encode({ 1, "two", { three = 3 } }) == '[1,"two",{"three":3}]')
--- ```
---@param value table # what to write
---@param options? JSONOptions # how to write it
---@return string # the text
function json.encode(value, options) end

--- JSON as a plain value; null is nil.
--- ```lua
--- assert(json.decode('{ "a": [ 1, null ] }').a[1] == 1)
--- ```
---@param text string # the JSON
---@return table # the value
function json.decode(text) end
