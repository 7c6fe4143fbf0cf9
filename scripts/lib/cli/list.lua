-- Prints things as Docker's lists do: a table, one line each by a template, or
-- JSON.
local template, say = require "cli.template", require "cli.say"

local list = {}

local function width(text)
  return #text:gsub("[\128-\191]", "")
end

-- Lines of cells between tabs, in columns at least ten wide and three apart.
local function columns(lines)
  local rows, widths = {}, {}
  for i, line in ipairs(lines) do
    rows[i] = {}
    for cell in (line .. "\t"):gmatch("([^\t]*)\t") do
      table.insert(rows[i], cell)
      local n = #rows[i]
      widths[n] = math.max(widths[n] or 10, width(cell) + 3)
    end
  end
  for _, row in ipairs(rows) do
    for n = 1, #row - 1 do
      row[n] = row[n] .. (" "):rep(widths[n] - width(row[n]))
    end
    print(table.concat(row))
  end
end

-- What a template sees of a thing: its fields, worked out when they are asked for.
local function view(fields, thing)
  return setmetatable({}, { __index = function(_, name)
    local of = fields[name]
    if not of then error("the template: there is no ." .. name, 0) end
    return of(thing)
  end })
end

local function object(fields, thing)
  local all = {}
  for name, of in pairs(fields) do
    local v = of(thing)
    if type(v) ~= "function" then all[name] = v end
  end
  return json.encode(all)
end

-- Heads shows the names of columns where a template has fields.
local function heads(titles)
  return setmetatable({}, { __index = function(_, name)
    local title = titles[name] or name:upper()
    return name == "Label" and function(key) return key end or title
  end })
end

-- things, fields = { ID = function(thing) … }, titles = { ID = "CONTAINER ID" },
-- format (a template, "table …", "json" or nil), usual (the table's template).
function list.print(o)
  local format = o.format
  if format == nil or format == "" or format == "table" then format = "table " .. o.usual end
  if format == "json" then
    for _, thing in ipairs(o.things) do print(object(o.fields, thing)) end
    return
  end
  local rest = format:match("^table%s+(.*)$")
  local text = (rest or format):gsub("\\t", "\t"):gsub("\\n", "\n")
  local line = template.compile(text)
  local lines = rest and { line(heads(o.titles)) } or {}
  for _, thing in ipairs(o.things) do
    local said = line(view(o.fields, thing))
    table.insert(lines, rest and said:gsub("[^\t]+", say.plain) or said)
  end
  if rest then return columns(lines) end
  for _, said in ipairs(lines) do print(said) end
end

return list
