-- Writes what is made from the declarations: docs/reference, and the annotations in
-- scripts/meta. It prints nothing. Run by `make generate`.
local root = args{ about = "write docs/reference and scripts/meta", { "root", type = "path", default = ".." } }.root

local function renew(dir, pages)
  fs.mkdir(dir)
  for _, name in ipairs(fs.list(dir)) do
    if not pages[name] then fs.remove(dir .. "/" .. name) end
  end
  for name, text in pairs(pages) do fs.write(dir .. "/" .. name, text) end
end

renew(root .. "/docs/reference", scripts.reference())
renew(root .. "/scripts/meta", scripts.annotations())
