-- neap translate: say a Docker line in Lua. Prints the Lua, and runs nothing.
--
-- containers.run{ "httpd", name = "my-httpd", publish = "8888:80" }
local cli, translate = require "cli", require "translate"

local _, words = cli.read[=[
Usage:  neap translate LINE [ARG...]

Say a Docker line in Lua, with its pipes, quotes and $(…); - reads lines from standard input
]=]

-- Words that the shell has parted already are put together again.
local function together(all)
  if #all == 1 then return all[1] == "-" and io.read("*a") or all[1] end
  local line = {}
  for _, word in ipairs(all) do
    table.insert(line, "'" .. word:gsub("'", "'\\''") .. "'")
  end
  return table.concat(line, " ")
end

local ok, text = pcall(translate.line, together(words))
if not ok then cli.fail(1, text) end
print(text)
