---@meta

--- Call a function at the end of the innermost scope: of the script, the task, the test. What is deferred last runs first, also after errors and cancel.
--- ```lua
--- defer(function() print("done") end)
--- ```
---@param fn function # what to do then
function defer(fn) end

--- how to read it
---@class ReOptions
---@field literal? boolean # every character stands for itself
---@field ignore_case? boolean # capital and small letters are alike
---@field multiline? boolean # ^ and $ stand for the ends of lines too

--- A regular expression (RE2), for filters, wait and match.
--- ```lua
--- assert(re("^a+$"):match("aaa"))
--- ```
---@param pattern string # the expression
---@param options? ReOptions # how to read it
---@return Regexp # it
function re(pattern, options) end

--- Declare and read the arguments of the script; it must come before anything else is done.
--- ```lua
--- local opt = args{ about = "an example", { "--dry-run" } }
--- assert(opt.dry_run == false)
--- ```
---@param declaration any # about = "…", then one table each: { "name", type = …, default = … } or { "--flag" }
---@return Arguments # the arguments as properties
function args(declaration) end

--- Print what something is: a module, a function, an object, an option, a kind of error.
--- ```lua
--- help("pcall")
--- ```
---@param of? any # what to explain; everything if left out
function help(of) end

--- A test: run by neap test, in a scope and a simulated world of its own.
--- ```lua
--- test("one and one", function(t) t:equal(1 + 1, 2) end)
--- ```
---@param name string # what is tested
---@param fn function # what must end without an error
function test(name, fn) end

--- Call a function. At its end its defers run, and what was made meanwhile is removed, except what was given to keep: containers, volumes, networks, and images that were pulled, loaded, imported or tagged. So it is if the script fails, is canceled or killed.
--- ```lua
--- local name = scope(function()
---   local c = containers.run{ "box", "sleep", "60" }
---   defer(function() assert(c.state == "running") end)
---   return c.name
--- end)
--- assert(containers.find(name) == nil)
--- ```
---@param fn function # what to do
---@return any ... # what fn returned
function scope(fn) end

--- Let what was made in a scope stay when it ends; with a container the volumes, the network and the image that it uses. It returns what it was given.
--- ```lua
--- local c = scope(function() return keep(containers.create{ "box", "true" }) end)
--- assert(c.state == "created")
--- ```
---@param object any # an object, or a list of them
---@return any # it
function keep(object) end

--- what to run
---@class ExecOptions
---@field [integer] string # the program and its arguments; no shell reads them
---@field check? boolean # raise failed unless it ends with 0 (default true)
---@field timeout? number|string # when to kill it; never if left out
---@field workdir? string # where to run it
---@field env? table<string,string>|string[]|string # environment besides the inherited one
---@field stdin? string # what it reads; nothing if left out
---@field interactive? boolean # it reads the standard input of the script
---@field stdout? "capture"|"inherit"|"discard" # where its output goes: into the result, where the script's goes, or nowhere
---@field stderr? "capture"|"inherit"|"discard"|"stdout" # where its error output goes: likewise, or where its output goes
---@field reads? boolean # it only looks: a dry run may run it

--- Run a program on the host and wait for it.
--- ```lua
--- assert(exec{ "echo", "hi" }.stdout == "hi\n")
--- ```
---@param options ExecOptions # what to run
---@return Result # what came of it
function exec(options) end
