-- The outcomes of tests as JUnit's XML, a suite for each file.
local junit = {}

local marks = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\n"] = "&#10;" }

-- Text as XML has it, without the control characters that XML cannot have.
local function escape(text)
  return (text:gsub("[%z\1-\8\11\12\14-\31]", "?"):gsub('[&<>"\n]', marks))
end

local function case(o)
  local open = ('    <testcase classname="%s" name="%s" time="%.3f"'):format(escape(o.file), escape(o.name), o.duration)
  if o.status == "ok" then return open .. "/>" end
  if o.status == "skipped" then
    return ('%s>\n      <skipped message="%s"/>\n    </testcase>'):format(open, escape(o.message))
  end
  local out = o.output and ("\n      <system-out>%s</system-out>"):format(escape(o.output)) or ""
  return ('%s>\n      <failure message="%s">%s</failure>%s\n    </testcase>')
    :format(open, escape(o.message), escape(o.explained), out)
end

-- The suites in the order of the files, each with its outcomes.
local function suites(all)
  local list, of = {}, {}
  for _, o in ipairs(all) do
    local s = of[o.file]
    if not s then
      s = { name = o.file, cases = {}, failed = 0, skipped = 0, time = 0 }
      of[o.file] = s
      table.insert(list, s)
    end
    table.insert(s.cases, case(o))
    s.time = s.time + o.duration
    if o.status ~= "ok" then s[o.status] = s[o.status] + 1 end
  end
  return list
end

function junit.text(all)
  local lines = { '<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>" }
  for _, s in ipairs(suites(all)) do
    table.insert(lines, ('  <testsuite name="%s" tests="%d" failures="%d" skipped="%d" time="%.3f">')
      :format(escape(s.name), #s.cases, s.failed, s.skipped, s.time))
    table.insert(lines, table.concat(s.cases, "\n"))
    table.insert(lines, "  </testsuite>")
  end
  table.insert(lines, "</testsuites>\n")
  return table.concat(lines, "\n")
end

return junit
