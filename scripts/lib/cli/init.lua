-- What the commands share: reading their words, doing a thing to each of several
-- names, and saying what went wrong as Docker's users expect it.
local options = require "cli.options"

local cli = {}
local current

-- Writes what is wrong to standard error. Which function of Lua found a wrong option
-- is nothing for who wrote a command.
function cli.complain(err)
  local text = "neap " .. current.name .. ": " .. tostring(err):gsub("^%l+%.%l+: ", "") .. "\n"
  local hint = type(err) == "userdata" and err.hint
  io.stderr:write(text .. (hint and ("hint: " .. hint .. "\n") or ""))
end

-- Ends the command.
function cli.fail(code, err)
  cli.complain(err)
  os.exit(code)
end

-- Ends the command because its words make no sense: 125 where Docker keeps other
-- codes for the container's own.
function cli.misused(message)
  cli.complain(message)
  io.stderr:write("usage: " .. current.usage .. "\ntry: neap " .. current.name .. " --help\n")
  local own = current.name == "run" or current.name == "create"
  os.exit(own and 125 or 2)
end

-- The options and plain words of a command, by its usage text.
function cli.read(text, words)
  current = options.declare(text)
  local ok, opt, plain = pcall(options.parse, current, words or arg)
  if ok then return opt, plain end
  local wrong = opt
  if type(wrong) ~= "table" then error(wrong, 0) end
  if wrong.help then
    io.write(text:sub(-1) == "\n" and text or text .. "\n")
    os.exit(0)
  end
  cli.misused(wrong.usage)
end

-- Ends the command as the program of an attached container ended: with 0 if it goes
-- on without us.
function cli.ended(c)
  if c.exit_code then os.exit(c.exit_code) end
  if c.state == "running" or c.state == "paused" then os.exit(0) end
  cli.fail(125, "nobody saw the exit code of " .. c.name)
end

-- Calls a function with each name, prints what it returns, and goes on after an
-- error, which makes the exit code 1.
function cli.each(names, fn)
  local failed = false
  for _, name in ipairs(names) do
    local said, err = try(fn, name)
    if err then
      cli.complain(err)
      failed = true
    elseif said ~= nil then
      print(said)
    end
  end
  if failed then os.exit(1) end
end

-- The containers of those names that are there, by id, and the names by id.
local function find(names)
  local ids, named, failed = {}, {}, false
  for _, name in ipairs(names) do
    local c, err = try(containers.get, name)
    if err then
      cli.complain(err)
      failed = true
    elseif not named[c.id] then
      table.insert(ids, c.id)
      named[c.id] = name
    end
  end
  return ids, named, failed
end

-- Does a verb to all containers of those names at once and prints the names.
function cli.bulk(names, verb, ...)
  local ids, named, failed = find(names)
  if #ids > 0 then
    local list = containers.list{ id = ids }
    local _, err = try(list[verb], list, ...)
    local bad = {}
    if err and err.kind ~= "partial" then error(err, 0) end
    for _, pair in ipairs(err and err.failed or {}) do
      bad[pair[1].id] = true
      cli.complain(pair[2])
      failed = true
    end
    for _, id in ipairs(ids) do
      if not bad[id] then print(named[id]) end
    end
  end
  if failed then os.exit(1) end
end

-- Removes all of a list, asking first on a terminal, and prints their names under a
-- title.
function cli.prune(list, opt, what, title)
  if not opt.force then
    io.write(("This removes %d %s: %s\nGo on? [y/N] "):format(#list, what, table.concat(list:pluck("name"), " ")))
    local answer = io.read() or ""
    if not answer:lower():match("^%s*y") then os.exit(1) end
  end
  if #list == 0 then return end
  print(title)
  local failed = false
  for _, thing in ipairs(list) do
    local name = thing.name
    local _, err = try(thing.remove, thing)
    if err then
      cli.complain(err)
      failed = true
    else
      print(name)
    end
  end
  if failed then os.exit(1) end
end

-- A command of several words: the second one says which function reads the rest.
function cli.choose(name, about, verbs)
  local words, order = {}, {}
  for i = 2, #arg do words[i - 1] = arg[i] end
  for verb in pairs(verbs) do table.insert(order, verb) end
  table.sort(order)
  local text = ("Usage:  neap %s COMMAND [ARGUMENT...]\n\n%s\n\nCommands: %s\nneap %s COMMAND --help explains one.\n")
    :format(name, about, table.concat(order, " "), name)
  current = options.declare(text)
  local verb = arg[1]
  if verb == nil or verb == "--help" or verb == "-h" then
    io.write(text)
    os.exit(verb and 0 or 2)
  end
  if not verbs[verb] then
    local near = options.nearest(verb, order)
    cli.misused(("no command is called %q"):format(verb) .. (near and ("; did you mean %q?"):format(near) or ""))
  end
  verbs[verb](words)
end

return cli
