---@meta

--- which tests, and where
---@class TestOptions
---@field [integer] string # files, and directories in which all *_test.lua are run; the current one if none is named
---@field run? string # only tests whose name matches
---@field real? boolean # against a real runtime in a root of its own, not against a simulation
---@field each? function # called with the outcome of each test when it ends

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

--- Run the tests in files, each file in a Lua state of its own, each test in a new world.
--- ```lua
--- fs.write("my_test.lua", 'test("one and one", function(t) t:equal(1 + 1, 2) end)')
--- assert(scripts.test{ "my_test.lua" }[1].status == "ok")
--- ```
---@param options? TestOptions # which tests, and where
---@return any # a list of { file, name, status, duration, message, explained, output, line }, status being ok, failed or skipped
function scripts.test(options) end
