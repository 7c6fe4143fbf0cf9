-- neap check: find mistakes in scripts without running them. Prints each with its
-- line and a mark below what is wrong; ends with 1 if there are any.
--
-- clean.lua:14:7: a Container has no "remov"; did you mean "remove"?
--    |
-- 14 |     c:remov()
--    |       ^^^^^
local cli = require "cli"

local opt, files = cli.read[[
Usage:  neap check [OPTIONS] FILE [FILE...]

Find mistakes in scripts without running them; - is standard input

Options:
      --json    Print one JSON object a line
  -q, --quiet   Print nothing, only end with 1
]]

local function plain(f)
  local object = {}
  for _, name in ipairs{ "file", "line", "column", "width", "message", "text" } do object[name] = f[name] end
  return json.encode(object)
end

-- The line and a mark under it. Tabs stay, so that the mark stands where it should.
local function show(f)
  print(tostring(f))
  if not f.text:match("%S") then return end
  local number = tostring(f.line)
  local margin = (" "):rep(#number)
  print(("%s |\n%s | %s"):format(margin, number, f.text))
  local before = f.text:sub(1, f.column - 1):gsub("[^\t]", " ")
  print(("%s | %s%s"):format(margin, before, ("^"):rep(math.max(math.min(f.width, #f.text - f.column + 1), 1))))
end

local found, unread = 0, false
for _, file in ipairs(files) do
  local list, err = try(scripts.check, file)
  if err then
    cli.complain(err)
    unread = true
  end
  for _, f in ipairs(list or {}) do
    found = found + 1
    if not opt.quiet then
      if opt.json then print(plain(f)) else show(f) end
    end
  end
end
if unread then os.exit(2) end
if found > 0 then os.exit(1) end
