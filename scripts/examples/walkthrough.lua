#!/usr/bin/env neap
-- Plays the tutorial on the life of containers, on the built-in image, without any
-- registry: rows 1 to 19 and 21 to 27 (20 needs SELinux). Prints what the tutorial
-- expects beside what was observed, and removes all that it made.
--
--    6  pauses a container
--       expected: FROZEN while it is paused, its tasks in D
--       observed: THAWED, FROZEN, THAWED; tasks D while paused; ps says Up 1 second (Paused)
--       ok
--   …
--   26 rows observed, 0 failed
args{ about = "play the tutorial on the life of containers" }

local PAGE = "/usr/local/apache2/htdocs"
local dir = fs.tempdir()
local rows, failures = 0, 0

-- Everything made here is called wt-… and goes at the end, whatever happens.
local function clean()
  containers.list{ name = "wt-*" }:remove{ force = true, volumes = true }
  volumes.list{ name = "wt-*" }:remove()
  for _, image in ipairs(images.list{ tag = "wt-*" }) do image:remove{ force = true } end
end
clean()
defer(clean)

-- Runs this very program as a command, as a person would.
local program = exec{ "sh", "-c", "readlink /proc/$PPID/exe" }.stdout:gsub("\n", "")
local root = system.info().root:match("^(.*)/lib$")
local function command(words)
  local argv = { program, check = false, stdin = words.stdin }
  if root then argv = { program, "--root", root, check = false, stdin = words.stdin } end
  for _, word in ipairs(words) do table.insert(argv, word) end
  return exec(argv)
end

-- The same on a terminal, whose other end types the text. nil where script(1) is missing.
local function typed(words, text)
  if not try(exec, { "script", "--version" }) then return nil end
  local line = { program, root and "--root " .. root or "" }
  for _, word in ipairs(words) do table.insert(line, word) end
  local shell = "stty rows 33 cols 101; stty -g; " .. table.concat(line, " ") .. "; echo code $?; stty -g"
  return exec{ "script", "-qc", shell, "/dev/null", stdin = text, check = false, timeout = "60s" }.stdout:gsub("\r", "")
end

-- One row. fn observes with see(text, holds); all that it says must hold.
local function row(number, what, expected, fn)
  local seen, good = {}, true
  local _, err = try(fn, function(text, holds)
    table.insert(seen, (holds and "" or "NOT: ") .. text)
    good = good and holds and true or false
  end)
  if err then
    table.insert(seen, tostring(err) .. (err.line and " (line " .. err.line .. ")" or ""))
    good = false
  end
  rows, failures = rows + 1, failures + (good and 0 or 1)
  print(("%2d  %s\n    expected: %s\n    observed: %s\n    %s"):format(
    number, what, expected, table.concat(seen, "; "), good and "ok" or "FAILED"))
end

local function run(name, words)
  words.name = "wt-" .. name
  table.insert(words, 1, "box")
  return containers.run(words)
end

local function status(c)
  return (command{ "ps", "-a", "--filter", "id=" .. c.id, "--format", "{{.Status}}" }.stdout:gsub("\n", ""))
end

local function page(at)
  return http.get("http://" .. at .. "/", { timeout = "30s" }).body:gsub("%s+$", "")
end

-- An address of the host that other machines would use; else that of the bridge.
local function address()
  local out = containers.once{ "box", "ip", "addr", network = "host" }.stdout
  local link = out:match("\n%d+: (e%w+):")
  local ip = link and out:match("\n%d+: " .. link .. ":.-inet (%d+%.%d+%.%d+%.%d+)/")
  return ip or networks.get("bridge").gateway
end

row(1, "knows six states", "created, running, paused, exited, restarting, dead (9)", function(see)
  local c = containers.create{ "box", "sleep", "60", name = "wt-states" }
  see(status(c), status(c) == "Created")
  c:start()
  see(status(c), status(c):match("^Up "))
  c:pause()
  see(status(c), status(c):match("^Up .*%(Paused%)$"))
  c:unpause():kill():wait()
  see(status(c), status(c):match("^Exited %(137%) .* ago$"))
  local r = run("restarting", { "false", restart = "always" })
  local words
  task.poll(function()
    words = status(r)
    return words:match("^Restarting")
  end, { timeout = "60s" })
  see(words, words:match("^Restarting %(1%) .* ago$"))
  r:remove{ force = true }
end)

