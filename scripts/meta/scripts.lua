---@meta

--- What works on scripts: for those who write them.
---@class scriptslib
scripts = {}

--- Look for mistakes in a script without running it: syntax, names, options and their types.
--- ```lua
--- local d = fs.tempdir()
--- fs.write(d .. "/x.lua", "containers.lst()")
--- for _, f in ipairs(scripts.check(d .. "/x.lua")) do print(f) end
--- ```
---@param path string # the script; - is standard input
---@return FindingList # what was found; empty if nothing
function scripts.check(path) end

--- The source of a command of neap; nil if there is none of that name.
--- ```lua
--- print(scripts.command("ps"))
--- ```
---@param name string # the command
---@return string? # its Lua
function scripts.command(name) end

--- The names of the commands of neap.
--- ```lua
--- print(table.concat(scripts.commands(), " "))
--- ```
---@return string[] # them, sorted
function scripts.commands() end

--- Definition files for the Lua language server: of every function, option, fact and kind of error.
--- ```lua
--- assert(scripts.annotations()["containers.lua"]:match("function containers.run"))
--- ```
---@return table<string,string> # texts by the names of their files
function scripts.annotations() end

--- The surface as a standard library of selene.
--- ```lua
--- assert(scripts.selene():match("containers.run:"))
--- ```
---@return string # the text of neap.yml
function scripts.selene() end

--- The reference in Markdown: a page for each module and object.
--- ```lua
--- assert(scripts.reference()["containers.md"]:match("containers.run"))
--- ```
---@return table<string,string> # texts by the names of their files
function scripts.reference() end
