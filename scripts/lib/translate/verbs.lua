-- What each command is in Lua. A verb is a function that gets { verb, opt, names,
-- lists, order, refuse } and gives statements and, if it gives names, an expression of
-- a list of them, or of a single one.
local lua = require "translate.lua"

local verbs = {}

-- The options that were given, in the order they are declared, by other names if
-- rename says so; false in it leaves one out.
local function given(o, rename)
  local all = {}
  for _, d in ipairs(o.order) do
    local key = rename and rename[d.key]
    if key == nil then key = d.key end
    local v = o.opt[d.key]
    if v ~= nil and key then
      if type(v) == "table" and #v == 1 then v = v[1] end
      table.insert(all, { key, v })
    end
  end
  return all
end

local function slice(list, from)
  return { unpack(list, from) }
end

-- The thing of a name; a variable of the line holds one already.
local function get(name, module)
  local said = lua.lit(name)
  return said:match("^[%a_][%w_]*$") and said or ("%s.get(%s)"):format(module or "containers", said)
end

-- Does an act to each of the names: in a row if there is one, in a loop if several; to
-- what $(docker ps -q) gives, all at once.
local function each(o, module, act, one)
  local singles, all = {}, {}
  for _, name in ipairs(o.names) do
    local list = name:match("^\3(%d+)$")
    if list then
      table.insert(all, o.lists[tonumber(list)] .. act)
    else
      table.insert(singles, name)
    end
  end
  if #singles == 1 then
    table.insert(all, 1, one and one(lua.lit(singles[1])) or get(singles[1], module) .. act)
  elseif #singles > 1 then
    local call = one and one("name") or ("%s.get(name)%s"):format(module, act)
    table.insert(all, 1, ("for _, name in ipairs%s do %s end"):format(lua.table(singles), call))
  end
  return table.concat(all, "\n")
end

-- No list where one name is wanted.
local function single(o)
  for _, name in ipairs(o.names) do
    if name:match("^\3") then o.refuse("$(…) cannot stand for one name") end
  end
end

-- Filters.

local function pattern(value)
  if value:match("^%^.*%$$") and not value:sub(2, -2):match("[%^%$%.%[%]%(%)%*%+%?%|\\{}]") then return value:sub(2, -2) end
  if value:match("[%^%$%[%(%+%?%|\\{]") or value:match("%.%*") then return { code = ("re(%s)"):format(lua.lit(value)) } end
  return "*" .. value:gsub("%*", "") .. "*"
end

local function bound(side)
  return function(value) return "created", { code = ("{ %s = %s.created }"):format(side, get(value)) } end
end

local same = function(key) return function(value) return key, value end end

local filters = {
  containers = {
    status = same "state", label = same "label", ancestor = same "ancestor", volume = same "volume", network = same "network", publish = same "publish",
    name = function(value) return "name", pattern(value) end,
    id = function(value) return "id", value .. "*" end,
    exited = function(value) return "exit_code", tonumber(value) end,
    before = bound "before", since = bound "after",
  },
  images = {
    dangling = function(value) return "dangling", value == "true" end,
    label = same "label", reference = function(value) return "tag", value:find(":", 1, true) and value or value .. ":*" end,
  },
  volumes = {
    dangling = function(value) return "where", { code = ("function(v) return #v.used_by %s 0 end"):format(value == "true" and "==" or ">") } end,
    driver = same "driver", label = same "label", name = function(value) return "name", pattern(value) end,
  },
  networks = {
    driver = same "driver", label = same "label", id = function(value) return "id", value .. "*" end,
    name = function(value) return "name", pattern(value) end,
  },
}

-- Several labels, of which all must be there.
local function labels(texts)
  local all = {}
  for _, text in ipairs(texts) do
    local label = text:match("^label=(.*)$")
    local key, value = (label or ""):match("^([^=]+)=(.*)$")
    if label then table.insert(all, { key or label, value or true }) end
  end
  return all
end

-- The pairs of a filter table of --filter KEY=VALUE.
local function filter(o, module, before)
  local all = before or {}
  local seen = {}
  for _, text in ipairs(o.opt.filter or {}) do
    local key, value = text:match("^([^=]+)=(.*)$")
    local of = filters[module][key or ""]
    if not of then o.refuse("--filter %s has no form in Lua", text) end
    local name, v = of(value)
    local have = seen[name]
    if have and name == "label" then
      have[2] = { code = lua.table(nil, labels(o.opt.filter)) }
    elseif have then
      if type(have[2]) ~= "table" or have[2].code then have[2] = { have[2] } end
      table.insert(have[2], v)
    else
      seen[name] = { name, v }
      table.insert(all, seen[name])
    end
    if key == "exited" then table.insert(all, { "state", "exited" }) end
  end
  return all
