---@meta

--- how long to wait
---@class ReadOptions
---@field timeout? number|string # until it is an error; 0 waits for ever

--- how long to wait
---@class ExecWaitOptions
---@field timeout? number|string # until it is killed; 0 waits for ever

--- A program that runs in a container beside the script.
---@class Exec
---@field pid integer # its process id on the host
local Exec = {}

--- A line of its output, without its end; nil at the end of the output.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- assert(cat:write("hello\n"):read{ timeout = "10s" } == "hello")
--- ```
---@param options? ReadOptions # how long to wait
---@return string # the line
function Exec:read(options) end

--- Its output, line by line.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- cat:write("one\ntwo\n"):close()
--- for line in cat:lines() do print(line) end
--- ```
---@return fun():string iterator # a line
function Exec:lines() end

--- Give it something to read.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- cat:write("hello\n")
--- ```
---@param text string # what it reads
---@return Exec # itself
function Exec:write(text) end

--- End what it reads.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- assert(cat:close():wait().exit_code == 0)
--- ```
---@return Exec # itself
function Exec:close() end

--- Send it a signal.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- assert(cat:kill():wait().signal == "SIGKILL")
--- ```
---@param signal? string # by name or number
---@return Exec # itself
function Exec:kill(signal) end

--- Wait for its end.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- cat:write("hello"):close()
--- assert(cat:wait().stdout == "hello")
--- ```
---@param options? ExecWaitOptions # how long to wait
---@return Result # how it ended, and the output that nobody read
function Exec:wait(options) end

--- Several of them: an array with methods.
---@class ExecList: { [integer]: Exec }
local ExecList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ExecList
function ExecList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ExecList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ExecList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ExecList
function ExecList:sort(by, order) end

--- The first item, or nil.
---@return Exec?
function ExecList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ExecList
function ExecList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ExecList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ExecList>
function ExecList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ExecList:table(...) end
