---@meta

--- What containers are made from: layers of files, and what to run.
---@class Image
---@field id string # its full id: sha256: and 64 digits
---@field short_id string # the first twelve digits
---@field tags string[] # its names
---@field digests string[] # repository@digest, as it was pulled
---@field repository string? # of its first name
---@field size number|string # of the files in its layers
---@field created string # when it was built
---@field architecture string # the processors it is for
---@field os string # the system it is for
---@field config table # what it asks of a container
---@field layers string[] # the diff ids of its layers, lowest first
---@field labels table<string,string> # its labels
---@field used_by string[] # containers made from it
local Image = {}

--- Give it another name; whoever had it loses it.
--- ```lua
--- images.get("box"):tag("mine:1")
--- assert(images.get("mine:1") == images.get("box"))
--- images.get("box"):untag("mine:1")
--- ```
---@param name string # NAME[:TAG]
---@return Image # itself
function Image:tag(name) end

--- Take a name from it, or all of them; it stays.
--- ```lua
--- images.get("box"):tag("mine:1")
--- images.get("box"):untag("mine:1")
--- assert(images.find("mine:1") == nil)
--- ```
---@param name? string # NAME[:TAG]; all if left out
---@return Image # itself
function Image:untag(name) end

--- Remove it with the layers that no other image has; one that is gone is no error.
---@param options? RemoveImageOptions # how to remove it
---@return Removal # what is gone
function Image:remove(options) end

--- All about it, in Docker's form.
--- ```lua
--- assert(images.get("box"):inspect().Os == "linux")
--- ```
---@return table # the document
function Image:inspect() end

--- Several of them: an array with methods.
---@class ImageList: { [integer]: Image }
local ImageList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ImageList
function ImageList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ImageList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ImageList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ImageList
function ImageList:sort(by, order) end

--- The first item, or nil.
---@return Image?
function ImageList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ImageList
function ImageList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ImageList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ImageList>
function ImageList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ImageList:table(...) end

--- Remove it with the layers that no other image has; one that is gone is no error.
---@param options? RemoveImageOptions # how to remove it
---@return RemovalList # what is gone
function ImageList:remove(options) end

--- Take a name from it, or all of them; it stays.
--- ```lua
--- images.get("box"):tag("mine:1")
--- images.get("box"):untag("mine:1")
--- assert(images.find("mine:1") == nil)
--- ```
---@param name? string # NAME[:TAG]; all if left out
---@return ImageList # itself
function ImageList:untag(name) end