end

local function has(pairs_, key)
  for _, p in ipairs(pairs_) do
    if p[1] == key then return true end
  end
  return false
end

-- Lists that are shown.

-- A Go template of plain fields as a function of a thing.
local function template(o, text, facts)
  local parts, rest = {}, text:gsub("\\t", "\t"):gsub("\\n", "\n")
  while rest ~= "" do
    local before, field, after = rest:match("^(.-){{%s*%.(%w+)%s*}}(.*)$")
    if not before then before, after = rest, "" end
    if before:find("{{", 1, true) or field and not facts[field] then o.refuse("--format %s has no form in Lua", text) end
    if before ~= "" then table.insert(parts, lua.lit(before)) end
    if field then table.insert(parts, "x." .. facts[field]) end
    rest = after
  end
  return table.concat(parts, " .. ")
end

-- What shows a list: a table, a fact of each, or JSON.
local function show(o, list, id, facts)
  local fact = o.opt.quiet and id
  local format = not fact and o.opt.format
  local only = format and format:match("^{{%s*%.(%w+)%s*}}$")
  if only and facts[only] then fact = facts[only] end
  if fact then return ("print(%s:pluck(%q))"):format(list, fact), list end
  if format == "json" or format == "{{json .}}" then
    return ("for _, x in ipairs(%s) do print(json.encode(x:inspect())) end"):format(list), list
  end
  if format and format ~= "table" then
    return ("for _, x in ipairs(%s) do print(%s) end"):format(list, template(o, format:gsub("^table%s+", ""), facts)), list
  end
  return ("print(%s)"):format(list), list
end

function verbs.ps(o)
  local which = filter(o, "containers")
  if not (o.opt.all or o.opt.last or o.opt.latest or has(which, "state")) then
    table.insert(which, 1, { "state", { "running", "paused", "restarting" } })
  end
  local list = lua.call("containers.list", which)
  local last = o.opt.latest and 1 or o.opt.last
  if last and last >= 0 then list = ("%s:slice(1, %d)"):format(list, last) end
  return show(o, list, o.opt.no_trunc and "id" or "short_id", {
    ID = o.opt.no_trunc and "id" or "short_id", Names = "name", Image = "image", State = "state", CreatedAt = "created",
  })
end

function verbs.images(o)
  local which = {}
  if o.names[1] then
    local tagged = o.names[1]:match("[^/]*$"):find(":", 1, true)
    table.insert(which, { tagged and "tag" or "repository", o.names[1] })
  end
  return show(o, lua.call("images.list", filter(o, "images", which)), o.opt.no_trunc and "id" or "short_id", {
    ID = o.opt.no_trunc and "id" or "short_id", Repository = "repository", Size = "size", CreatedAt = "created",
  })
end

-- Containers.

-- The table of run and create.
local function spec(o, leave, more)
  local rename = { cidfile = false, detach = false, detach_keys = false, env_file = false, quiet = false }
  if leave then rename[leave] = false end
  for _, text in ipairs(not o.opt.env_file and o.opt.env or {}) do
    if not text:find("=", 1, true) and not text:find("\1", 1, true) then
      for i, v in ipairs(o.opt.env) do
        if v == text then o.opt.env[i] = text .. "=" .. lua.mark(("os.getenv(%q)"):format(text)) end
      end
    end
  end
  if o.opt.env_file then
    local env = { { "env", o.opt.env }, { "env_file", o.opt.env_file } }
    if not o.opt.env then table.remove(env, 1) end
    o.opt.env = { code = ('require("cli.run").environment%s'):format(lua.table(nil, env)) }
  end
  single(o)
  if o.opt.entrypoint == "" then o.opt.entrypoint = { code = "{}" } end
  local pairs_ = given(o, rename)
  for _, p in ipairs(more or {}) do table.insert(pairs_, p) end
  return lua.table(o.names, pairs_)
end

local function noted(o, code)
  if not o.opt.cidfile then return code end
  return ("local c = %s\nfs.write(%s, c.id)"):format(code, lua.lit(o.opt.cidfile))
end

function verbs.create(o)
  local code = "containers.create" .. spec(o)
  return noted(o, code), nil, not o.opt.cidfile and code or nil
end

