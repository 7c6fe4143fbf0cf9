---@meta

--- how to ask
---@class GetOptions
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- how to ask
---@class HeadOptions
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- how to ask
---@class PostOptions
---@field body? string # what to send
---@field json? table # what to send, as JSON
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- how to ask
---@class PutOptions
---@field body? string # what to send
---@field json? table # what to send, as JSON
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- how to ask
---@class DeleteOptions
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- how to ask
---@class RequestOptions
---@field method? "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE"|"OPTIONS" # what to do (default "GET")
---@field body? string # what to send
---@field json? table # what to send, as JSON
---@field header? table<string,string> # lines of the header
---@field query? table<string,string> # what stands behind the ? of the URL
---@field timeout? number|string # when to give up; 0 is never (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)
---@field follow? boolean # go where the answer says it has moved (default true)
---@field user? string # as whom, by the basic scheme
---@field password? string # of the user
---@field unix? string # a socket to ask instead of the network
---@field insecure? boolean # unknown certificates will do
---@field to? string # a file that the body goes to, whole or not at all

--- Talk HTTP.
---@class httplib
http = {}

--- Ask for a page.
--- ```lua
--- assert(select(2, try(http.get, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? GetOptions # how to ask
---@return Response # the answer
function http.get(url, options) end

--- Ask for the header of a page.
--- ```lua
--- assert(select(2, try(http.head, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? HeadOptions # how to ask
---@return Response # the answer
function http.head(url, options) end

--- Send something.
--- ```lua
--- assert(select(2, try(http.post, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? PostOptions # how to ask
---@return Response # the answer
function http.post(url, options) end

--- Put something in a place.
--- ```lua
--- assert(select(2, try(http.put, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? PutOptions # how to ask
---@return Response # the answer
function http.put(url, options) end

--- Remove what is in a place.
--- ```lua
--- assert(select(2, try(http.delete, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? DeleteOptions # how to ask
---@return Response # the answer
function http.delete(url, options) end

--- Send a request of any method.
--- ```lua
--- assert(select(2, try(http.request, "127.0.0.1:1", { timeout = "1s" })).kind == "failed")
--- ```
---@param url string # where; http:// may be left out
---@param options? RequestOptions # how to ask
---@return Response # the answer
function http.request(url, options) end
