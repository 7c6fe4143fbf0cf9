---@meta

--- how to ask
---@class GetOptions
---@field header? table<string,string> # lines of the header
---@field timeout? number|string # when to give up (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)

--- how to ask
---@class RequestOptions
---@field method? "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE" # what to do (default "GET")
---@field body? string # what to send
---@field header? table<string,string> # lines of the header
---@field timeout? number|string # when to give up (default "10s")
---@field check? boolean # raise failed for a status of 400 and above (default true)

--- Talk HTTP.
---@class httplib
http = {}

--- Ask for a page.
---@param url string # where
---@param options? GetOptions # how to ask
---@return Response # the answer
function http.get(url, options) end

--- Send a request.
---@param url string # where
---@param options? RequestOptions # how to ask
---@return Response # the answer
function http.request(url, options) end