function verbs.run(o)
  if o.opt.detach then
    local code = "containers.run" .. spec(o)
    return noted(o, code), nil, not o.opt.cidfile and code or nil
  end
  if o.opt.tty or o.opt.interactive or o.opt.cidfile or o.opt.restart then
    local start = { { "attach", true } }
    if o.opt.detach_keys then table.insert(start, { "detach_keys", o.opt.detach_keys }) end
    local code = "containers.create" .. spec(o)
    if o.opt.cidfile then return noted(o, code) .. "\nc:start" .. lua.table(nil, start) end
    return code .. ":start" .. lua.table(nil, start)
  end
  local more = { { "stdout", "inherit" } }
  if not o.opt.rm then table.insert(more, 1, { "rm", false }) end
  return "containers.once" .. spec(o, "rm", more)
end

local function act(name)
  return function(o)
    return each(o, "containers", ":" .. lua.call(name, given(o)))
  end
end

verbs.stop, verbs.restart, verbs.pause, verbs.unpause = act "stop", act "restart", act "pause", act "unpause"

function verbs.rm(o) return each(o, "containers", ":" .. lua.call("remove", given(o))) end

function verbs.kill(o)
  return each(o, "containers", o.opt.signal and (":kill(%s)"):format(lua.lit(o.opt.signal)) or ":kill()")
end

function verbs.start(o)
  if not (o.opt.attach or o.opt.interactive) then return each(o, "containers", ":start()") end
  single(o)
  local how = { { "attach", true } }
  if not o.opt.interactive then table.insert(how, { "interactive", false }) end
  if o.opt.detach_keys then table.insert(how, { "detach_keys", o.opt.detach_keys }) end
  return get(o.names[1]) .. ":start" .. lua.table(nil, how)
end

function verbs.wait(o)
  local singles = {}
  for _, name in ipairs(o.names) do
    local list = name:match("^\3(%d+)$")
    if list then
      table.insert(singles, ("for _, c in ipairs(%s) do print(c:wait().exit_code) end"):format(o.lists[tonumber(list)]))
    else
      table.insert(singles, ("print(%s:wait().exit_code)"):format(get(name)))
    end
  end
  return table.concat(singles, "\n")
end

function verbs.rename(o)
  single(o)
  return ("%s:rename(%s)"):format(get(o.names[1]), lua.lit(o.names[2]))
end

function verbs.attach(o)
  single(o)
  local how = {}
  if o.opt.no_stdin then table.insert(how, { "interactive", false }) end
  if o.opt.detach_keys then table.insert(how, { "detach_keys", o.opt.detach_keys }) end
  return get(o.names[1]) .. ":" .. lua.call("attach", how)
end

function verbs.exec(o)
  single(o)
  local name = table.remove(o.names, 1)
  if o.opt.detach then
    o.opt.interactive, o.opt.tty = nil, nil
    return get(name) .. ":spawn" .. spec({ opt = o.opt, names = o.names, order = o.order, refuse = o.refuse }, nil, { { "detach", true } })
  end
  local keys = o.opt.detach_keys and { { "detach_keys", o.opt.detach_keys } } or {}
  if not o.opt.tty then table.insert(keys, { "stdout", "inherit" }) end
  return get(name) .. ":exec" .. spec(o, nil, keys)
end

function verbs.logs(o)
  single(o)
  local tail = o.opt.tail
  o.opt.tail = tail and tail ~= "all" and (tonumber(tail) or o.refuse("--tail %s is no number", tail)) or nil
  for _, key in ipairs{ "since", "until" } do
    local seconds = tonumber(o.opt[key])
    if seconds then o.opt[key] = { code = ("time.at(%s)"):format(o.opt[key]) } end
  end
  local how = given(o, { ["until"] = "before" })
  if o.opt.follow then return ("for line in %s:%s do print(line) end"):format(get(o.names[1]), lua.call("lines", how)) end
  return ("io.write(%s:%s)"):format(get(o.names[1]), lua.call("logs", how))
end

function verbs.port(o)
  single(o)
  local inside = o.names[2]
  if inside then
    return ("print(%s:port(%s))"):format(get(o.names[1]), lua.lit(inside:find("/", 1, true) and inside or inside .. "/tcp"))
  end
  return ("print(%s.ports)"):format(get(o.names[1]))
end

function verbs.top(o)
  single(o)
  return ("print(ui.table(%s:top()))"):format(get(o.names[1]))
end

local document = 'print(json.encode(%s:inspect(), { indent = "    " }))'

