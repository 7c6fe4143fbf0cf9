---@meta

--- how to get it
---@class PullOptions
---@field platform? string # os/architecture[/variant]; this machine's if left out
---@field insecure? boolean # plain HTTP and unknown certificates will do
---@field quiet? boolean # do not show how it goes

--- what becomes of it
---@class ImportOptions
---@field tag? string # NAME[:TAG]
---@field change? string[] # instructions of a Dockerfile: CMD, ENV, …
---@field message? string # a comment

--- how to send it
---@class PushOptions
---@field insecure? boolean # plain HTTP and unknown certificates will do

--- which ones
---@class ImageFilter
---@field id? string # its full id: sha256: and 64 digits
---@field short_id? string # the first twelve digits
---@field repository? string? # of its first name
---@field size? number|string # of the files in its layers
---@field created? string # when it was built
---@field architecture? string # the processors it is for
---@field os? string # the system it is for
---@field label? table<string,string> # a label, or labels that must all be there
---@field tag? string[] # a name of it
---@field dangling? boolean # whether it has no name
---@field unless? ImageFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to
---@field all? boolean # true: really all

--- which ones
---@class PruneImages
---@field all? boolean # those with a name too
---@field id? string # its full id: sha256: and 64 digits
---@field short_id? string # the first twelve digits
---@field repository? string? # of its first name
---@field size? number|string # of the files in its layers
---@field created? string # when it was built
---@field architecture? string # the processors it is for
---@field os? string # the system it is for
---@field label? table<string,string> # a label, or labels that must all be there
---@field tag? string[] # a name of it
---@field dangling? boolean # whether it has no name
---@field unless? ImageFilter # spares what matches any of these
---@field where? function # keeps what the function says yes to

--- how to remove it
---@class RemoveImageOptions
---@field force? boolean # with all its names, and although stopped containers use it

--- Get images, and find those that are here.
---@class imageslib
images = {}

--- Get an image from its registry, or see that it is up to date.
---@param name string # [REGISTRY/]NAME[:TAG|@DIGEST]
---@param options? PullOptions # how to get it
---@return Image # the image
function images.pull(name, options) end

--- Take the images of an archive that docker save wrote, or of an OCI layout in a tar.
---@param path string # the archive; - is standard input
---@return ImageList # its images
function images.load(path) end

--- Make an image of one layer from the tar of a root file system.
---@param path string # the tar; - is standard input
---@param options? ImportOptions # what becomes of it
---@return Image # the image
function images.import(path, options) end

--- Write images into an archive that load and docker load take, with the names that they are given by.
---@param images (Image|string)[] # which
---@param path string # the file; one that is there is replaced
function images.save(images, path) end

--- Send an image to the registry in its name.
---@param name Image|string # REGISTRY/NAME[:TAG]
---@param options? PushOptions # how to send it
---@return string # its digest there
function images.push(name, options) end

--- The image of that name or id; an error of kind not_found if it is not here.
--- ```lua
--- assert(images.get("box").os == "linux")
--- ```
---@param name Image|string # name, digest, id, or how the id begins
---@return Image # it
function images.get(name) end

--- The image of that name or id, or nil.
--- ```lua
--- assert(images.find("nothing") == nil)
--- ```
---@param name Image|string # name, digest, id, or how the id begins
---@return Image? # it, or nil
function images.find(name) end

--- All images, or those that a filter keeps; the newest first.
--- ```lua
--- for _, image in ipairs(images.list{ size = { over = "1k" } }) do print(image.tags[1]) end
--- ```
---@param filter? ImageFilter # which ones
---@return ImageList # them
function images.list(filter) end

--- Remove the images that have no name and no container, or with all = true all without a container.
--- ```lua
--- print(images.prune())
--- ```
---@param options? PruneImages # which ones
---@return Removal # what is gone
function images.prune(options) end

--- Remove an image by a name or id: by a name that is not its last it only loses that.
--- ```lua
--- images.get("box"):tag("mine:1")
--- assert(images.remove("mine:1").untagged[1] == "mine:1")
--- ```
---@param name Image|string # name or id
---@param options? RemoveImageOptions # how to remove it
---@return Removal # what is gone
function images.remove(name, options) end
