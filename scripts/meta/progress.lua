---@meta

--- How far something is: a bar on a terminal, lines elsewhere. It ends with the scope at the latest.
---@class Progress
---@field value number # how much is done
---@field total number # how much there is to do; 0 if nobody knows
local Progress = {}

--- Say that so much more is done.
--- ```lua
--- ui.progress("copying", { total = 3 }):add(2)
--- ```
---@param amount? number # how much
---@return Progress # itself
function Progress:add(amount) end

--- Say how much is done.
--- ```lua
--- assert(ui.progress("copying", { total = 3 }):set(2).value == 2)
--- ```
---@param amount? number # how much
---@return Progress # itself
function Progress:set(amount) end

--- Change its title.
--- ```lua
--- ui.spinner("waiting"):say("still waiting")
--- ```
---@param title string # what is done now
---@return Progress # itself
function Progress:say(title) end

--- End it.
--- ```lua
--- ui.spinner("waiting"):done("there it is")
--- ```
---@param message? string # what came of it
function Progress:done(message) end

--- Several of them: an array with methods.
---@class ProgressList: { [integer]: Progress }
local ProgressList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ProgressList
function ProgressList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ProgressList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ProgressList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ProgressList
function ProgressList:sort(by, order) end

--- The first item, or nil.
---@return Progress?
function ProgressList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ProgressList
function ProgressList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ProgressList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ProgressList>
function ProgressList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ProgressList:table(...) end
