-- The outcomes of tests in the Test Anything Protocol, version 13.
local tap = {}

-- A name without what TAP would read.
local function plain(name)
  return (name:gsub("[\n\r]", " "):gsub("#", "\\#"))
end

-- Lines of a comment.
local function comment(lines)
  for line in lines:gmatch("[^\n]+") do print("# " .. line) end
end

function tap.new()
  local n, failed = 0, 0
  local report = {}
  print("TAP version 13")

  function report.each(o)
    n = n + 1
    local bad = o.status == "failed"
    local skip = o.status == "skipped" and " # SKIP " .. plain(o.message) or ""
    print(("%s %d - %s: %s%s"):format(bad and "not ok" or "ok", n, plain(o.file), plain(o.name), skip))
    if bad then
      failed = failed + 1
      comment(o.explained)
      if o.output then comment(o.output) end
    end
  end

  function report.done(all)
    print("1.." .. #all)
    return failed == 0
  end

  return report
end

return tap
