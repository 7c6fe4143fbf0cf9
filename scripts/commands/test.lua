-- neap test: run the tests in *_test.lua, each in a simulated world of its own.
--
--   cleanup_test.lua
--     ok      removes what ended long ago
--     failed  spares what is young
--       error[script]: not equal: state is "removed", and should be "exited"
--         --> cleanup_test.lua:14:3
--   1 of 2 failed
local cli = require "cli"

local opt, files = cli.read[[
Usage:  neap test [OPTIONS] [FILE|DIR...]

Run the tests in files, and in all *_test.lua below directories

Options:
      --run string     Only tests whose name matches this regular expression
      --real           Against a real runtime in a root of its own, not a simulation
      --tap            Print TAP (Test Anything Protocol)
      --junit string   Write JUnit's XML into a file, too
  -v, --verbose        Show what tests print that go well
]]

local report = require(opt.tap and "test.tap" or "test.text").new(opt)
local all, err = try(scripts.test, { run = opt.run, real = opt.real, each = report.each, unpack(files) })
if err then cli.fail(err.kind == "canceled" and 130 or 1, err) end
if opt.junit then fs.write(opt.junit, require("test.junit").text(all)) end
os.exit(report.done(all) and 0 or 1)
