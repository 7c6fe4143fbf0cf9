-- Shows all about things of one kind or another.
local cli, template = require "cli", require "cli.template"

local modules = { container = containers, image = images, volume = volumes, network = networks }

local function find(name, kinds)
  for _, kind in ipairs(kinds) do
    if not modules[kind] then
      cli.misused(("--type must be container, image, volume or network, not %q"):format(kind))
    end
    local thing = modules[kind].find(name)
    if thing then return thing, kind end
  end
  error("no such " .. (#kinds == 1 and kinds[1] or "object") .. ": " .. name, 0)
end

-- Containers know Go's templates themselves; for the rest ours must do.
local function format(thing, kind, text)
  if text == "json" then return json.encode(thing:inspect()) end
  if kind == "container" then return thing:format(text) end
  return template.compile(text)(thing:inspect())
end

return function(names, kinds, text)
  local documents, failed = {}, false
  for _, name in ipairs(names) do
    local ok, err = try(function()
      local thing, kind = find(name, kinds)
      if text then
        print(format(thing, kind, text))
      else
        table.insert(documents, thing:inspect())
      end
      return true
    end)
    if not ok then
      cli.complain(err)
      failed = true
    end
  end
  if not text then
    print(#documents > 0 and json.encode(documents, { indent = "    " }) or "[]")
  end
  if failed then os.exit(1) end
end
