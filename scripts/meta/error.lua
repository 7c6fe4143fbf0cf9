---@meta

--- What went wrong: raised by every function that could not do its work, caught with try or pcall.
---@class Error
---@field kind "not_found"|"exists"|"conflict"|"invalid"|"denied"|"unsupported"|"timeout"|"canceled"|"busy"|"damaged"|"partial"|"failed"|"script"|"bug" # its class, to act upon
---@field op string? # what was tried
---@field object string? # the name of what it was tried on
---@field message string # what is wrong
---@field hint string? # the way out
---@field cause any # the Error behind this one
---@field file string? # the script that raised it
---@field line integer? # its line
---@field trace string # the lines that led here, innermost first
---@field result any # kind failed: what came of the program
---@field done any # kind partial: what each object that was done returned
---@field failed any # kind partial: pairs of an object and its Error
local Error = {}

--- Several of them: an array with methods.
---@class ErrorList: { [integer]: Error }
local ErrorList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ErrorList
function ErrorList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ErrorList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ErrorList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ErrorList
function ErrorList:sort(by, order) end

--- The first item, or nil.
---@return Error?
function ErrorList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ErrorList
function ErrorList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ErrorList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ErrorList>
function ErrorList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ErrorList:table(...) end
