-- Reads the words of a command as Docker does. The usage text is the declaration:
--
--   Usage:  neap stop [OPTIONS] CONTAINER [CONTAINER...]
--
--   Options:
--     -s, --signal string   Signal to send
--     -f, --force           Do not ask
--
-- A line that starts with a dash declares an option: its names, then the kind of
-- its value (string, list, int, number; none for a flag), then two blanks and
-- words for people. Its key is the last long name with _ for -. Options stop at
-- the first plain word if the usage has [ARG...], else at --.
local options = {}

local function declare(line)
  local left = line:match("^ +(%-.-)  ") or line:match("^ +(%-.+)$")
  if not left then return nil end
  local o = { names = {}, kind = "flag" }
  for word in left:gmatch("[^%s,]+") do
    if word:sub(1, 1) == "-" then
      table.insert(o.names, word)
      o.key = word:gsub("^%-+", ""):gsub("%-", "_")
    else
      o.kind = word
    end
  end
  return o
end

-- How many words must and may follow the options.
local function arity(usage)
  local words = usage:gsub("^.-neap%s+", ""):gsub("%[OPTIONS%]", "")
  local least, most = 0, 0
  for group in words:gmatch("%b[]") do
    most = most + (group:find("...", 1, true) and math.huge or 1)
  end
  for _ in words:gsub("%b[]", ""):gmatch("%S*%u%S*") do
    least = least + 1
  end
  return least, least + most
end

function options.declare(text)
  local usage = text:match("Usage:%s*([^\n]+)")
  local d = { text = text, usage = usage, name = usage:match("neap ([%l ]*%l)"), names = {}, list = {} }
  d.strict = usage:find("[ARG...]", 1, true) ~= nil
  d.least, d.most = arity(usage)
  for line in text:gmatch("[^\n]+") do
    local o = declare(line)
    if o then
      table.insert(d.list, o)
      for _, name in ipairs(o.names) do d.names[name] = o end
    end
  end
  return d
end

-- How many letters to change, add or drop to make one word of the other.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local same = a:sub(i, i) == b:sub(j, j) and 0 or 1
      local above = row[j]
      row[j] = math.min(above + 1, row[j - 1] + 1, corner + same)
      corner = above
    end
  end
  return row[#b]
end

function options.nearest(word, words)
  local best, least = nil, math.max(2, math.floor(#word / 3)) + 1
  for _, w in ipairs(words) do
    local d = distance(word, w)
    if d < least then best, least = w, d end
  end
  return best
end

-- Options of Docker's that run and create do not have.
local foreign = [[ --annotation --attach --blkio-weight-device --cgroup-parent --cgroupns --cpu-rt-period
  --cpu-rt-runtime --device-cgroup-rule --device-read-bps --device-read-iops --device-write-bps
  --device-write-iops --gpus --health-cmd --health-interval --health-retries --health-start-interval
  --health-start-period --health-timeout --ip6 --isolation --label-file --link --link-local-ip --log-driver
  --log-opt --mac-address --no-healthcheck --oom-kill-disable --memory-swappiness --blkio-weight --platform
  --runtime --sig-proxy --storage-opt --use-api-socket --userns --volume-driver ]]

local function unknown(d, name)
  if d.strict and foreign:gsub("%s+", " "):find(" " .. name .. " ", 1, true) then
    error({ usage = name .. " of Docker is not supported" })
  end
  local all = {}
  for _, o in ipairs(d.list) do
    for _, n in ipairs(o.names) do
      if #n > 2 then table.insert(all, n) end
    end
  end
  local near = #name > 2 and options.nearest(name, all)
  error({ usage = "unknown option " .. name .. (near and ("; did you mean " .. near .. "?") or "") })
end

local function number(o, name, value)
  local n = tonumber(value)
  if not n or o.kind == "int" and n ~= math.floor(n) then
    error({ usage = ("%s must be %s, not %q"):format(name, o.kind == "int" and "a whole number" or "a number", value) })
  end
  return n
end

local function set(opt, o, name, value)
  if o.kind == "flag" then
    if value ~= "true" and value ~= "false" then
      error({ usage = name .. " takes no value" })
    end
    opt[o.key] = value == "true"
  elseif o.kind == "list" then
    opt[o.key] = opt[o.key] or {}
    table.insert(opt[o.key], value)
  elseif o.kind == "int" or o.kind == "number" then
    opt[o.key] = number(o, name, value)
  else
    opt[o.key] = value
  end
end

-- The value of an option is what stands behind it, or the next word.
local function value(name, given, words, i)
  if given then return given, i end
  if not words[i + 1] then error({ usage = name .. " needs a value" }) end
  return words[i + 1], i + 1
end

local function long(d, opt, words, i)
  local name, given = words[i]:match("^(%-%-[^=]+)=(.*)$")
  name = name or words[i]
  local o = d.names[name] or unknown(d, name)
  if o.kind == "flag" then
    set(opt, o, name, given or "true")
    return i
  end
  local v, last = value(name, given, words, i)
  set(opt, o, name, v)
  return last
end

-- One or several letters, the last of which may take a value: -it, -p80:80, -t=false.
local function short(d, opt, words, i)
  local letters = words[i]:sub(2)
  while letters ~= "" do
    local name, rest = "-" .. letters:sub(1, 1), letters:sub(2)
    local o = d.names[name] or unknown(d, name)
    local given = rest:match("^=(.*)$")
    if o.kind ~= "flag" then
      local v, last = value(name, given or rest ~= "" and rest or nil, words, i)
      set(opt, o, name, v)
      return last
    end
    set(opt, o, name, given or "true")
    letters = given and "" or rest
  end
  return i
end

local function count(d, plain)
  if #plain < d.least then
    local n = d.least == 1 and "1 argument" or d.least .. " arguments"
    error({ usage = "needs " .. (d.most > d.least and "at least " or "") .. n })
  end
  if #plain > d.most then
    error({ usage = ("%q is one argument too many"):format(plain[d.most + 1]) })
  end
end

-- Gives the options by key and the plain words; raises { usage = … } or { help = true }.
function options.parse(d, words)
  local opt, plain, i = {}, {}, 1
  while words[i] do
    local word = words[i]
    if word == "--" or d.strict and (word:sub(1, 1) ~= "-" or word == "-") then
      for k = i + (word == "--" and 1 or 0), #words do table.insert(plain, words[k]) end
      break
    elseif word == "--help" then
      error({ help = true })
    elseif word:sub(1, 2) == "--" then
      i = long(d, opt, words, i)
    elseif word:sub(1, 1) == "-" and word ~= "-" then
      if word == "-h" and not d.names["-h"] then error({ help = true }) end
      i = short(d, opt, words, i)
    else
      table.insert(plain, word)
    end
    i = i + 1
  end
  count(d, plain)
  return opt, plain
end

return options
