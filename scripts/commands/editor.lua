-- neap editor: what an editor needs to know neap's Lua. It writes annotations for the
-- Lua language server into .neap/meta, and settings for it, selene and stylua. Settings
-- that are there are kept; .luarc.json gets what it lacks.
local cli = require "cli"

local settings = {
  ["runtime.version"] = "Lua 5.1",
  ["workspace.library"] = { ".neap/meta" },
  ["workspace.checkThirdParty"] = false,
}

local stylua = [[
syntax = "Lua51"
column_width = 100
indent_type = "Spaces"
indent_width = 2
call_parentheses = "Input"
]]

local function write(path, text)
  fs.write(path, text)
  print("wrote " .. path)
end

local function offer(path, text)
  if fs.exists(path) then
    print("kept " .. path)
  else
    write(path, text)
  end
end

-- Adds to a settings file of the language server what it lacks.
local function join(path)
  local have = {}
  if fs.exists(path) then
    local value, err = try(json.decode, fs.read(path))
    if err then cli.fail(1, path .. " is no plain JSON; add \"workspace.library\": [\".neap/meta\"] to it by hand") end
    have = value
  end
  local lacks = false
  for key, value in pairs(settings) do
    if have[key] == nil then
      have[key], lacks = value, true
    end
  end
  if lacks then
    write(path, json.encode(have, { indent = "  " }) .. "\n")
  else
    print("kept " .. path)
  end
end

local function init(words)
  local _, plain = cli.read([[
Usage:  neap editor init [DIRECTORY]

Write what an editor needs to know neap's Lua into a directory of scripts, the current
one if none is named
]], words)
  local dir = plain[1] or "."
  if plain[2] then cli.misused("takes one directory") end
  fs.mkdir(dir .. "/.neap/meta")
  local count = 0
  for name, text in pairs(scripts.annotations()) do
    fs.write(dir .. "/.neap/meta/" .. name, text)
    count = count + 1
  end
  print(("wrote %s/.neap/meta: %d files"):format(dir, count))
  join(dir .. "/.luarc.json")
  write(dir .. "/neap.yml", scripts.selene())
  offer(dir .. "/selene.toml", 'std = "neap"\n')
  offer(dir .. "/stylua.toml", stylua)
end

cli.choose("editor", "Prepare a directory of scripts for an editor", { init = init })
