---@meta

--- YAML text and plain tables.
---@class yamllib
yaml = {}

--- YAML as a plain value; null is nil. A text of several documents needs decode_all.
--- ```lua
--- assert(yaml.decode("ports: [80, 443]").ports[2] == 443)
--- ```
---@param text string # the YAML
---@return table # the value
function yaml.decode(text) end

--- The documents of a YAML text; empty ones are left out.
--- ```lua
--- assert(#yaml.decode_all("a: 1\n---\nb: 2\n") == 2)
--- ```
---@param text string # the YAML
---@return table[] # a list of values
function yaml.decode_all(text) end

--- Plain values as YAML. What came out of JSON or YAML keeps its order, its empty lists and its nulls.
--- ```lua
--- assert(yaml.encode({ name = "web" }) == "name: web\n")
--- ```
---@param ... table # what to write; several become several documents
---@return string # the text
function yaml.encode(...) end
