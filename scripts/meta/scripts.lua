---@meta

--- What works on scripts: for those who write them.
---@class scriptslib
scripts = {}

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
