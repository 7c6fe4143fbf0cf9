-- The options of run and create, and how they become what containers.create takes.
local run = {}

run.options = [=[
      --add-host list          Add a name to /etc/hosts (NAME:ADDRESS)
      --cap-add list           Add a Linux capability
      --cap-drop list          Drop a Linux capability
      --cidfile string         Write the container's id to the file
  -c, --cpu-shares int         Share of processor time beside others (1024 is usual)
      --cpu-period int         Period of the processor limit in microseconds
      --cpu-quota int          Processor time in each period in microseconds
      --cpus number            Number of processors it may use
      --cpuset-cpus string     Processors it may run on (0-3, 0,1)
      --cpuset-mems string     Memory nodes it may use
      --device list            Show a host device (HOST[:CONTAINER[:rwm]])
      --dns list               Set a name server
      --dns-option list        Set an option of /etc/resolv.conf
      --dns-search list        Set a search domain
      --domainname string      Domain name inside
      --entrypoint string      Program instead of the image's entry point
  -e, --env list               Set an environment variable (K=V, or K for the caller's)
      --env-file list          Read environment variables from a file
      --expose list            Expose a port without publishing it
      --group-add list         Add a group
  -h, --hostname string        Host name inside
      --init                   Run a small init as the first process
  -i, --interactive            Keep the input open
      --ip string              Address in the network
      --ipc string             host, or container:NAME
  -l, --label list             Set a label (K=V)
  -m, --memory string          Most memory it may use (512m, 1g)
      --memory-reservation string  Memory it should stay below when there is little
      --memory-swap string     Most memory and swap together; -1 is no limit
      --mount list             Mount something (type=bind,source=…,target=…)
      --name string            Name of the container
      --net, --network string  bridge, host, none, container:NAME or a network's name
      --net-alias, --network-alias list  Further name in the network
      --oom-score-adj int      How soon it is killed when memory runs out (-1000 to 1000)
      --pid string             host, or container:NAME
      --pids-limit int         Most processes it may have; -1 is no limit
      --privileged             Take the walls down: all capabilities and devices
  -p, --publish list           Publish a port ([IP:][HOST:]CONTAINER[/PROTOCOL])
  -P, --publish-all            Publish all exposed ports at free ports of the host
      --pull string            Pull the image: missing (usual), always or never
  -q, --quiet                  Do not show how the pull goes
      --read-only              Mount the root read-only
      --restart string         no, on-failure[:N], always or unless-stopped
      --rm                     Remove the container when it ends
      --security-opt list      seccomp=…, no-new-privileges, label=…, systempaths=unconfined
      --shm-size string        Size of /dev/shm (64m)
      --stop-signal string     Signal that stop sends
      --stop-timeout int       Seconds before stop kills
      --sysctl list            Set a kernel parameter of its namespaces (K=V)
      --tmpfs list             Mount a tmpfs (PATH[:OPTIONS])
  -t, --tty                    Give it a terminal
      --ulimit list            Set a resource limit (NAME=SOFT[:HARD])
  -u, --user string            User (NAME|ID[:GROUP])
      --uts string             host
  -v, --volume list            Mount a volume or a directory ([SOURCE:]TARGET[:OPTIONS])
      --volumes-from list      Mount the volumes of a container (NAME[:ro])
  -w, --workdir string         Working directory
]=]

-- The options that containers.create does not know.
local ours = { cidfile = true, detach = true, detach_keys = true, env_file = true, quiet = true, sig_proxy = true }

-- One line of -e or of a file: K alone is the caller's, and nothing if unset.
local function variable(text)
  if text:find("=", 1, true) then return text end
  local value = os.getenv(text)
  return value and text .. "=" .. value
end

-- The variables of the files and then of -e.
function run.environment(opt)
  local env = {}
  for _, file in ipairs(opt.env_file or {}) do
    for line in fs.read(file):gmatch("[^\r\n]+") do
      if line:match("^%s*[^#%s]") then table.insert(env, variable((line:gsub("^%s+", ""))) or nil) end
    end
  end
  for _, text in ipairs(opt.env or {}) do
    local set = variable(text)
    if set then table.insert(env, set) end
  end
  return #env > 0 and env or nil
end

-- The table for containers.create.
function run.spec(opt, plain)
  local spec = { env = run.environment(opt) }
  for key, value in pairs(opt) do
    if not ours[key] and key ~= "env" then spec[key] = value end
  end
  if opt.entrypoint then
    spec.entrypoint = opt.entrypoint ~= "" and { opt.entrypoint } or {}
  end
  for i, word in ipairs(plain) do spec[i] = word end
  return spec
end

-- Pulls the image if it is not there, saying so as Docker does.
function run.image(opt, name)
  local here = opt.pull ~= "always" and images.find(name)
  if here or opt.pull == "never" then return end
  if opt.pull ~= "always" and not opt.quiet then
    local tagged = name:match("[^/]*$"):find("[:@]") and name or name .. ":latest"
    io.stderr:write(("Unable to find image '%s' locally\n"):format(tagged))
  end
  images.pull(name)
end

-- Creates the container that the words ask for.
function run.create(opt, plain)
  if opt.cidfile and fs.exists(opt.cidfile) then
    error(opt.cidfile .. " is there already: another container may have written it", 0)
  end
  run.image(opt, plain[1])
  local spec = run.spec(opt, plain)
  spec.pull = nil
  local c = containers.create(spec)
  if opt.cidfile then fs.write(opt.cidfile, c.id) end
  return c
end

-- The exit code of run for what prevented the program.
function run.code(err, c)
  local code = c and c.exit_code
  if code == 126 or code == 127 then return code end
  return 125
end

return run
