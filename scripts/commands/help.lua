-- neap help: the commands, or what a module, function, object, option or kind of error
-- of the Lua surface is.
local cli = require "cli"

local _, words = cli.read[[
Usage:  neap help [NAME]

Show the commands, or what a name of the Lua surface means (containers, containers.run)
]]

if words[1] then return help(words[1]) end
print[[
neap FILE.lua [ARGUMENT...]   run a script; neap alone is a prompt, neap -e CODE a line

Containers
  run       Create a container from an image and run it
  create    Create a container without starting it
  start     Start stopped containers          stop      Stop running ones
  restart   Stop and start them again         kill      Send a signal
  pause     Hold all their processes          unpause   Let them go on
  wait      Print how they ended              rm        Remove them
  rename    Give one another name             exec      Run a program in one
  attach    Stay with a running one           logs      Show what it printed
  ps        List them                         inspect   Show all about one
  port      Show its published ports          top       Show its processes

Images
  images    List them                         rmi       Remove them
  pull      Get one from a registry           tag       Give one a further name
  load      Load them from an archive         save      Write them into an archive
  push      Send one to a registry            import    Make one of a file system

Besides
  volume    Manage volumes                    network   Manage networks
  info      Show what there is                version   Show the versions
  apply     Do what neap --plan FILE recorded
  editor    Prepare a directory of scripts for an editor
  check     Find mistakes in scripts          translate Say a Docker line in Lua
  test      Run the tests of scripts
  help      Show this, or what a name of the Lua surface means
  completion  Print what makes bash, zsh or fish complete all this

neap COMMAND --help explains one.]]