row(2, "runs a container whose program ends", "exited, with its changes kept; bash in box is 127 with a hint", function(see)
  local c = run("ends", { "sh", "-c", "echo line >> /kept; wc -l < /kept" }):wait()
  see(("%s with code %d"):format(c.state, c.exit_code), c.state == "exited" and c.exit_code == 0)
  c:start():wait()
  local lines = c:logs():gsub("%s+", " ")
  see("the second start sees the first one's file: " .. lines, lines:match("1 2"))
  local r = command{ "run", "--rm", "box", "bash" }
  see(("bash gives %d, %s"):format(r.exit_code, r.stderr:match("hint: [^\n]+") or "no hint"), r.exit_code == 127 and r.stderr:find("hint"))
end)

row(3, "stops and kills", "stop sends TERM, then KILL after the time; kill sends any signal", function(see)
  local obeys = run("obeys", { "sh", "-c", "trap 'exit 3' TERM; trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done" })
  local deaf = run("deaf", { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done" })
  containers.list{ name = { "wt-obeys", "wt-deaf" } }:wait{ log = "ready", timeout = "60s" }
  obeys:kill("HUP"):wait{ log = "hup", timeout = "60s" }
  see("kill -s HUP was heard", obeys.state == "running")
  obeys:stop{ timeout = "60s" }
  see("stop: code " .. obeys.exit_code, obeys.exit_code == 3)
  deaf:stop{ timeout = 0.2 }
  see("stop -t of a deaf one: code " .. deaf.exit_code, deaf.exit_code == 137)
  deaf:start():kill():wait()
  see("kill: code " .. deaf.exit_code, deaf.exit_code == 137)
end)

row(4, "tells created from stopped", "a created one's files are the image's, a stopped one's may not be", function(see)
  local c = containers.create{ "box", "touch", "/new", name = "wt-files" }
  local upper = c:inspect().GraphDriver.Data.UpperDir
  local function changes() return fs.exists(upper) and #fs.list(upper) or 0 end
  see(("%s: %d changes"):format(c.state, changes()), c.state == "created" and changes() == 0)
  c:start():wait()
  see(("%s: has /new"):format(c.state), c.state == "exited" and fs.exists(upper .. "/new"))
end)

row(5, "runs with a terminal", "a shell with a prompt, the window's size, the terminal as before", function(see)
  local out = typed({ "run", "-it", "--name", "wt-ubuntu", "box", "sh" }, "sleep 0.2\nstty size\nexit 7\n")
  if not out then
    local c = containers.create{ "box", "sh", name = "wt-ubuntu", tty = true, interactive = true }:start()
    c:wait{ log = "#", timeout = "60s" }
    return see("no script(1) here, so no terminal; a prompt in the log: " .. c:logs(), true)
  end
  local settings = {} -- what stty -g said before and after
  for line in out:gmatch("[^\n]+") do
    if line:match("^%x+:%x+:[%x:]+$") then table.insert(settings, line) end
  end
  see("a prompt", out:find("# ", 1, true))
  see("size " .. (out:match("%d+ %d+") or "none"), out:find("33 101", 1, true))
  see(out:match("code %d+") or "no code", out:find("code 7", 1, true))
  see("the terminal is as it was", #settings == 2 and settings[1] == settings[2])
end)

row(6, "pauses", "THAWED, FROZEN, THAWED at the freezer's own path; tasks in D; (Paused)", function(see)
  local c = run("pause", { "sh", "-c", "while :; do :; done" })
  local f = c:freezer()
  local v1 = f.version == "v1"
  local function word() return (fs.read(f.path .. "/" .. f.file):gsub("%s", "")) end
  local function tasks()
    local letters = {}
    for _, t in ipairs(c:freezer().tasks) do table.insert(letters, t.state) end
    return table.concat(letters)
  end
  local before = word()
  c:pause()
  local while_paused, letters, says, proof = word(), tasks(), status(c), c:freezer().state
  c:unpause()
  see(("%s/%s: %s, %s, %s"):format(f.path, f.file, before, while_paused, word()),
    before == (v1 and "THAWED" or "0") and while_paused == (v1 and "FROZEN" or "1") and word() == before)
  see(("it says %q, tasks %s while paused"):format(proof, letters), v1 and letters:match("^D+$") or proof == "frozen 1")
  see(says, says:find("(Paused)", 1, true))
  see("mount shows the cgroups", fs.read("/proc/mounts"):find(v1 and "freezer" or "cgroup2"))
  local listing = table.concat(fs.list((f.path:gsub("/[^/]+$", ""))), "\n")
  see("the parent group lists its full id", listing:find(c.id, 1, true))
  c:remove{ force = true }
end)

row(7, "restarts", "same id and settings, another pid", function(see)
  local c = run("again", { "httpd", publish = "80" })
  local id, pid, ip = c.id, c.pid, c.ip
  c:restart{ timeout = "3s" }
  see(("pid %d, then %d"):format(pid, c.pid), c.pid ~= pid and c.id == id)
  see("address " .. c.ip .. " as before", c.ip == ip)
  c:remove{ force = true }
end)

row(8, "uses restart policies", "on-failure:3 tries three times more, later each time", function(see)
  local began = time.now()
  local c = run("policy", { "sh", "-c", "exit 5", restart = "on-failure:3" })
  c:wait{ state = "restarting", timeout = "60s" }
  task.poll(function() return c.restart_count == 3 and c.finished and c.state == "exited" end, { timeout = "60s" })
  see(("%d restarts in %.1f s, code %d"):format(c.restart_count, time.since(began), c.exit_code),
    c.exit_code == 5 and time.since(began) >= 0.7)
end)

row(9, "meets a dead one", "a removal that could not finish shows dead, and can be done again", function(see)
  local c = run("dead", { "mkdir", "/held" }):wait()
  local held = c:inspect().GraphDriver.Data.UpperDir .. "/held"
  exec{ "mount", "--bind", held, held }
  local unmounted = false
  local function unmount()
    if not unmounted then exec{ "umount", held } end
    unmounted = true
  end
  defer(unmount)
  local _, err = try(c.remove, c)
  see("the first removal: " .. (err and err.kind or "no error"), err)
  see(status(c), c.state == "dead" and status(c) == "Dead")
  unmount()
  c:remove()
  see("the second: " .. c.state, c.state == "removed")
end)

row(10, "removes", "running ones and used images are refused with a reason; then both go", function(see)
  containers.once{ "box", "tar", "cf", "/out/root.tar", "-C", "/", "bin", "etc", "tmp", volume = dir .. ":/out" }
  local image = images.import(dir .. "/root.tar", { tag = "wt-image:1", change = 'CMD ["sleep", "60"]' })
  local c = containers.run{ "wt-image:1", name = "wt-user" }
  local refused = command{ "rm", "wt-user" }
  see("rm: " .. (refused.stderr:match("hint: [^\n]+") or "no hint"), refused.exit_code == 1 and refused.stderr:find("running"))
  local used = command{ "rmi", "wt-image:1" }
  see("rmi names " .. (used.stderr:match("wt%-user") or "nobody"), used.exit_code == 1 and used.stderr:find("wt-user", 1, true))
  command{ "rm", "-f", "wt-user" }
  local gone = command{ "rmi", "wt-image:1" }.stdout
  see(("then %s, %s"):format(c.state, gone:match("Deleted: sha256:%x%x%x%x") or "not deleted"),
    c.state == "removed" and images.find(image.id) == nil and gone:find("Untagged: wt-image:1", 1, true))
end)

row(11, "asks for ids only", "12 digits, one a line; images as a table, with whole digests if asked", function(see)
  local ids, good, out = 0, true, command{ "ps", "-aq" }.stdout
  for id in out:gmatch("[^\n]+") do
    ids, good = ids + 1, good and id:match("^" .. ("%x"):rep(12) .. "$")
  end
  see(ids .. " container ids", good and ids > 0)
  local id = command{ "images", "-q", "box" }.stdout
  see("images -q: " .. id:gsub("\n", " "), id:match("^%x+\n$") and #id == 13)
  local head = command{ "images", "--digests" }.stdout:match("^[^\n]*")
  see(head:gsub("%s+", " "), head:find("DIGEST", 1, true))
end)

row(12, "removes in bulk", "all names printed; from Lua, containers.list():remove{}", function(see)
  for i = 1, 3 do run("bulk-" .. i, { "true" }):wait() end
  local out = command{ "rm", "wt-bulk-1" }.stdout
  see("rm prints " .. out:gsub("\n", ""), out == "wt-bulk-1\n")
  local gone = containers.list{ name = "wt-bulk-*" }:remove{ force = true }
  see(#gone .. " removed at once", #gone == 2 and #containers.list{ name = "wt-bulk-*" } == 0)
end)

local web, port

row(13, "publishes a port", "a DNAT rule, and the page by every address; an absent image is pulled", function(see)
  port = ports.pick(20000, 29999)
  web = run("httpd", { "httpd", publish = port .. ":80" })
  web:wait{ port = 80, timeout = "60s" }
  local shown = command{ "ps", "--filter", "name=wt-httpd", "--format", "{{.Ports}}" }.stdout:gsub("\n", "")
  see(shown, shown == ("0.0.0.0:%d->80/tcp"):format(port))
  local rules = exec{ "iptables", "-t", "nat", "-L", "-n", reads = true }.stdout
  see("DNAT to " .. web.ip, rules:find(("DNAT[^\n]* dpt:%d [^\n]*to:%s:80"):format(port, (web.ip:gsub("%.", "%%.")))))
  for _, at in ipairs{ address(), "127.0.0.1" } do
    see(at .. " says It works!", page(at .. ":" .. port):find("It works!", 1, true))
  end
  local url = ("http://%s:%d/"):format(address(), port)
  see("so does it to another container", containers.once{ "box", "fetch", url }.stdout:find("It works!", 1, true))
  see("and to itself", web:exec{ "fetch", url }.stdout:find("It works!", 1, true))
  local absent = command{ "run", "--rm", "127.0.0.1:1/absent" }
  see(absent.stderr:match("^[^\n]*"), absent.exit_code == 125 and absent.stderr:find("^Unable to find image '127.0.0.1:1/absent:latest' locally"))
end)

row(14, "edits the page inside", "the page says the new text", function(see)
  local edit = "echo '<h1>edited</h1>' > " .. PAGE .. "/index.html\n"
  local out = typed({ "exec", "-it", "wt-httpd", "sh" }, edit .. "exit\n")
  if not out then
    see("no script(1) here: a shell without a terminal", true)
    web:spawn{ "sh" }:write(edit):close():wait()
  end
  see(page("127.0.0.1:" .. port), page("127.0.0.1:" .. port):find("edited", 1, true))
end)

row(15, "lets the runtime choose", "a free port for each exposed one; the name is free at once", function(see)
  web:remove{ force = true }
  web = run("httpd", { "httpd", publish_all = true })
  see("the name is used again", web.state == "running")
  local out = command{ "port", "wt-httpd" }.stdout:gsub("\n", "")
  see(out, out:match("^80/tcp %-> 0%.0%.0%.0:%d+$"))
end)

row(16, "inspects", "JSON with Docker's fields", function(see)
  local text = command{ "inspect", "wt-httpd" }.stdout
  local missing = {}
  for name in ([[Id Created Path Args State Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error
      StartedAt FinishedAt Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver MountLabel
      ProcessLabel HostConfig Binds NetworkMode PortBindings VolumesFrom LogConfig ContainerIDFile ExecIDs
      AppArmorProfile Config Hostname Domainname User Tty OpenStdin StdinOnce AttachStdin AttachStdout AttachStderr
      Env Cmd ExposedPorts NetworkSettings SandboxKey IPAddress Gateway EndpointID Ports Networks Mounts]]):gmatch("%S+") do
    if not text:find('"' .. name .. '":', 1, true) then table.insert(missing, name) end
  end
  see(#missing == 0 and "all fields are there" or "missing " .. table.concat(missing, " "), #missing == 0)
  see("Name " .. json.decode(text)[1].Name, json.decode(text)[1].Name == "/wt-httpd")
end)

row(17, "inspects one field", "the address", function(see)
  local out = command{ "inspect", "-f", "{{ .NetworkSettings.IPAddress }}", "wt-httpd" }.stdout:gsub("\n", "")
  see(out, out == web.ip and out:match("^%d+%.%d+%.%d+%.%d+$"))
end)

row(18, "mounts a host folder", "the page of the folder; the image's own is hidden, not deleted; -dit works", function(see)
  fs.mkdir(dir .. "/www")
  fs.write(dir .. "/www/index.html", "from the host\n")
  local out = command{ "run", "-dit", "-p", "80", "-v", dir .. "/www:" .. PAGE .. "/", "--name", "wt-mywww", "box", "httpd" }
  see("run -dit prints " .. out.stdout:sub(1, 12), out.exit_code == 0 and #out.stdout == 65)
  local c = containers.get("wt-mywww"):wait{ port = 80, timeout = "60s" }
  see(page("127.0.0.1:" .. c.ports[1].host_port), page("127.0.0.1:" .. c.ports[1].host_port) == "from the host")
  see("the image still says It works!", containers.once{ "box", "cat", PAGE .. "/index.html" }.stdout:find("It works!", 1, true))
  c:remove{ force = true }
end)

row(19, "leaves out the source", "an anonymous volume, filled with the image's content there", function(see)
  local c = containers.create{ "box", "true", name = "wt-anonymous", volume = PAGE }:start():wait()
  local v = volumes.get(c.mounts[1].name)
  see("volume " .. v.name:sub(1, 12) .. "…", v.anonymous)
  see("has " .. table.concat(fs.list(v.path), " "), fs.exists(v.path .. "/index.html"))
  c:remove{ volumes = true }
end)

local data

row(21, "makes a data container", "prints, exits 0, keeps its mounts", function(see)
  data = run("data", { "echo", "Data container", volume = { "wt-www:" .. PAGE, dir .. "/www:/host" } }):wait()
  see(data:logs():gsub("\n", "") .. ", code " .. data.exit_code, data:logs() == "Data container\n" and data.exit_code == 0)
  see(#data.mounts .. " mounts", #data.mounts == 2)
end)

row(22, "uses its volumes", "prints the page; :ro is read only", function(see)
  local out = containers.once{ "box", "cat", PAGE .. "/index.html", volumes_from = "wt-data" }.stdout
  see(out:gsub("%s+$", ""), out:find("It works!", 1, true))
  local r = containers.once{ "box", "touch", PAGE .. "/x", volumes_from = "wt-data:ro", check = false }
  see("writing with :ro: " .. r.stderr:gsub("\n", ""), r.exit_code ~= 0 and r.stderr:find("read%-only"))
end)

row(23, "replaces the application", "the data stays", function(see)
  local function application() return run("httpd3", { "httpd", volumes_from = "wt-data", publish = "80" }) end
  local c = application()
  c:exec{ "sh", "-c", "echo kept > " .. PAGE .. "/index.html" }
  c:remove{ force = true, volumes = true }
  c = application():wait{ port = 80, timeout = "60s" }
  local text = page("127.0.0.1:" .. c.ports[1].host_port)
  see(text, text == "kept")
end)

row(24, "sees where volumes come from", "[wt-data]", function(see)
  local out = command{ "inspect", "-f", "{{ .HostConfig.VolumesFrom }}", "wt-httpd3" }.stdout:gsub("\n", "")
  see(out, out == "[wt-data]")
end)

row(25, "removes the data container", "volumes that others use stay; rm -v takes the rest", function(see)
  local c = containers.create{ "box", "true", name = "wt-own", volume = "/own", volumes_from = "wt-data" }
  local own
  for _, m in ipairs(c.mounts) do
    if m.anonymous then own = m.name end
  end
  data:remove{ volumes = true }
  see("wt-data is " .. data.state, data.state == "removed")
  c:remove{ volumes = true }
  see("the shared volume is there", volumes.find("wt-www"))
  see("rm -v took the one nobody else had", own and volumes.find(own) == nil)
  see("the page still says " .. page("127.0.0.1:" .. containers.get("wt-httpd3").ports[1].host_port), true)
end)

row(26, "runs a one-shot container", "gone right after its end, with its anonymous volumes", function(see)
  local before = #volumes.list()
  local r = command{ "run", "--rm", "--name", "wt-once", "-v", "/scratch", "box", "echo", "done" }
  see("prints " .. r.stdout:gsub("\n", ""), r.stdout == "done\n")
  see("no container, no volume left", containers.find("wt-once") == nil and #volumes.list() == before)
end)

row(27, "backs up", "the file is there", function(see)
  fs.mkdir(dir .. "/backup")
  local r = command{ "run", "--rm", "--volumes-from", "wt-httpd3", "-v", dir .. "/backup:/backup", "box", "cp", PAGE .. "/index.html", "/backup" }
  see("code " .. r.exit_code, r.exit_code == 0)
  see("index.html: " .. fs.read(dir .. "/backup/index.html"):gsub("\n", ""), fs.read(dir .. "/backup/index.html") == "kept\n")
end)

print(("%d rows observed, %d failed"):format(rows, failures))
if failures > 0 then os.exit(1) end
