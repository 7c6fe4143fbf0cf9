-- neap pull: get an image from its registry. Prints how it goes and the full name.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap pull [OPTIONS] NAME[:TAG|@DIGEST]

Pull an image from a registry

Options:
      --platform string   Operating system and architecture (linux/arm64)
  -q, --quiet             Print the name only
]]

local name = names[1]
if not name:match("[^/]*$"):find("[:@]") then
  name = name .. ":latest"
  if not opt.quiet then print("Using default tag: latest") end
end
local img = images.pull(name, { platform = opt.platform, quiet = opt.quiet })
local host = name:match("^([^/]+)/")
local repository = name:gsub("@.*$", "")
for _, digest in ipairs(img.digests) do
  if not opt.quiet and digest:match("^(.-)@") == repository:gsub(":[^:/]+$", "") then
    print("Digest: " .. digest:match("@(.*)$"))
  end
end
local known = host and (host:find("[.:]") or host == "localhost")
print((known and "" or "docker.io/" .. (host and "" or "library/")) .. name)
