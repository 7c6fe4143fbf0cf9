-- The outcomes of tests for people: one line each, and of those that failed the place
-- and what was printed.
local text = {}

local function indented(lines, by)
  return (by .. lines:gsub("\n$", ""):gsub("\n", "\n" .. by))
end

-- How many tests there are, and how many ended so.
local function count(all, status)
  local n = 0
  for _, o in ipairs(all) do
    if o.status == status then n = n + 1 end
  end
  return n
end

function text.new(opt)
  local file
  local report = {}

  function report.each(o)
    if o.file ~= file then
      file = o.file
      print(file)
    end
    print(("  %-7s %s%s"):format(o.status, o.name, o.status == "skipped" and " (" .. o.message .. ")" or ""))
    if o.status == "failed" then print(indented(o.explained, "    ")) end
    if o.output and (o.status == "failed" or opt.verbose) then
      print("    it printed:")
      print(indented(o.output, "      "))
    end
  end

  -- Says how many failed, and returns whether none did.
  function report.done(all)
    local failed, skipped = count(all, "failed"), count(all, "skipped")
    local line = failed == 0 and ("%d passed"):format(#all - skipped) or ("%d of %d failed"):format(failed, #all)
    print(line .. (skipped > 0 and (", %d skipped"):format(skipped) or ""))
    return failed == 0
  end

  return report
end

return text
