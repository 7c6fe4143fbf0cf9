-- Docker's --filter: KEY=VALUE texts. Values of one key are alternatives, except of
-- label, of which all must be there; keys must all fit.
local cli, options = require "cli", require "cli.options"

local filter = {}

-- The key and value of one text.
local function parse(text)
  local key, value = text:match("^([^=]+)=(.*)$")
  if not key then cli.misused(("--filter %q is not of the form KEY=VALUE"):format(text)) end
  return key, value
end

-- The values that the texts have for a key.
function filter.values(texts, wanted)
  local values = {}
  for _, text in ipairs(texts or {}) do
    local key, value = parse(text)
    if key == wanted then table.insert(values, value) end
  end
  return values
end

-- Makes a function that says whether a thing fits. tests are functions by key that
-- take a thing and a value.
function filter.of(texts, tests)
  local asked, keys = {}, {}
  for key in pairs(tests) do table.insert(keys, key) end
  for _, text in ipairs(texts or {}) do
    local key, value = parse(text)
    if not tests[key] then
      local near = options.nearest(key, keys)
      cli.misused(("no filter is called %q"):format(key) .. (near and ("; did you mean %q?"):format(near) or ""))
    end
    asked[key] = asked[key] or {}
    table.insert(asked[key], value)
  end
  return function(thing)
    for key, values in pairs(asked) do
      local fits = 0
      for _, value in ipairs(values) do
        if tests[key](thing, value) then fits = fits + 1 end
      end
      if fits == 0 or key == "label" and fits < #values then return false end
    end
    return true
  end
end

-- Tests that several kinds of things have.

function filter.label(thing, value)
  local key, wanted = value:match("^([^=]+)=(.*)$")
  local have = thing.labels[key or value]
  return have ~= nil and (wanted == nil or have == wanted)
end

function filter.named(thing, value)
  return re(value):match(thing.name) ~= nil
end

-- A test for KEY=true and KEY=false.
function filter.flag(of)
  return function(thing, value)
    if value ~= "true" and value ~= "false" then cli.misused("the filter takes true or false, not " .. value) end
    return of(thing) == (value == "true")
  end
end

return filter
