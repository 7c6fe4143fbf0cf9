-- Docker's words for times, sizes and commands.
local say = {}

-- A span of seconds: "2 minutes", "About an hour".
function say.span(seconds)
  local s, m = math.floor(seconds), math.floor(seconds / 60)
  local h = math.floor(seconds / 3600 + 0.5)
  if s < 1 then return "Less than a second" end
  if s == 1 then return "1 second" end
  if s < 60 then return s .. " seconds" end
  if m == 1 then return "About a minute" end
  if m < 60 then return m .. " minutes" end
  if h == 1 then return "About an hour" end
  if h < 48 then return h .. " hours" end
  if h < 24 * 14 then return math.floor(h / 24) .. " days" end
  if h < 24 * 60 then return math.floor(h / 24 / 7) .. " weeks" end
  if h < 24 * 365 * 2 then return math.floor(h / 24 / 30) .. " months" end
  return math.floor(seconds / 3600 / 24 / 365) .. " years"
end

-- How long ago a time was: "2 minutes ago".
function say.ago(t)
  return t and say.span(math.max(0, time.since(t))) .. " ago" or "N/A"
end

-- A number of bytes in units of 1000, three digits: "7.33MB".
function say.size(bytes)
  local names, i = { "B", "kB", "MB", "GB", "TB", "PB" }, 1
  while bytes >= 1000 and i < #names do
    bytes, i = bytes / 1000, i + 1
  end
  return ("%.3g"):format(bytes) .. names[i]
end

-- A time as ps --format '{{.CreatedAt}}' has it.
function say.stamp(t)
  return t and t:sub(1, 10) .. " " .. t:sub(12, 19) .. " +0000 UTC" or ""
end

local function escape(c)
  return (c:gsub(".", function(byte) return ("\\x%02x"):format(byte:byte()) end))
end

-- Text with escapes for what a terminal would act upon: control characters, also those
-- that UTF-8 writes in two bytes.
function say.plain(text)
  return (text:gsub("%c", escape):gsub("\194[\128-\159]", escape))
end

-- Text cut to a number of letters, with an ellipsis.
function say.cut(text, most)
  local n, at = 0, 0
  for i = 1, #text do
    local b = text:byte(i)
    if b < 128 or b >= 192 then
      n = n + 1
      if n == most then at = i - 1 end
      if n > most then return text:sub(1, at) .. "…" end
    end
  end
  return text
end

-- Text in quotes, as Go writes it.
function say.quote(text)
  return '"' .. say.plain(text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("\t", "\\t")) .. '"'
end

-- The id as people see it.
function say.short(id)
  return id:gsub("^sha256:", ""):sub(1, 12)
end

return say