-- All about things of one module, or what a template makes of a container.
local function inspect(module)
  return function(o)
    local form = document
    if o.opt.format and o.opt.format ~= "json" and o.opt.format ~= "{{json .}}" then
      if module ~= "containers" then o.refuse("--format %s has no form in Lua", o.opt.format) end
      form = ("print(%%s:format(%s))"):format(lua.lit(o.opt.format):gsub("%%", "%%%%"))
    end
    local all = {}
    for _, name in ipairs(o.names) do
      local list = name:match("^\3(%d+)$")
      if list then
        table.insert(all, ("for _, x in ipairs(%s) do %s end"):format(o.lists[tonumber(list)], form:format("x")))
      else
        table.insert(all, form:format(get(name, module)))
      end
    end
    return table.concat(all, "\n")
  end
end

function verbs.inspect(o)
  local module = (o.opt.type or "container") .. "s"
  if not filters[module] then o.refuse("--type %s is unknown", o.opt.type) end
  return inspect(module)(o)
end

verbs["container prune"] = function(o) return lua.call("containers.prune", filter(o, "containers")) end

-- Images.

function verbs.pull(o)
  single(o)
  local how = given(o, { quiet = false })
  local code = ("images.pull(%s%s)"):format(lua.lit(o.names[1]), #how > 0 and ", " .. lua.table(nil, how) or "")
  return code, nil, code
end

function verbs.push(o)
  single(o)
  return ("print(images.push(%s))"):format(lua.lit(o.names[1]))
end

function verbs.tag(o)
  single(o)
  return ("%s:tag(%s)"):format(get(o.names[1], "images"), lua.lit(o.names[2]))
end

function verbs.rmi(o)
  local how = given(o)
  local options = #how > 0 and ", " .. lua.table(nil, how) or ""
  return each(o, "images", ":" .. lua.call("remove", how), function(name) return ("images.remove(%s%s)"):format(name, options) end)
end

function verbs.save(o)
  single(o)
  if not o.opt.output then o.refuse("-o FILE is missing") end
  return ("images.save(%s, %s)"):format(lua.value(#o.names == 1 and o.names[1] or o.names), lua.lit(o.opt.output))
end

function verbs.load(o) return ("images.load(%s)"):format(lua.lit(o.opt.input or "-")) end

verbs["import"] = function(o)
  single(o)
  local how = given(o)
  if o.names[2] then table.insert(how, 1, { "tag", o.names[2] }) end
  return ("images.import(%s%s)"):format(lua.lit(o.names[1]), #how > 0 and ", " .. lua.table(nil, how) or "")
end

verbs["image prune"] = function(o)
  return lua.call("images.prune", filter(o, "images", o.opt.all and { { "all", true } } or {}))
end

-- Volumes and networks.

local function made(module, driver)
  return function(o)
    single(o)
    if o.opt.driver and o.opt.driver ~= driver then o.refuse("--driver %s: there is only %s", o.opt.driver, driver) end
    local how = given(o, { driver = false })
    local name = o.names[1] and lua.lit(o.names[1]) or #how > 0 and "nil" or ""
    local code = ("%s.create(%s%s)"):format(module, name, #how > 0 and ", " .. lua.table(nil, how) or "")
    return code, nil, code
  end
end

local function listed(module, id, facts)
  return function(o)
    local list = lua.call(module .. ".list", filter(o, module))
    return show(o, list, o.opt.no_trunc and "id" or id, facts)
  end
end

local function removed(module, singular)
  return function(o)
    if not o.opt.force then return each(o, module, ":remove()") end
    return each(o, module, ":remove()", function(name)
      return ("do local %s = %s.find(%s) if %s then %s:remove() end end"):format(singular, module, name, singular, singular)
    end)
  end
end

verbs["volume create"], verbs["network create"] = made("volumes", "local"), made("networks", "bridge")
verbs["volume ls"] = listed("volumes", "name", { Name = "name", Driver = "driver", Mountpoint = "path", Size = "size" })
verbs["network ls"] = listed("networks", "id", { Name = "name", Driver = "driver", ID = "id" })
verbs["volume list"], verbs["network list"] = verbs["volume ls"], verbs["network ls"]
verbs["volume inspect"], verbs["network inspect"] = inspect "volumes", inspect "networks"
verbs["volume rm"], verbs["network rm"] = removed("volumes", "v"), removed("networks", "n")
verbs["volume prune"] = function(o)
  return lua.call("volumes.prune", filter(o, "volumes", o.opt.all and { { "all", true } } or {}))
end
verbs["network prune"] = function(o) return lua.call("networks.prune", filter(o, "networks")) end

-- The rest.

function verbs.info(o)
  if o.opt.format and o.opt.format ~= "json" then o.refuse("--format %s has no form in Lua", o.opt.format) end
  return 'print(json.encode(system.info(), { indent = "    " }))'
end

function verbs.version() return "print(system.version())" end

return verbs
