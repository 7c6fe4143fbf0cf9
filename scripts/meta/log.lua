---@meta

--- where and which
---@class LogSetup
---@field level? "debug"|"info"|"warn"|"error" # what is less than that is not said (default "info")
---@field format? "text"|"json" # words with key=value behind them, or one JSON object a line (default "text")
---@field file? string # the end of this file instead of standard error
---@field time? boolean # false leaves the times out (default true)
---@field fields? table # what belongs to every message

--- Messages of a script, with times, levels and fields.
---@class loglib
log = {}

--- Say what only helps to find a mistake.
--- ```lua
--- log.debug("done", { count = 3 })
--- ```
---@param message string # what there is to say
---@param fields? table # a table of what belongs to it: { container = c.name }
function log.debug(message, fields) end

--- Say what happened.
--- ```lua
--- log.info("done", { count = 3 })
--- ```
---@param message string # what there is to say
---@param fields? table # a table of what belongs to it: { container = c.name }
function log.info(message, fields) end

--- Say what is not as it should be.
--- ```lua
--- log.warn("done", { count = 3 })
--- ```
---@param message string # what there is to say
---@param fields? table # a table of what belongs to it: { container = c.name }
function log.warn(message, fields) end

--- Say what went wrong. It raises nothing.
--- ```lua
--- log.error("done", { count = 3 })
--- ```
---@param message string # what there is to say
---@param fields? table # a table of what belongs to it: { container = c.name }
function log.error(message, fields) end

--- Say where messages go and which, from now on.
--- ```lua
--- log.setup{ level = "debug", format = "json", fields = { script = "example" } }
--- ```
---@param options? LogSetup # where and which
function log.setup(options) end
