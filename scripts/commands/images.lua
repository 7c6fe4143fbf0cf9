-- neap images: a table of images.
--
-- REPOSITORY   TAG       IMAGE ID       CREATED        SIZE
-- httpd        2.4       4b1a2c3d4e5f   2 weeks ago    148MB
local cli, list, filter = require "cli", require "cli.list", require "cli.filter"
local facts = require "cli.image"

local opt, names = cli.read[=[
Usage:  neap images [OPTIONS] [REPOSITORY[:TAG]]

List images

Options:
  -a, --all             Show all (there are no hidden ones)
      --digests         Show the digests they were pulled by
  -f, --filter list     Only those that fit (dangling=true, label=a=b, reference=http*, …)
      --format string   table, json, or a Go template
      --no-trunc        Do not cut ids
  -q, --quiet           Show ids only
]=]

local all = images.list():sort("created", "desc")
if opt.filter then
  all = all:where(filter.of(opt.filter, facts.filters))
end
local digest = opt.digests and "{{.Digest}}\t" or ""
list.print{
  things = facts.rows(all, names[1], opt.quiet, filter.values(opt.filter, "reference")), fields = facts.fields(opt.no_trunc), titles = facts.titles,
  format = opt.quiet and "{{.ID}}" or opt.format,
  usual = "{{.Repository}}\t{{.Tag}}\t" .. digest .. "{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
}
