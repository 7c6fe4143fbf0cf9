-- neap run: make a container of an image and start it.
--
-- Prints the program's output and ends with its code; with -d prints the id. An
-- absent image is pulled. Codes of its own: 125 it could not be run, 126 the program
-- is not executable, 127 the image lacks it.
local cli, run = require "cli", require "cli.run"

local opt, plain = cli.read([[
Usage:  neap run [OPTIONS] IMAGE [COMMAND] [ARG...]

Create a container from an image and run it

Options:
  -d, --detach                 Leave it in the background and print its id
      --detach-keys string     Keys that leave its terminal (ctrl-p,ctrl-q)
]] .. run.options)

local c, err = try(run.create, opt, plain)
if err then cli.fail(125, err) end

local running = true
defer(function()
  -- Ctrl-C ends this command: what it ran in the foreground gets the same.
  if running and not opt.detach then try(c.kill, c, "INT") end
end)

local function start()
  if opt.detach then return c:start() end
  return c:start{ attach = true, detach_keys = opt.detach_keys }
end

local _, wrong = try(start)
running = false
if wrong then
  local code = run.code(wrong, c)
  if opt.rm then try(c.remove, c, { force = true, volumes = true }) end
  cli.fail(code, wrong)
end
if opt.detach then
  print(c.id)
else
  if opt.rm and c.exit_code then try(c.wait, c, { removed = true, timeout = "10s" }) end
  cli.ended(c)
end
