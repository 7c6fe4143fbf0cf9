-- What is refused, of which kind, and with which words: nothing is left of it.
local function fails(kind, like, fn, ...)
  local _, err = try(fn, ...)
  assert(err, "no error: " .. like)
  assert(err.kind == kind and tostring(err):find(like, 1, true), ("%s, not %s: %s"):format(err.kind, kind, tostring(err)))
  return err
end
local create = containers.create

fails("invalid", "the image is missing", create, {})
fails("invalid", "a name is letters", create, { "box", name = "no spaces" })
fails("not_found", "no image has this name here", create, { "nothing", pull = "never" })
fails("invalid", "pull must be one of", create, { "box", pull = "perhaps" })
fails("invalid", "is not absolute", create, { "box", workdir = "here" })
fails("invalid", "NAME=VALUE", create, { "box", env = "K" })
fails("invalid", "is no published port", create, { "box", publish = "x" })
fails("invalid", "two mounts have the target", create, { "box", volume = { "/d", "a:/d" } })
fails("invalid", "has no ports or addresses", create, { "box", network = "none", publish = "80" })
fails("not_found", "no such network", create, { "box", network = "nowhere" })
fails("not_found", "no container has this name", create, { "box", volumes_from = "nobody" })
fails("not_found", "no container has this name", create, { "box", network = "container:nobody" })
fails("invalid", "is not a signal", create, { "box", stop_signal = "NONE" })
fails("invalid", "security_opt", create, { "box", security_opt = "none" })
fails("invalid", "no option", create, { "box", nmae = "x" })
assert(#containers.list() == 0 and #volumes.list() == 0)

local one = create{ "box", "sleep", "60", name = "one" }
assert(fails("exists", "the name is taken by container " .. one.short_id, create, { "box", name = "one" }).hint:find("neap rm one", 1, true))
local two = create{ "box", "true", name = "two" }
fails("exists", "the name is taken", two.rename, two, "one")
assert(two.name == "two")
fails("not_found", "no container has this name", containers.get, "onne")
assert(fails("not_found", "onetwo", containers.get, "onetwo").hint == "there is one")
assert(containers.get(one.id) == one and containers.get(one.id:sub(1, 20)) == one and containers.get("/one") == one)

-- What its state forbids names the state and the way out.
local refused = fails("conflict", "it is created, and must be running or paused", one.pause, one)
assert(refused.op == "pause container" and refused.object == "one" and refused.hint:find("neap start", 1, true))
fails("conflict", "it is created, and must be running", one.exec, one, { "true" })
fails("conflict", "it is created, and must be running or paused", one.kill, one)
fails("conflict", "must be running or paused", one.top, one)
fails("invalid", "is not a signal", one.start(one).kill, one, "NONE")
fails("conflict", "it is running, and must be", one.remove, one)
one:pause()
fails("conflict", "it is paused, and must be", one.start, one)
one:unpause()

-- A program that is not there, and one that is.
local gone = fails("not_found", "nothing-like-it", containers.run, { "box", "nothing-like-it", name = "gone" })
assert(gone.op == "start container")
assert(containers.get("gone").state == "exited" or containers.get("gone").state == "created")
fails("not_found", "nothing-like-it", one.exec, one, { "nothing-like-it" })

-- Volumes and networks.
fails("invalid", "is not a name for a volume", volumes.create, "a b")
fails("unsupported", "no volume driver", volumes.create, "a", { driver = "nfs" })
fails("unsupported", "no option", volumes.create, "a", { opt = { size = "1g" } })
volumes.create("data", { label = { a = "b" } })
fails("not_found", "there is no volume of that name", volumes.get, "date")
local kept = volumes.get("data"):protect()
fails("conflict", "it is protected", kept.remove, kept)
kept:unprotect():remove()
fails("exists", "it is built in", networks.create, "none")
fails("invalid", "a network's name is", networks.create, "a b")
fails("denied", "it is built in", networks.get("bridge").remove, networks.get("bridge"))
fails("not_found", "no such network", networks.get, "nowhere")
fails("invalid", "must be between", networks.create, "tiny", { subnet = "10.213.9.0/30" })

-- Images.
fails("invalid", "small letters", images.get, "UPPER")
fails("not_found", "no image has this name here", images.get, "nothing")
local box = images.get("box")
fails("not_found", "this image has no such tag", box.untag, box, "other:1")
fails("busy", "uses it", images.remove, "box")
