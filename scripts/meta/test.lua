---@meta

--- when and how
---@class FaultOptions
---@field times? integer # how often; 0 is without end
---@field after? number|string # death and oom: how long after its start, or from now if it lives
---@field calls? integer # death and oom: with which act on the container from now, instead of after
---@field exit_code? integer # death: what it ends with; 1 if left out
---@field takes? number|string # slow_pull: how long
---@field message? string # start_failure: why

--- what it does; it ends at once with code 0 if nothing is said
---@class AnswerOptions
---@field stdout? string # what it prints
---@field stderr? string # what it prints to its error stream
---@field exit_code? integer # what it ends with
---@field signal? string # the signal that it dies of instead
---@field oom_killed? boolean # it is killed for want of memory instead
---@field takes? number|string # how long it runs
---@field stays? boolean # it runs until it is stopped
---@field ignore? string[] # signals that do not end it
---@field file? string[] # files that it makes in the container
---@field port? integer[] # ports at which it accepts

--- what it is like
---@class TestImageOptions
---@field change? string[] # instructions of a Dockerfile: CMD, ENV, EXPOSE, VOLUME, …
---@field size? number|string # of its files
---@field created? string # when it was built

--- A test that runs: what it may ask of the simulation, and how it says what is wrong.
---@class Test
---@field name string # what is tested
---@field real boolean # whether the runtime is a real one
---@field dir string # a directory for it alone, gone at its end
local Test = {}

--- Let time pass, with all that is due in it.
--- ```lua
--- local c = containers.run{ "box", "sleep", "1h" }
--- t:advance("2h")
--- assert(c.state == "exited")
--- ```
---@param duration number|string # how much
---@return Test # itself
function Test:advance(duration) end

--- Make something go wrong from now on.
--- ```lua
--- t:fault("port_taken", 8888)
--- t:raises("exists", function() containers.run{ "httpd", publish = "8888:80" } end)
--- ```
---@param kind "death"|"disk_full"|"image_missing"|"oom"|"port_taken"|"slow_pull"|"start_failure"|"unhealthy" # death: the program of the container ends; disk_full: what would be written for the object has no room; image_missing: no registry has the image, and it is not here; oom: the program of the container is killed for want of memory; port_taken: a foreign process has the port of the host; slow_pull: a pull of the image takes its time; start_failure: the container does not start; unhealthy: the program of the container runs, and accepts at no port
---@param of? string # the name of what it strikes, * being anything, or a port
---@param options? FaultOptions # when and how
---@return Test # itself
function Test:fault(kind, of, options) end

--- End the faults of this kind and name.
--- ```lua
--- t:fault("disk_full"):mend("disk_full")
--- volumes.create("data")
--- ```
---@param kind "death"|"disk_full"|"image_missing"|"oom"|"port_taken"|"slow_pull"|"start_failure"|"unhealthy" # what
---@param of? string # as it was given to fault
---@return Test # itself
function Test:mend(kind, of) end

--- Say what a program does in containers of that name or image, where * is anything. Of several that fit the last one counts.
--- ```lua
--- t:answer("httpd*", { "cat", "/x" }, { stdout = "y" })
--- assert(containers.run{ "httpd:2.4" }:exec{ "cat", "/x" }.stdout == "y")
--- ```
---@param who string # the name or the image, or a pattern of it
---@param program string[] # it and its arguments, or patterns of them; a last * is all further arguments
---@param options? AnswerOptions # what it does; it ends at once with code 0 if nothing is said
---@return Test # itself
function Test:answer(who, program, options) end

--- Put an image into the world.
--- ```lua
--- t:image("httpd:2.4", { change = { "EXPOSE 80" }, size = "148m" })
--- assert(containers.run{ "httpd:2.4", publish_all = true }.ports[1].container_port == 80)
--- ```
---@param name string # NAME[:TAG]
---@param options? TestImageOptions # what it is like
---@return Test # itself
function Test:image(name, options) end

--- The programs that were run in containers, the first first.
--- ```lua
--- containers.run{ "box", "sleep", "60", name = "web" }
--- assert(t:calls("web")[1].argv[1] == "sleep")
--- ```
---@param who? string # the name of the container, or a pattern of it
---@return any # a list of { container, argv }
function Test:calls(who) end

--- Run a script in the same world, with a Lua state of its own.
--- ```lua
--- fs.write(t.dir .. "/hi.lua", 'print("hi " .. ...)')
--- t:equal(t:run(t.dir .. "/hi.lua", "you").stdout, "hi you\n")
--- ```
---@param script string # its path, from the directory of the test's file or the current one
---@param ... string # its arguments
---@return Result # its exit_code, stdout and stderr
function Test:run(script, ...) end

--- Fail if two values differ, saying where. Tables are compared with all that is in them.
--- ```lua
--- t:equal({ 1, { a = "b" } }, { 1, { a = "b" } })
--- ```
---@param got? any # what is
---@param want? any # what should be
function Test:equal(got, want) end

--- Fail unless a function raises an error of that kind.
--- ```lua
--- assert(t:raises("not_found", function() containers.get("nobody") end).object == "nobody")
--- ```
---@param kind "not_found"|"exists"|"conflict"|"invalid"|"denied"|"unsupported"|"timeout"|"canceled"|"busy"|"damaged"|"partial"|"failed"|"script"|"bug" # the kind
---@param fn function # what must fail
---@return Error # the error
function Test:raises(kind, fn) end

--- End the test here: it is neither well nor wrong.
--- ```lua
--- if t.real then t:skip("there is no registry") end
--- ```
---@param reason string # why
function Test:skip(reason) end

--- Several of them: an array with methods.
---@class TestList: { [integer]: Test }
local TestList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return TestList
function TestList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function TestList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function TestList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return TestList
function TestList:sort(by, order) end

--- The first item, or nil.
---@return Test?
function TestList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return TestList
function TestList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function TestList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,TestList>
function TestList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function TestList:table(...) end
