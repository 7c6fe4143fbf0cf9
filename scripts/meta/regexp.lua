---@meta

--- A regular expression.
---@class Regexp
local Regexp = {}

--- Whether a text has a match.
--- ```lua
--- assert(re("^a+$"):test("aaa"))
--- ```
---@param text string # where to look
---@return boolean # yes or no
function Regexp:test(text) end

--- The first match in a text: a list of the whole and its groups, or nil.
--- ```lua
--- assert(re("(\\w+)@(\\w+)"):match("a@b")[3] == "b")
--- ```
---@param text string # where to look
---@return string[] # the match
function Regexp:match(text) end

--- The named groups of the first match, or nil: (?P<name>…).
--- ```lua
--- assert(re("(?P<key>\\w+)=(?P<value>.*)"):groups("a=1").value == "1")
--- ```
---@param text string # where to look
---@return table<string,string> # a table
function Regexp:groups(text) end

--- Where the first match begins and ends, as string.find has it, or nil.
--- ```lua
--- assert(re("b+"):find("abbc") == 2)
--- ```
---@param text string # where to look
---@param init? integer # where to begin
---@return integer first # its bytes
---@return integer last
function Regexp:find(text, init) end

--- All matches in a text.
--- ```lua
--- assert(#re("[0-9]+"):find_all("1 22 333") == 3)
--- ```
---@param text string # where to look
---@return string[] # them
function Regexp:find_all(text) end

--- The parts of a text between matches.
--- ```lua
--- assert(re(",\\s*"):split("a, b,c")[3] == "c")
--- ```
---@param text string # where to look
---@param most? integer # how many parts at most; -1 for all
---@return string[] # them
function Regexp:split(text, most) end

--- The text with every match replaced; $1 is the first group.
--- ```lua
--- assert(re("(a)(b)"):replace("ab", "$2$1") == "ba")
--- ```
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
