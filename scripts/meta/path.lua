---@meta

--- The words of paths. They look at no file.
---@class pathlib
path = {}

--- Words put together to a path, made clean.
--- ```lua
--- assert(path.join("/srv", "a/", "../b") == "/srv/b")
--- ```
---@param ... string # its parts
---@return string # the path
function path.join(...) end

--- The last part of a path.
--- ```lua
--- assert(path.base("/srv/www.tar.gz") == "www.tar.gz")
--- ```
---@param path string # the path
---@return string # the path
function path.base(path) end

--- All but the last part.
--- ```lua
--- assert(path.dir("/srv/www.tar.gz") == "/srv")
--- ```
---@param path string # the path
---@return string # the path
function path.dir(path) end

--- The ending of the last part, with its dot; empty if it has none.
--- ```lua
--- assert(path.ext("/srv/www.tar.gz") == ".gz")
--- ```
---@param path string # the path
---@return string # the path
function path.ext(path) end

--- The last part without its ending.
--- ```lua
--- assert(path.stem("/srv/www.tar.gz") == "www.tar")
--- ```
---@param path string # the path
---@return string # the path
function path.stem(path) end

--- The shortest form: no double slashes, no . and .. that can be done without.
--- ```lua
--- assert(path.clean("a//b/../c/.") == "a/c")
--- ```
---@param path string # the path
---@return string # the path
function path.clean(path) end

--- The path from the root, by the working directory.
--- ```lua
--- assert(path.abs("/srv/../etc") == "/etc")
--- ```
---@param path string # the path
---@return string # the path
function path.abs(path) end

--- How one gets to a path from another.
--- ```lua
--- assert(path.rel("/srv/www/a", "/srv/data") == "../www/a")
--- ```
---@param path string # the path
---@param from string # the directory one is in
---@return string # the path
function path.rel(path, from) end

--- Whether a path starts at the root.
--- ```lua
--- assert(path.is_abs("/srv") and not path.is_abs("srv"))
--- ```
---@param path string # the path
---@return boolean # yes or no
function path.is_abs(path) end

--- The parts of a path.
--- ```lua
--- assert(path.split("/srv/www")[2] == "www")
--- ```
---@param path string # the path
---@return string[] # them
function path.split(path) end

--- Whether a path fits a pattern: * and ? within a part, ** over parts, [a-z], {a,b}.
--- ```lua
--- assert(path.match("/srv/**/*.{log,txt}", "/srv/a/b/x.log"))
--- ```
---@param pattern string # the pattern
---@param path string # the path
---@return boolean # yes or no
function path.match(pattern, path) end
