-- neap exec: run a further program in a running container. Prints its output and
-- ends with its code; 126 it is not executable, 127 the container lacks it.
local cli, run = require "cli", require "cli.run"

local opt, words = cli.read[[
Usage:  neap exec [OPTIONS] CONTAINER COMMAND [ARG...]

Run a program in a running container

Options:
  -d, --detach               Leave it in the background
      --detach-keys string   Keys that leave its terminal (ctrl-p,ctrl-q)
  -e, --env list             Set an environment variable
      --env-file list        Read environment variables from a file
  -i, --interactive          Pass input on
      --privileged           Give it all capabilities
  -t, --tty                  Give it a terminal
  -u, --user string          User (NAME|ID[:GROUP])
  -w, --workdir string       Working directory
]]

local spec = {
  env = run.environment(opt), privileged = opt.privileged, user = opt.user, workdir = opt.workdir,
}
for i = 2, #words do spec[i - 1] = words[i] end
local c = containers.get(words[1])

if opt.detach then
  spec.detach = true
  c:spawn(spec)
  return
end
spec.check, spec.tty, spec.interactive, spec.detach_keys = false, opt.tty, opt.interactive, opt.detach_keys
spec.stdout = "inherit"
local result, err = try(c.exec, c, spec)
if err then
  cli.fail(err.kind == "not_found" and 127 or err.kind == "denied" and 126 or 1, err)
end
os.exit(result.exit_code)
