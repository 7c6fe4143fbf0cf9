-- Options as Docker's users write them.
local options, run = require "cli.options", require "cli.run"

local d = options.declare([=[
Usage:  neap run [OPTIONS] IMAGE [COMMAND] [ARG...]

Options:
  -d, --detach       In the background
]=] .. run.options)
assert(d.name == "run" and d.strict and d.least == 1 and d.most == math.huge)

local function parse(...) return options.parse(d, { ... }) end
local opt, plain = parse("-itd", "-p8080:80", "-p", "81:81", "-p=82:82", "--name=web", "-e", "A=1=2", "--rm", "box", "ls", "-l", "--name", "x")
assert(opt.interactive and opt.tty and opt.detach and opt.rm and opt.name == "web")
assert(table.concat(opt.publish, " ") == "8080:80 81:81 82:82" and opt.env[1] == "A=1=2")
assert(table.concat(plain, " ") == "box ls -l --name x")
opt, plain = parse("--rm=false", "-itdp", "1:1", "--", "box")
assert(opt.rm == false and opt.publish[1] == "1:1" and plain[1] == "box")
assert(parse("--net", "none", "box").network == "none" and parse("--cpus", "1.5", "box").cpus == 1.5)
assert(parse("-m", "512m", "-h", "there", "box").hostname == "there")

local function wrong(...)
  local ok, err = pcall(options.parse, d, { ... })
  assert(not ok, "no error")
  return err.usage or err.help
end
assert(wrong("--nmae", "x", "box") == "unknown option --nmae; did you mean --name?")
assert(wrong("-z", "box") == "unknown option -z")
assert(wrong("--name") == "--name needs a value" and wrong("-p") == "-p needs a value")
assert(wrong() == "needs at least 1 argument" and wrong("--rm=maybe", "box") == "--rm takes no value")
assert(wrong("--pids-limit", "many", "box") == '--pids-limit must be a whole number, not "many"')
assert(wrong("--help") == true)

-- Elsewhere options may follow the words.
local s = options.declare[[
Usage:  neap stop [OPTIONS] CONTAINER [CONTAINER...]

  -t, --time, --timeout int   Seconds
]]
opt, plain = options.parse(s, { "web", "-t", "1", "db" })
assert(opt.timeout == 1 and #plain == 2 and s.least == 1)
assert(options.parse(s, { "--time=-1", "web" }).timeout == -1)
local two = options.declare("Usage:  neap rename CONTAINER NEW_NAME\n")
assert(two.least == 2 and two.most == 2)
assert(select(2, pcall(options.parse, two, { "a", "b", "c" })).usage == '"c" is one argument too many')
local one = options.declare("Usage:  neap port CONTAINER [PRIVATE_PORT[/PROTO]]\n")
assert(one.least == 1 and one.most == 2)

-- Environment.
local dir = fs.tempdir()
fs.write(dir .. "/env", "# comment\nA=1\n\n  B=2\nSET\nUNSET\n")
local env = run.environment{ env_file = { dir .. "/env" }, env = { "C=3", "SET", "UNSET" } }
assert(table.concat(env, " ") == "A=1 B=2 SET=from outside C=3 SET=from outside", table.concat(env, " "))
assert(run.environment{} == nil)

-- What containers.create gets.
local spec = run.spec({ detach = true, entrypoint = "", name = "x", env = { "A=1" } }, { "box", "ls" })
assert(spec.detach == nil and #spec.entrypoint == 0 and spec.name == "x" and spec[1] == "box" and spec[2] == "ls" and spec.env[1] == "A=1")
