-- The part of Go's templates that Docker's users write in --format: fields,
-- texts, the functions json join lower upper title split len index println, pipes,
-- if, else, range, end, and the dashes that trim. Values are plain tables; a field
-- that is a function is called with the arguments behind it (.Label "x").
local template = {}

local function show(v)
  if v == nil then return "<no value>" end
  if type(v) ~= "table" then return tostring(v) end
  local parts = {}
  if #v > 0 or next(v) == nil then
    for i, item in ipairs(v) do parts[i] = show(item) end
    return "[" .. table.concat(parts, " ") .. "]"
  end
  for k, item in pairs(v) do table.insert(parts, tostring(k) .. ":" .. show(item)) end
  table.sort(parts)
  return "map[" .. table.concat(parts, " ") .. "]"
end

local function split(text, by)
  local parts, from = {}, 1
  while by ~= "" do
    local a, b = text:find(by, from, true)
    if not a then break end
    table.insert(parts, text:sub(from, a - 1))
    from = b + 1
  end
  table.insert(parts, text:sub(from))
  return parts
end

local functions = {
  json = function(v) return json.encode(v) end,
  join = function(list, by) return table.concat(list, by) end,
  lower = function(s) return s:lower() end,
  upper = function(s) return s:upper() end,
  title = function(s) return s:sub(1, 1):upper() .. s:sub(2) end,
  split = split,
  len = function(v)
    if type(v) == "string" or #v > 0 then return #v end
    local n = 0
    for _ in pairs(v) do n = n + 1 end
    return n
  end,
  index = function(v, ...)
    for _, key in ipairs{ ... } do
      if v == nil then return nil end
      v = v[type(key) == "number" and key + 1 or key]
    end
    return v
  end,
  println = function(...) return table.concat({ ... }, " ") .. "\n" end,
}

local function wrong(what) error("the template: " .. what, 0) end

-- A word of an action: .A.B, "text", 5, or the name of a function.
local function words(action)
  local list, at = {}, 1
  while true do
    at = action:find("%S", at)
    if not at then return list end
    local text, stop = action:match('^"([^"]*)"()', at)
    if not text then text, stop = action:match("^`([^`]*)`()", at) end
    if text then
      table.insert(list, { text = text })
    else
      local word
      word, stop = action:match("^(|)()", at)
      if not word then word, stop = action:match("^([^%s|\"`]+)()", at) end
      table.insert(list, { word = word })
    end
    at = stop
  end
end

local function field(dot, path)
  local v = dot
  for name in path:gmatch("[^.]+") do
    if type(v) ~= "table" then
      if v == nil then return nil end
      wrong("there is no ." .. name .. " in " .. show(v))
    end
    v = v[name]
  end
  return v
end

local function operand(w, dot)
  if w.text then return w.text end
  if w.word:sub(1, 1) == "." then return field(dot, w.word) end
  return tonumber(w.word) or wrong(("%q is not understood"):format(w.word))
end

-- One command of a pipe: a value, or a function with its arguments and what came
-- through the pipe behind them.
local function command(list, dot, piped)
  local head, args = list[1], {}
  if not head then wrong("an action is empty") end
  for i = 2, #list do args[i - 1] = operand(list[i], dot) end
  local n = #list - 1
  if piped then
    n = n + 1
    args[n] = piped.value
  end
  if head.word and functions[head.word] then
    return functions[head.word](unpack(args, 1, n))
  end
  local v = operand(head, dot)
  if type(v) == "function" then return v(unpack(args, 1, n)) end
  if n > 0 then wrong("only a function takes arguments") end
  return v
end

local function pipeline(action, dot)
  local list, piped = {}, nil
  for _, w in ipairs(words(action)) do
    if w.word == "|" then
      piped = { value = command(list, dot, piped) }
      list = {}
    else
      table.insert(list, w)
    end
  end
  return command(list, dot, piped)
end

local function truth(v)
  return v ~= nil and v ~= false and v ~= "" and v ~= 0 and not (type(v) == "table" and next(v) == nil)
end

-- Cuts a template into texts and actions.
local function tokens(text)
  local list, at = {}, 1
  while true do
    local a, b = text:find("{{", at, true)
    if not a then break end
    local c, d = text:find("}}", b, true)
    if not c then wrong("{{ without }}") end
    local before, action = text:sub(at, a - 1), text:sub(b + 1, c - 1)
    if list.trim then before = before:gsub("^%s+", "") end
    if action:sub(1, 2):match("^%-%s") then before = before:gsub("%s+$", "") end
    list.trim = action:match("%s%-$") ~= nil
    table.insert(list, { text = before })
    table.insert(list, { action = action:gsub("^%-%s", ""):gsub("%s%-$", ""):match("^%s*(.-)%s*$") })
    at = d + 1
  end
  local rest = text:sub(at)
  table.insert(list, { text = list.trim and rest:gsub("^%s+", "") or rest })
  return list
end

local block

-- The nodes up to the action that ends them.
local function body(list, at, out)
  while list[at] do
    local token = list[at]
    local word = token.action and token.action:match("^%a+")
    if token.text then
      table.insert(out, { text = token.text })
    elseif word == "end" or word == "else" then
      return at, word
    elseif word == "if" or word == "range" then
      at = block(list, at, out, word)
    elseif token.action:sub(1, 2) ~= "/*" then
      table.insert(out, { pipe = token.action })
    end
    at = at + 1
  end
  return at, nil
end

function block(list, at, out, word)
  local node = { [word] = list[at].action:sub(#word + 1), yes = {}, no = {} }
  local stop, ended = body(list, at + 1, node.yes)
  if ended == "else" then
    stop, ended = body(list, stop + 1, node.no)
  end
  if ended ~= "end" then wrong("{{" .. word .. "}} without {{end}}") end
  table.insert(out, node)
  return stop
end

local run

local function items(v)
  local list = {}
  if type(v) ~= "table" then wrong("range needs a list or a map") end
  if #v > 0 then return v end
  local keys = {}
  for k in pairs(v) do table.insert(keys, k) end
  table.sort(keys)
  for i, k in ipairs(keys) do list[i] = v[k] end
  return list
end

local function node(n, dot, out)
  if n.text then
    table.insert(out, n.text)
  elseif n.pipe then
    table.insert(out, show(pipeline(n.pipe, dot)))
  elseif n["if"] then
    run(truth(pipeline(n["if"], dot)) and n.yes or n.no, dot, out)
  else
    local v = pipeline(n.range, dot)
    if not truth(v) then return run(n.no, dot, out) end
    for _, item in ipairs(items(v)) do run(n.yes, item, out) end
  end
end

function run(nodes, dot, out)
  for _, n in ipairs(nodes) do node(n, dot, out) end
end

-- Makes a function of a template: it takes a value and gives text.
function template.compile(text)
  local nodes = {}
  local _, ended = body(tokens(text), 1, nodes)
  if ended then wrong("{{" .. ended .. "}} has no beginning") end
  return function(dot)
    local out = {}
    run(nodes, dot, out)
    return table.concat(out)
  end
end

return template
