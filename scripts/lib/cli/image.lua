-- What images shows of an image, and what its filters look at. A row is one name of
-- an image.
local filter, say = require "cli.filter", require "cli.say"

local facts = {}

facts.titles = { ID = "IMAGE ID", CreatedSince = "CREATED", CreatedAt = "CREATED AT" }

local function split(name)
  local repository, tag = name:match("^(.*):([^:/]+)$")
  return repository or name, tag
end

-- The digest by which an image was pulled from a repository.
local function digest(img, repository)
  for _, text in ipairs(img.digests) do
    local from, sum = text:match("^(.-)@(.*)$")
    if from == repository then return sum end
  end
end

-- Whether a name fits what was asked for: a repository, or one with its tag.
local function asked(wanted, repository, tag)
  if not wanted then return true end
  local r, t = split(wanted)
  return r == repository and (t == nil or t == tag)
end

-- Shell patterns of --filter reference=…: * and ? stop at slashes.
local function fits(name, pattern)
  local lua = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", "[^/]*"):gsub("%?", "[^/]")
  return name:match("^" .. lua .. "$") ~= nil
end

-- Whether a name fits one of the patterns, if there are any.
local function referred(patterns, name, repository)
  for _, pattern in ipairs(patterns) do
    if fits(name, pattern) or fits(repository, pattern) then return true end
  end
  return #patterns == 0
end

-- One row for each name; for each image if only ids are wanted.
function facts.rows(all, wanted, once, patterns)
  local rows = {}
  for _, img in ipairs(all) do
    local before = #rows
    for _, name in ipairs(img.tags) do
      local repository, tag = split(name)
      local fit = asked(wanted, repository, tag) and referred(patterns, name, repository)
      if fit and not (once and #rows > before) then
        table.insert(rows, { image = img, repository = repository, tag = tag, digest = digest(img, repository) })
      end
    end
    if #img.tags == 0 and not wanted and #patterns == 0 then
      local repository = img.digests[1] and img.digests[1]:match("^(.-)@") or "<none>"
      table.insert(rows, { image = img, repository = repository, tag = "<none>", digest = digest(img, repository) })
    end
  end
  return rows
end

function facts.fields(whole)
  return {
    ID = function(row) return whole and row.image.id or say.short(row.image.id) end,
    Repository = function(row) return row.repository end,
    Tag = function(row) return row.tag end,
    Digest = function(row) return row.digest or "<none>" end,
    CreatedSince = function(row) return say.ago(row.image.created) end,
    CreatedAt = function(row) return say.stamp(row.image.created) end,
    Size = function(row) return say.size(row.image.size) end,
  }
end

local function order(after)
  return function(img, value)
    local other = images.get(value)
    return img.id ~= other.id and (img.created > other.created) == after
  end
end

facts.filters = {
  dangling = filter.flag(function(img) return #img.tags == 0 end),
  label = filter.label,
  before = order(false), since = order(true),
  reference = function() return true end, -- of names, not of images: see rows
}

return facts
