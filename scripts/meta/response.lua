---@meta

--- An answer to an HTTP request.
---@class Response
---@field status integer # 200 if all went well
---@field body string # what came; empty if it went to a file
---@field headers table<string,string> # the header, names in lower case
---@field url string # where the answer is from, after what was followed
---@field duration number|string # how long it took
local Response = {}

--- The body as a plain value.
--- ```lua
--- local answer, err = try(http.get, "127.0.0.1:1/list")
--- if answer then print(answer:json()[1]) end
--- ```
---@return table # the value
function Response:json() end

--- Several of them: an array with methods.
---@class ResponseList: { [integer]: Response }
local ResponseList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ResponseList
function ResponseList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ResponseList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ResponseList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ResponseList
function ResponseList:sort(by, order) end

--- The first item, or nil.
---@return Response?
function ResponseList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ResponseList
function ResponseList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ResponseList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ResponseList>
function ResponseList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ResponseList:table(...) end
