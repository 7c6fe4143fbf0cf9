-- Docker's words.
local say, list = require "cli.say", require "cli.list"

local spans = {
  { 0.5, "Less than a second" }, { 1, "1 second" }, { 9, "9 seconds" }, { 59, "59 seconds" }, { 60, "About a minute" },
  { 119, "About a minute" }, { 120, "2 minutes" }, { 3599, "59 minutes" }, { 3600, "About an hour" }, { 7200, "2 hours" },
  { 86400, "24 hours" }, { 48 * 3600, "2 days" }, { 14 * 86400, "2 weeks" }, { 60 * 86400, "2 months" }, { 730 * 86400, "2 years" },
}
for _, span in ipairs(spans) do
  assert(say.span(span[1]) == span[2], span[1] .. ": " .. say.span(span[1]))
end
assert(say.size(0) == "0B" and say.size(999) == "999B" and say.size(7330000) == "7.33MB" and say.size(1.5e9) == "1.5GB")
assert(say.cut("0123456789012345678901234", 20) == "0123456789012345678…" and say.cut("short", 20) == "short")
assert(say.cut("äöü", 3) == "äöü" and say.cut("äöüß", 3) == "äö…")
assert(say.quote('a "b" \27[1m') == '"a \\"b\\" \\x1b[1m"')
assert(say.plain("ä\194\155x") == "ä\\xc2\\x9bx" and say.plain("ü€") == "ü€")
assert(say.short("sha256:0123456789abcdef") == "0123456789ab")
assert(say.stamp("2026-11-23T10:00:00.123456789Z") == "2026-11-23 10:00:00 +0000 UTC" and say.ago(nil) == "N/A")

local lines = {}
local real = print
print = function(line) table.insert(lines, line) end
local fields = { ID = function(x) return x.id end, Names = function(x) return x.name end }
list.print{ things = { { id = "1", name = "a\27b" }, { id = "2", name = "cc" } }, fields = fields, titles = { ID = "THE ID" }, usual = "{{.ID}}\t{{.Names}}" }
list.print{ things = { { id = "1", name = "a" } }, fields = fields, titles = {}, format = "{{.ID}}={{.Names}}" }
list.print{ things = { { id = "1", name = "a" } }, fields = fields, titles = {}, format = "json" }
local ok, err = pcall(list.print, { things = { {} }, fields = fields, titles = {}, format = "{{.Nope}}" })
print = real
assert(lines[1] == "THE ID    NAMES" and lines[2] == "1         a\\x1bb" and lines[3] == "2         cc", table.concat(lines, "|"))
assert(lines[4] == "1=a" and lines[5] == '{"ID":"1","Names":"a"}', lines[5])
assert(not ok and err:find("there is no .Nope"))
