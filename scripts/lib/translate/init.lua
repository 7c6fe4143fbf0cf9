-- Says a Docker line in Lua. The words of each command are read by that command's own
-- declaration, so what neap's commands take is what can be translated.
local options, shell, lua = require "cli.options", require "translate.shell", require "translate.lua"
local cli = require "cli"

local translate = {}

local function refuse(message, ...) error(message:format(...), 0) end

-- What Docker also calls a command by.
local others = {
  container = { ls = "ps", list = "ps", ps = "ps", rm = "rm", run = "run", create = "create", start = "start", stop = "stop", kill = "kill",
    restart = "restart", pause = "pause", unpause = "unpause", wait = "wait", rename = "rename", exec = "exec", attach = "attach",
    logs = "logs", inspect = "inspect", port = "port", top = "top", prune = "container prune" },
  image = { ls = "images", list = "images", rm = "rmi", remove = "rmi", pull = "pull", push = "push", tag = "tag", load = "load",
    save = "save", import = "import", inspect = "inspect", prune = "image prune" },
}

-- What neap has no command for and Lua has.
local declared = {
  ["container prune"] = "Usage:  neap container prune [OPTIONS]\n\n      --filter list   Only those that fit\n  -f, --force         Do not ask\n",
  ["image prune"] = "Usage:  neap image prune [OPTIONS]\n\n  -a, --all           All that nobody uses\n      --filter list   Only those that fit\n  -f, --force         Do not ask\n",
}

-- The declaration of a command, as the command itself gives it to cli.read.
local function declaration(verb, words)
  if declared[verb] then return declared[verb], words, verb end
  local source = scripts.command(verb)
  if not source then
    local near = options.nearest(verb, scripts.commands())
    refuse("neap has no command %q%s", verb, near and ("; did you mean %q?"):format(near) or "")
  end
  local given = {}
  local function read(text, rest) error({ given = given, text = text, words = rest or words, verb = rest and verb .. " " .. words[1] or verb }) end
  local function choose(name, _, verbs)
    local sub = words[1]
    if not sub or not verbs[sub] then refuse("neap has no command %q", name .. " " .. (sub or "")) end
    verbs[sub]({ unpack(words, 2) })
  end
  local fake = setmetatable({ read = read, choose = choose }, { __index = cli })
  local fn = assert(loadstring(source, verb))
  setfenv(fn, setmetatable({
    require = function(name) return name == "cli" and fake or require(name) end, arg = words,
  }, { __index = getfenv(1) }))
  local _, got = pcall(fn)
  if type(got) ~= "table" or got.given ~= given then error(got, 0) end
  return got.text, got.words, got.verb
end

local statement -- below: the Lua of one command

-- The word as a text, with marks for what is known only when it runs. A word that is
-- one $(docker ps -q) stands for a list.
local function plain(word)
  local all = {}
  for _, part in ipairs(word) do
    if part.text then
      table.insert(all, part.text)
    elseif part.var then
      table.insert(all, lua.mark(translate.locals[part.var] or ("os.getenv(%q)"):format(part.var)))
    else
      local first = part.sub[1]
      if #part.sub == 1 and #first.words == 1 and plain(first.words[1]) == "pwd" then
        table.insert(all, lua.mark('os.getenv("PWD")'))
      else
        local _, list, one = statement(part.sub)
        if list and #word == 1 then return { list = list } end
        if not one then refuse("what $(…) gives is no list of names here") end
        table.insert(all, lua.mark(one))
      end
    end
  end
  return table.concat(all)
end

local programs = { docker = true, neap = true, podman = true }

