-- Volumes, networks, ports, images, the system.
local data = volumes.create("data", { label = { k = "v" } })
assert(data == volumes.create("data", { label = { k = "v" } }) and data.driver == "local" and not data.anonymous)
assert(data.labels.k == "v" and data.path:match("/data$") and #data.used_by == 0 and data.size >= 0)
local user = containers.run{ "box", "sh", "-c", "echo kept > /data/f; echo ok; sleep 60", name = "user", volume = { "data:/data", "/anon" } }
user:wait{ file = "/data/f", log = "ok", timeout = "10s" }
assert(data.used_by[1] == "user" and data.size >= 5 and volumes.list{ anonymous = true }[1].used_by[1] == "user")
local _, err = try(data.remove, data)
assert(err.kind == "busy" and tostring(err):find("user"), tostring(err))
local other = containers.run{ "box", "cat", "/data/f", volumes_from = { user } }:wait()
assert(other:logs() == "kept\n" and user.used_by[1] == other.name)
assert(user.mounts[1].type == "volume" and #user.mounts == 2)
containers.list():remove{ force = true, volumes = true }
assert(#volumes.list() == 1)
assert(data:rename("facts").name == "facts" and volumes.find("data") == nil)
assert(volumes.prune()[1] == nil and volumes.prune{ all = true }[1] == "facts")
assert(data:remove() == data)
_, err = try(function() return data.path end)
assert(err.kind == "not_found" and tostring(err):find("was removed"), tostring(err))

local back = networks.create("back", { label = "a=b", subnet = "10.213.7.0/24" })
assert(back.driver == "bridge" and back.subnet == "10.213.7.0/24" and back.gateway == "10.213.7.1" and not back.internal)
local web = containers.run{ "box", "httpd", name = "web", network = back, publish = "80" }
assert(web.networks[1] == "back" and web.ip:match("^10%.213%.7%.") and back.used_by[1] == "web")
_, err = try(back.remove, back)
assert(err.kind == "busy", tostring(err))
_, err = try(networks.create, "bad", { subnet = "x" })
assert(err.kind == "invalid", tostring(err))

local port = ports.list{ container = "web" }[1]
assert(port.container_port == 80 and port.protocol == "tcp" and port.host_ip == "0.0.0.0")
assert(web:port("80/tcp") == "0.0.0.0:" .. port.host_port and web:port(80) == web:port("80/tcp") and web:port("81") == nil)
assert(ports.get(port.host_port) == port and ports.find(port.host_port .. "/udp") == nil)
assert(ports.owner(port.host_port).container == "web")
assert(port:url("x") == "http://127.0.0.1:" .. port.host_port .. "/x")
_, err = try(containers.run, { "box", "httpd", publish = port.host_port .. ":80" })
assert(err.kind == "exists" and tostring(err):find("web"), tostring(err))
containers.list():remove{ force = true }
back:remove()
_, err = try(ports.get, port.host_port)
assert(err.kind == "not_found")

local box = images.get("box")
assert(box == images.get(box.id) and box.repository == "box" and box.tags[1] == "box:latest" and #box.layers == 1)
assert(box.size > 1000 and box.config.Env and box.created and #box.short_id == 12)
local c = containers.create{ box, "true", name = "c" }
assert(c.image == "box:latest" and box.used_by[1] == "c")
_, err = try(box.remove, box)
assert(err.kind == "busy", tostring(err))
c:remove()
_, err = try(images.get, "nothing")
assert(err.kind == "not_found")

local info = system.info()
assert(info.version == system.version() and info.containers.running == nil and info.volumes == 0)
print(containers.list())
print(images.list())
