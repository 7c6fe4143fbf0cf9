-- Files and paths: what is written is read again, what is copied is alike, and what
-- must not be removed is not.
local d = fs.tempdir()
local function kind(f, ...) return select(2, try(f, ...)).kind end

fs.mkdir(d .. "/a/b", { mode = "0700" })
fs.write(d .. "/a/f.txt", "one\ntwo\r\nthree", { mode = "0640" })
fs.append(d .. "/a/f.txt", "!")
fs.link("f.txt", d .. "/a/link")
fs.write(d .. "/a/.hidden", "")
fs.write(d .. "/a/b/deep.log", ("x"):rep(1000))

-- Lines.
local lines = {}
for line in fs.lines(d .. "/a/f.txt") do lines[#lines + 1] = line end
assert(#lines == 3 and lines[2] == "two" and lines[3] == "three!", table.concat(lines, "|"))

-- Facts.
local f = fs.stat(d .. "/a/f.txt")
assert(f.size == 15 and f.mode == "0640" and f.type == "file" and f.name == "f.txt" and f.links == 1)
assert(time.since(f.modified) < 3600)
assert(fs.stat(d .. "/a/link").type == "file" and fs.stat(d .. "/a/link", { follow = false }).type == "link")
assert(fs.stat(d .. "/a/link") == f and fs.readlink(d .. "/a/link") == "f.txt")
assert(kind(fs.stat, d .. "/none") == "not_found")
assert(fs.stat(d .. "/a/b").mode == "0700")

-- Walks.
local function names(o)
  local all = {}
  for x in fs.walk(d, o) do all[#all + 1] = x.path:sub(#d + 2) end
  return table.concat(all, " ")
end
assert(names() == "a a/.hidden a/b a/b/deep.log a/f.txt a/link", names())
assert(names{ type = "file", hidden = false } == "a/b/deep.log a/f.txt")
assert(names{ match = "*.log" } == "a/b/deep.log" and names{ match = "a/*.txt" } == "a/f.txt")
assert(names{ depth = 1 } == "a")
assert(kind(fs.walk, d, { match = "[" }) == "invalid" and kind(fs.walk, d .. "/none") == "not_found")
for _ in fs.walk(d) do break end -- left early

-- Globs.
assert(#fs.glob(d .. "/a/*") == 4 and fs.glob(d .. "/**/*.log")[1] == d .. "/a/b/deep.log")
assert(#fs.glob(d .. "/none/*") == 0 and kind(fs.glob, d .. "/[") == "invalid")

-- Copies.
fs.copy(d .. "/a", d .. "/c")
assert(fs.read(d .. "/c/b/deep.log") == fs.read(d .. "/a/b/deep.log"))
assert(fs.stat(d .. "/c/f.txt").mode == "0640" and fs.stat(d .. "/c/f.txt").modified == f.modified)
assert(fs.stat(d .. "/c/b").mode == "0700" and fs.readlink(d .. "/c/link") == "f.txt")
assert(fs.size(d .. "/a") == 1015 and fs.size(d .. "/c") == 1015)
assert(kind(fs.copy, d .. "/a", d .. "/c") == "exists" and kind(fs.copy, d .. "/a", d .. "/a/b/in") == "invalid")
assert(kind(fs.copy, d .. "/none", d .. "/x") == "not_found")
fs.copy(d .. "/a/b/deep.log", d .. "/c/f.txt")
assert(fs.sum(d .. "/c/f.txt") == fs.sum(d .. "/a/b/deep.log"))
fs.move(d .. "/c", d .. "/e")
assert(not fs.exists(d .. "/c") and fs.exists(d .. "/e/b/deep.log"))
if fs.exists("/dev/shm") then
  local other = "/dev/shm/neap-test-" .. path.base(d)
  fs.move(d .. "/e", other)
  assert(fs.exists(other .. "/f.txt") and not fs.exists(d .. "/e"))
  fs.remove(other, { recursive = true })
end

-- Removals do not follow links.
fs.link(d .. "/a", d .. "/to_a")
fs.remove(d .. "/to_a", { recursive = true })
fs.link(d .. "/a", d .. "/to_a")
fs.remove(d .. "/to_a/", { recursive = true })
assert(fs.exists(d .. "/a/f.txt") and not fs.exists(d .. "/to_a"))
assert(kind(fs.remove, d .. "/a") == "conflict")
for _, p in ipairs{ "/", "/.", "//", "/tmp/..", ".", "..", "" } do
  local _, err = try(fs.remove, p, { recursive = true })
  assert(err and (err.kind == "denied" or err.kind == "not_found"), p)
end
fs.remove(d .. "/a", { recursive = true })
fs.remove(d .. "/a", { recursive = true })
assert(#fs.list(d) == 0 or fs.list(d)[1] == "e")

-- Temporary things go with their scope.
local gone = fs.tempfile()
assert(fs.stat(gone).mode == "0600")
assert(kind(fs.chmod, gone, "999") == "invalid" and kind(fs.chmod, gone, "0x1") == "invalid")

assert(fs.disk(d).total > 0 and fs.disk(d).percent <= 100)
assert(kind(fs.read, d) == "failed" and kind(fs.read, d .. "/none") == "not_found")

-- Paths.
assert(path.join("a", "..", "b") == "b" and path.stem(".bashrc") == ".bashrc" and path.ext(".bashrc") == "")
assert(kind(path.rel, "a", "/b") == "invalid" and kind(path.match, "[", "a") == "invalid")
assert(path.match("*.lua", "x.lua") and not path.match("*.lua", "a/x.lua"))