-- The words of a command without its program; list is what xargs hands on.
local function subject(command, list)
  local words, lists = {}, {}
  for _, word in ipairs(command.words) do
    local said = plain(word)
    if type(said) == "table" then
      table.insert(lists, said.list)
      said = "\3" .. #lists
    end
    table.insert(words, said)
  end
  while words[1] == "sudo" do table.remove(words, 1) end
  if words[1] == "xargs" and list then
    table.remove(words, 1)
    while words[1] and words[1]:match("^%-") do
      local flag = table.remove(words, 1)
      if flag == "-n" or flag == "-L" or flag == "-P" then table.remove(words, 1) end
      if not flag:match("^%-r$") and not flag:match("^%-[nLP]%d*$") and flag ~= "--no-run-if-empty" then refuse("xargs %s cannot be said in Lua", flag) end
    end
    table.insert(lists, list)
    table.insert(words, "\3" .. #lists)
  elseif list then
    return nil, words
  end
  if not programs[words[1]] then refuse("%q is no command of docker", words[1] or "") end
  table.remove(words, 1)
  if not words[1] then refuse("there is no command after docker") end
  if words[1]:match("^%-") then refuse("%s before the command cannot be translated", words[1]) end
  return words, lists
end

-- One docker command: its Lua, and if it gives names, a list or a single one.
local function docker(words, lists)
  local verb = table.remove(words, 1)
  local group = others[verb]
  if group then
    local sub = table.remove(words, 1) or ""
    verb = group[sub] or refuse("neap has no command %q", verb .. " " .. sub)
  end
  local text, rest, name = declaration(verb, words)
  local d = options.declare(text)
  local ok, opt, names = pcall(options.parse, d, rest)
  if not ok then refuse("%s: %s", name, type(opt) == "table" and (opt.usage or "--help cannot be translated") or tostring(opt)) end
  local all = require "translate.verbs"
  local say = all[name] or refuse("%q has no form in Lua", name)
  return say{ verb = name, opt = opt, names = names, lists = lists, order = d.list, refuse = function(...) refuse(name .. ": " .. (...), select(2, ...)) end }
end

-- A pipe or a single command, from i on; gives where it ends.
local function pipe(commands, i)
  local code, list, one = docker(subject(commands[i]))
  while commands[i].after == "|" do
    i = i + 1
    local words, rest = subject(commands[i], list or refuse("| after a command that gives no names cannot be said in Lua"))
    if words then
      code, list, one = docker(words, rest)
    elseif table.concat(rest, " ") == "wc -l" then
      code, list, one = ("print(#%s)"):format(list), nil, nil
    else
      refuse("| %s cannot be said in Lua", rest[1])
    end
  end
  return code, i, list, one
end

-- NAME=$(docker run -d …)
local function assignment(command)
  local first = command.words[1][1]
  local name, rest = (first.text or ""):match("^([%a_][%w_]*)=(.*)$")
  if not name or #command.words > 1 then return nil end
  local part = command.words[1][2]
  translate.locals[name] = name
  if part and part.sub and rest == "" and #command.words[1] == 2 then
    local _, _, one = statement(part.sub)
    return ("local %s = %s"):format(name, one or refuse("what %s holds is no single name", name))
  end
  first.text = rest
  return ("local %s = %s"):format(name, lua.lit(plain(command.words[1])))
end

function statement(commands)
  local all, list, one = {}, nil, nil
  local i = 1
  while commands[i] do
    local code = assignment(commands[i])
    if not code then code, i, list, one = pipe(commands, i) end
    local command = commands[i]
    if command.after == "||" then
      local next_ = commands[i + 1]
      if not next_ or #next_.words ~= 1 or plain(next_.words[1]) ~= "true" then refuse("|| cannot be said in Lua; use try(…)") end
      code = ("try(function()\n  %s\nend)"):format(code:gsub("\n", "\n  "))
      i = i + 1
    end
    table.insert(all, code)
    i = i + 1
  end
  if #all == 0 then refuse("there is nothing to translate") end
  if #all > 1 then list, one = nil, nil end
  return table.concat(all, "\n"), list, one
end

-- The Lua of a line. What cannot be said raises an error that names the word.
function translate.line(line)
  translate.locals = {}
  return (statement(shell.read(line)))
end

return translate
