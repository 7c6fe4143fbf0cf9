---@meta

--- A regular expression.
---@class Regexp
local Regexp = {}

--- The first match in a text: a list of the whole and its groups, or nil.
---@param text string # where to look
---@return string[] # the match
function Regexp:match(text) end

--- All matches in a text.
---@param text string # where to look
---@return string[] # them
function Regexp:find_all(text) end

--- The text with every match replaced; $1 is the first group.
---@param text string # where to look
---@param with string # what to put there
---@return string # the new text
function Regexp:replace(text, with) end

--- Several of them: an array with methods.
---@class RegexpList: { [integer]: Regexp }
local RegexpList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return RegexpList
function RegexpList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function RegexpList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function RegexpList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return RegexpList
function RegexpList:sort(by, order) end

--- The first item, or nil.
---@return Regexp?
function RegexpList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return RegexpList
function RegexpList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function RegexpList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,RegexpList>
function RegexpList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function RegexpList:table(...) end
