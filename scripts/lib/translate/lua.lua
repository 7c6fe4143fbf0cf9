-- Writes Lua: values, tables of options, and texts with marks in them. A mark
-- stands for an expression inside a text that options were read from.
local lua = {}

local marks = {}

-- A text that stands for an expression until lit writes it.
function lua.mark(expression)
  table.insert(marks, expression)
  return "\1" .. #marks .. "\2"
end

local function quoted(text)
  return (("%q"):format(text):gsub("\\\n", "\\n"):gsub("\t", "\\t"))
end

-- A text as an expression.
function lua.lit(text)
  local parts = {}
  for before, number in (text .. "\1\2"):gmatch("([^\1]*)\1(%d*)\2") do
    if before ~= "" then table.insert(parts, quoted(before)) end
    if number ~= "" then table.insert(parts, marks[tonumber(number)]) end
  end
  return #parts == 0 and '""' or table.concat(parts, " .. ")
end

-- A plain value as an expression.
function lua.value(v)
  if type(v) == "string" then return lua.lit(v) end
  if type(v) ~= "table" then return tostring(v) end
  if v.code then return v.code end
  local all = {}
  for _, item in ipairs(v) do table.insert(all, lua.value(item)) end
  return #all == 0 and "{}" or "{ " .. table.concat(all, ", ") .. " }"
end

local words = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do
  words[word] = true
end

local function name(key)
  return key:match("^[%a_][%w_]*$") and not words[key] and key or "[" .. quoted(key) .. "]"
end

-- A table of a list and { key, value } pairs, on one line if there is room.
function lua.table(list, pairs_)
  local all = {}
  for _, item in ipairs(list or {}) do table.insert(all, lua.value(item)) end
  for _, pair in ipairs(pairs_ or {}) do table.insert(all, name(pair[1]) .. " = " .. lua.value(pair[2])) end
  if #all == 0 then return "{}" end
  local line = "{ " .. table.concat(all, ", ") .. " }"
  if #line <= 100 then return line end
  return "{\n  " .. table.concat(all, ",\n  ") .. ",\n}"
end

-- A call with a table of options, or without any.
function lua.call(fn, pairs_)
  if not pairs_ or #pairs_ == 0 then return fn .. "()" end
  return fn .. lua.table(nil, pairs_)
end

return lua
