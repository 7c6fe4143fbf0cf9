---@meta

--- how
---@class WriteOptions
---@field mode? string # permissions, if it is new (default "0644")

--- how
---@class AppendOptions
---@field mode? string # permissions, if it is new (default "0644")

--- how
---@class MkdirOptions
---@field mode? string # permissions, if it is new (default "0755")

--- how
---@class RemoveFileOptions
---@field recursive? boolean # with all that is in it

--- which ones
---@class WalkOptions
---@field type? "file"|"dir"|"link"|"pipe"|"socket"|"device" # only those
---@field match? string # only what fits a pattern: of its name, or with a slash in it, of its path below the directory
---@field depth? integer # how deep; 1 is what lies in the directory itself, 0 has no limit
---@field hidden? boolean # false leaves out what begins with a dot, with all in it (default true)

--- of what
---@class StatOptions
---@field follow? boolean # false looks at a link itself (default true)

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

--- Go through the lines of a file.
--- ```lua
--- for line in fs.lines("/proc/self/status") do assert(line:find("^Name:")); break end
--- ```
---@param path string # the file
---@return fun():string iterator # a line, without its end
function fs.lines(path) end

--- Write a file whole or not at all.
--- ```lua
--- fs.write(fs.tempdir() .. "/secret", "x", { mode = "0600" })
--- ```
---@param path string # the file
---@param content string # what to put there
---@param options? WriteOptions # how
function fs.write(path, content, options) end

--- Write at the end of a file, which is made if it is not there.
--- ```lua
--- local f = fs.tempfile()
--- fs.append(f, "a\n")
--- fs.append(f, "b\n")
--- assert(fs.read(f) == "a\nb\n")
--- ```
---@param path string # the file
---@param content string # what to put there
---@param options? AppendOptions # how
function fs.append(path, content, options) end

--- The SHA-256 of a file's content.
--- ```lua
--- assert(#fs.sum("/proc/self/status") == 64)
--- ```
---@param path string # the file
---@return string # 64 hexadecimal digits
function fs.sum(path) end

--- Make a directory and those above it; it may be there already.
--- ```lua
--- fs.mkdir(fs.tempdir() .. "/a/b")
--- ```
---@param path string # the directory
---@param options? MkdirOptions # how
function fs.mkdir(path, options) end

--- Remove a file, a link or an empty directory; with recursive, all that is in it. It need not be there. Links are removed, not followed.
--- ```lua
--- local d = fs.tempdir()
--- fs.write(d .. "/x", "")
--- fs.remove(d, { recursive = true })
--- assert(not fs.exists(d))
--- ```
---@param path string # what to remove
---@param options? RemoveFileOptions # how
function fs.remove(path, options) end

--- Copy a file, or a directory with all that is in it. Permissions, owners, times and links stay as they are; a file that is there is replaced whole.
--- ```lua
--- local f = fs.tempfile()
--- fs.copy("/proc/self/status", f)
--- assert(#fs.read(f) > 0)
--- ```
---@param from string # what there is
---@param to string # the path that it gets; no directory may be there
function fs.copy(from, to) end

--- Give a file or directory another path, also on another file system. A file that is there is replaced.
--- ```lua
--- local d = fs.tempdir()
--- fs.write(d .. "/a", "x")
--- fs.move(d .. "/a", d .. "/b")
--- assert(fs.read(d .. "/b") == "x")
--- ```
---@param from string # what there is
---@param to string # the path that it gets; no directory may be there
function fs.move(from, to) end

--- Make a symbolic link.
--- ```lua
--- fs.link("/etc", fs.tempdir() .. "/l")
--- ```
---@param target string # what it leads to
---@param path string # where it is
function fs.link(target, path) end

--- Set the permissions of a file.
--- ```lua
--- fs.chmod(fs.tempfile(), "0600")
--- ```
---@param path string # the file
---@param mode string # such as "0600"
function fs.chmod(path, mode) end

--- A new empty directory, removed with all in it at the end of the scope.
--- ```lua
--- assert(fs.stat(fs.tempdir()).type == "dir")
--- ```
---@return string # its path
function fs.tempdir() end

--- A new empty file that nobody else can read, removed at the end of the scope.
--- ```lua
--- assert(fs.read(fs.tempfile()) == "")
--- ```
---@return string # its path
function fs.tempfile() end

--- Whether there is a file, a directory or a link.
--- ```lua
--- assert(fs.exists("/") and not fs.exists("/no such thing"))
--- ```
---@param path string # the file or directory
---@return boolean # yes or no
function fs.exists(path) end

--- The names in a directory, sorted.
--- ```lua
--- assert(#fs.list("/") > 0)
--- ```
---@param path string # the directory
---@return string[] # them
function fs.list(path) end

--- The paths that fit a pattern: * and ? within a part, ** over parts, [a-z], {a,b}.
--- ```lua
--- assert(#fs.glob("/proc/self/stat{,us}") == 2)
--- ```
---@param pattern string # such as "/srv/backup/*.tar.zst"
---@return string[] # them, sorted
function fs.glob(pattern) end

--- Go through all that is in a directory and below it.
--- ```lua
--- for f in fs.walk("/proc/self/net", { type = "file", match = "dev" }) do assert(f.name == "dev") end
--- ```
---@param path string # the directory
---@param options? WalkOptions # which ones
---@return fun():File iterator # a file
function fs.walk(path, options) end

--- What a file is: its type, size, permissions, owner and times. Of a link, what it leads to.
--- ```lua
--- assert(fs.stat("/").type == "dir")
--- ```
---@param path string # the file or directory
---@param options? StatOptions # of what
---@return File # it
function fs.stat(path, options) end

--- Where a symbolic link leads.
--- ```lua
--- assert(fs.readlink("/proc/self"):find("^%d+$"))
--- ```
---@param path string # the link
---@return string # its target
function fs.readlink(path) end

--- The path without links.
--- ```lua
--- assert(fs.real("/proc/self"):find("^/proc/%d+$"))
--- ```
---@param path string # the file or directory
---@return string # it
function fs.real(path) end

--- How many bytes are in a file, or in all files of a directory; what has several names counts once.
--- ```lua
--- assert(fs.size("/proc/self/net") >= 0)
--- ```
---@param path string # the file or directory
---@return number|string # the bytes
function fs.size(path) end

--- How full the file system is that a path is on.
--- ```lua
--- assert(fs.disk("/").total >= 0)
--- ```
---@param path string # the file or directory
---@return Disk # total, free, used, percent, inodes, inodes_free
function fs.disk(path) end
