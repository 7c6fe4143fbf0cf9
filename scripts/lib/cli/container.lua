-- What ps shows of a container, and what its filters look at.
local filter, say = require "cli.filter", require "cli.say"

local facts = {}

-- The states in which ps shows a container without being asked for all.
facts.up = { running = true, paused = true, restarting = true }

facts.titles = {
  ID = "CONTAINER ID", RunningFor = "CREATED", CreatedAt = "CREATED AT", LocalVolumes = "LOCAL VOLUMES",
}

local status = {
  running = function(c) return "Up " .. say.span(c.uptime or 0) end,
  paused = function(c) return "Up " .. say.span(c.uptime or 0) .. " (Paused)" end,
  restarting = function(c) return ("Restarting (%s) %s"):format(c.exit_code or 0, say.ago(c.finished)) end,
  exited = function(c) return ("Exited (%s) %s"):format(c.exit_code or "unknown", say.ago(c.finished)) end,
  created = function() return "Created" end,
  dead = function() return "Dead" end,
  removing = function() return "Removal In Progress" end,
}

function facts.status(c)
  local words = status[c.state]
  return words and words(c) or c.state
end

local function command(c)
  local argv = {}
  for _, word in ipairs(c.entrypoint or {}) do table.insert(argv, word) end
  for _, word in ipairs(c.command or {}) do table.insert(argv, word) end
  return table.concat(argv, " ")
end

-- Published ports, and those that are only exposed.
local function published_ports(c)
  if not facts.up[c.state] then return "" end
  local all, published = {}, {}
  for _, p in ipairs(c.ports) do
    local inside = p.container_port .. "/" .. p.protocol
    published[inside] = true
    table.insert(all, ("%s:%d->%s"):format(p.host_ip, p.host_port, inside))
  end
  for inside in pairs(c:inspect().Config.ExposedPorts or {}) do
    if not published[inside] then table.insert(all, inside) end
  end
  return table.concat(all, ", ")
end

local function labels(c)
  local all = {}
  for k, v in pairs(c.labels) do table.insert(all, k .. "=" .. v) end
  table.sort(all)
  return table.concat(all, ",")
end

local function mounts(c, whole)
  local all = {}
  for _, m in ipairs(c.mounts) do
    local name = m.name or m.source or m.type
    table.insert(all, whole and name or say.cut(name, 15))
  end
  return table.concat(all, ",")
end

-- The fields of --format.
function facts.fields(whole)
  return {
    ID = function(c) return whole and c.id or say.short(c.id) end,
    Image = function(c) return c.image end,
    Command = function(c) return say.quote(whole and command(c) or say.cut(command(c), 20)) end,
    CreatedAt = function(c) return say.stamp(c.created) end,
    RunningFor = function(c) return say.ago(c.created) end,
    Ports = published_ports,
    State = function(c) return c.state end,
    Status = facts.status,
    Names = function(c) return c.name end,
    Labels = labels,
    Label = function(c) return function(key) return c.labels[key] or "" end end,
    Mounts = function(c) return mounts(c, whole) end,
    Networks = function(c) return table.concat(c.networks, ",") end,
  }
end

local function mounted(c, value)
  for _, m in ipairs(c.mounts) do
    if m.name == value or m.source == value or m.target == value then return true end
  end
  return false
end

local function published(c, value)
  local wanted = value:find("/", 1, true) and value or value .. "/tcp"
  for _, p in ipairs(c.ports) do
    if p.host_port .. "/" .. p.protocol == wanted or p.container_port .. "/" .. p.protocol == wanted then return true end
  end
  return false
end

-- The containers made before, or after, the one of that name.
local function order(after)
  return function(c, value)
    local other = containers.get(value)
    if c.id == other.id then return false end
    return (c.created > other.created) == after
  end
end

facts.filters = {
  id = function(c, value) return c.id:sub(1, #value) == value end,
  name = filter.named,
  label = filter.label,
  status = function(c, value) return c.state == value end,
  exited = function(c, value) return c.state == "exited" and c.exit_code == tonumber(value) end,
  ancestor = function(c, value)
    local img = images.find(value)
    return c.image == value or img ~= nil and c.image_id == img.id
  end,
  before = order(false), since = order(true),
  volume = mounted, publish = published,
  network = function(c, value)
    for _, name in ipairs(c.networks) do
      if name == value then return true end
    end
    return false
  end,
}

return facts
