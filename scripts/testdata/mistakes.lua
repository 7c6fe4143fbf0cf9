-- Mistakes that neap check finds; what it says of each line is in mistakes.txt.
local c = containers.get("web")
if c.protect then print(c.sate) end
containers:run{ "httpd", nam = "x", detach = true, memory = true }
containers.lst{}
for _, x in ipairs(containers.list{ stat = "running" }) do x.stop() end
c:stop{ timeout = "1s" }:remov()
c:stop("10s")
print(contaners, table.concta({}), c.image:sub(1))
local images = images.list()
local opt = args{ about = "x", { "data", type = "container" }, { "--dry-run" } }
print(opt.data.nam, opt.dryrun, opt.dry_run)
local function f() cuont = 1 end
c:name()
images.run{ }
containers.run{ name = "x" }
containers.list{}
if c.state == "runing" then end
local v, err = try(volumes.get, "x")
print(v.nam, err.kid)
c:wait{ state = "stopped" }
fs.write("/x")
fs.write("/x", "y", { mod = "x" })
c:rename("a", "b")
containers.list():stopp()
containers.list():where(function(x) return x end):first():stopp()
for f in fs.walk("/") do print(f.pth) end
local ok = pcall(c.stop, c)
re("x"):tst("y")
c.state = "x"
time.sleep(1)
http.get("x").body:find("y")
http.get("x").bdy:find("y")

local function late() return nobodys end
local function path_of(path) return path.join("a", "b") end -- a parameter hides the module
exec{ "true", chek = false }
exec{ "true", timeout = true }
exec{ }
local h = http.get("x", { headers = {}, timeout = "1s", method = "GET" })
h.status = 1
bit.band("a")
utf8.pad("a", {})
ui.table({}, { style = "fancy" })
fs.stat("/"):size()
if not fs.stat("/").modfied then end
containers.prune{ volume = true, state = "exited" }
images.list():pluck("size"):frist()
networks.create("x", { subnet = 5 })
for _, l in ipairs(volumes.list()) do l.labls = {} end
images = nil
json.encode = print
