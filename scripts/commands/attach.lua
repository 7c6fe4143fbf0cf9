-- neap attach: stay with a running container. Prints its output from now on and ends
-- with its code.
local cli = require "cli"

local opt, names = cli.read[[
Usage:  neap attach [OPTIONS] CONTAINER

Attach to a running container

Options:
      --detach-keys string   Keys that leave its terminal (ctrl-p,ctrl-q)
      --no-stdin             Do not pass input on
]]

cli.ended(containers.get(names[1]):attach{ detach_keys = opt.detach_keys, interactive = not opt.no_stdin })
