---@meta

--- how
---@class RemoveOptions
---@field recursive? boolean # with all that is in it

--- Files of the host.
---@class fslib
fs = {}

--- The content of a file.
--- ```lua
--- local d = fs.tempdir()
--- fs.write(d .. "/x", "hi")
--- assert(fs.read(d .. "/x") == "hi")
--- ```
---@param path string # the file
---@return string # it
function fs.read(path) end

--- Write a file whole or not at all.
---@param path string # the file
---@param content string # what to put there
function fs.write(path, content) end

--- Whether there is a file or directory.
--- ```lua
--- assert(fs.exists("/") and not fs.exists("/no such thing"))
--- ```
---@param path string # the file
---@return boolean # yes or no
function fs.exists(path) end

--- The names in a directory, sorted.
--- ```lua
--- assert(#fs.list("/") > 0)
--- ```
---@param path string # the directory
---@return string[] # them
function fs.list(path) end

--- Make a directory and those above it; it may be there already.
---@param path string # the directory
function fs.mkdir(path) end

--- Remove a file or an empty directory; with recursive, all that is in it. It need not be there.
---@param path string # what to remove
---@param options? RemoveOptions # how
function fs.remove(path, options) end

--- A new empty directory, removed at the end of the scope.
---@return string # its path
function fs.tempdir() end
