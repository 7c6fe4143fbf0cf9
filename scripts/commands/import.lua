-- neap import: make an image of the archive of a root file system. Prints its id.
local cli = require "cli"

local opt, words = cli.read[=[
Usage:  neap import [OPTIONS] FILE [REPOSITORY[:TAG]]

Make an image of a root file system's archive; - is standard input

Options:
  -c, --change list      Apply a line of a Dockerfile (CMD ["sh"], ENV A=b, EXPOSE 80, …)
  -m, --message string   Set the comment
]=]

print(images.import(words[1], { tag = words[2], change = opt.change, message = opt.message }).id)
