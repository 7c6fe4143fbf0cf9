-- What only turns values into others: times, YAML, characters, bits, tables.
local function kind(f, ...) return select(2, try(f, ...)).kind end

-- Times.
assert(time.add("2026-03-28T12:00:00Z", { days = 1 }, { zone = "Europe/Berlin" }) == "2026-03-29T11:00:00.000000000Z") -- the clocks change
assert(time.add("2026-03-28T12:00:00Z", "1d") == "2026-03-29T12:00:00.000000000Z")
assert(time.add("2024-02-29", { years = 1 }) == "2025-02-28T00:00:00.000000000Z")
assert(time.add("2026-01-01", -1) == "2025-12-31T23:59:59.000000000Z")
assert(time.add("2026-01-01", { weeks = 1, hours = -1 }) == "2026-01-07T23:00:00.000000000Z")
assert(kind(time.add, "2026-01-01", { day = 1 }) == "invalid" and kind(time.add, "2026-01-01", "soon") == "invalid")
assert(time.format("2026-11-23T23:30:00Z", "%d %H:%M", { zone = "Europe/Moscow" }) == "24 02:30")
assert(time.parse("24.11.2026 02:30", { format = "%d.%m.%Y %H:%M", zone = "Europe/Moscow" }) == "2026-11-23T23:30:00.000000000Z")
assert(kind(time.parse, "soon") == "invalid" and kind(time.parse, "1", { format = "%d.%m" }) == "invalid")
assert(kind(time.format, "2026-01-01", "%d", { zone = "Mars" }) == "invalid")
local p = time.parts("2026-11-29T23:30:00Z", { zone = "Europe/Moscow" })
assert(p.weekday == 1 and p.day == 30 and p.offset == 10800 and p.yearday == 334)

-- YAML: what JSON text can say survives the way there and back.
local text = '{"b":[],"a":null,"c":{},"yes":"no","n":[1,-2.5,true,"1","0x1F","1e3","1_000","null","~","",".inf","2026-01-01",'
  .. '"a: b","- a","#x"," lead","trail ","a\\nb\\n","tab\\t","*x","&x","!x","%x","@x","`x","a #b","é漢","<<","=","\\u0001","\\\\"],"d":[[1],[{"k":"v"}]]}'
assert(json.encode(yaml.decode(yaml.encode(json.decode(text)))) == text, json.encode(yaml.decode(yaml.encode(json.decode(text)))))
assert(yaml.decode("base: &b { a: 1 }\nx:\n  <<: *b\n  c: 2\n").x.a == 1)
assert(yaml.decode("1: a\ntrue: b\n")["1"] == "a" and yaml.decode("") == nil and yaml.decode("--- \n...\n") == nil)
assert(yaml.decode("a: |\n  x\n  y\n").a == "x\ny\n" and yaml.decode("a: 0o17").a == 15)
assert(#yaml.decode_all(yaml.encode({ a = 1 }, { 2, 3 })) == 2)
assert(kind(yaml.decode, "a: 1\n---\nb: 2\n") == "invalid" and kind(yaml.decode, "a: [1") == "invalid" and kind(yaml.decode, "a: 1\na: 2") == "invalid")
assert(kind(yaml.decode, "a: .inf") == "invalid" and kind(yaml.decode, "*x") == "invalid")
local _, err = try(yaml.decode, "ok: 1\nbad: [1, 2\nmore: 3\n")
assert(tostring(err):find("line %d"), tostring(err))
-- No text can make it work for ever.
assert(kind(yaml.decode, ("["):rep(100000)) == "invalid" and kind(yaml.decode, ("- "):rep(100000)) == "invalid")
local bomb = { "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" }
for i = 1, 9 do bomb[i + 1] = ("a%d: &a%d [%s]"):format(i, i, (("*a%d, "):format(i - 1)):rep(10)) end
assert(kind(yaml.decode, table.concat(bomb, "\n")) == "invalid")

-- Characters.
assert(utf8.len("漢字é") == 3 and utf8.width("漢字é") == 5 and utf8.len("") == 0)
local n, bad = utf8.len("a\255")
assert(n == nil and bad == 2)
assert(utf8.sub("привет", -3) == "вет" and utf8.sub("abc", 2, 9) == "bc" and utf8.sub("abc", 3, 1) == "")
assert(utf8.char(table.unpack and 0 or 0) == "\0" and kind(utf8.char, 0xD800) == "invalid" and kind(utf8.char, -1) == "invalid")
assert(#utf8.codepoint("abc", 1, -1) == 3 and utf8.cut("漢字漢字", 5) == "漢字…" and kind(utf8.pad, "", 1e9) == "invalid")

-- Bits.
assert(bit.band(2 ^ 40 + 5, 7) == 5 and bit.bor(0x80000000, 0) == -2147483648 and bit.lshift(1, 32) == 1 and bit.bnot(-1) == 0)
assert(bit.tohex(-1) == "ffffffff" and kind(bit.band, 1.5) == "invalid")

-- Expressions.
assert(re("A.B", { literal = true, ignore_case = true }):test("xa.by") and not re("a.b", { literal = true }):test("axb"))
assert(select(2, re("b+"):find("abbc", 3)) == 3 and re("x"):find("abc") == nil and re("x"):groups("abc") == nil)
assert(#re("^b$", { multiline = true }):find_all("a\nb\nc") == 1)

-- Tables.
assert(ui.table({ { name = "web", port = 80 }, { name = "db", port = 5432 } }) == "NAME  PORT\nweb     80\ndb    5432",
  ui.table({ { name = "web", port = 80 }, { name = "db", port = 5432 } }))
assert(ui.table({ { "a\27[31m", true } }, { head = { "x", "y" } }):find("\27", 1, true) == nil)
assert(ui.table({ { b = 1, a = 2 } }, { columns = { "b", "c" } }) == "B  C\n1", ui.table({ { b = 1, a = 2 } }, { columns = { "b", "c" } }))
assert(ui.table({ { 1, "a|b" } }, { style = "markdown", head = { "n", "t" } }):find("\\|", 1, true))
assert(ui.table({ { 'a"b', 1 } }, { style = "csv" }) == '"a\\"b",1' or ui.table({ { 'a"b', 1 } }, { style = "csv" }) == '"a""b",1')
assert(ui.table({ { "x" } }, { style = "box" }):find("│", 1, true))
assert(ui.table({}) == "" and kind(ui.table, { { 1 }, { a = 1 } }) == "invalid" and kind(ui.table, { 1 }) == "invalid")
assert(ui.style("x", "red") == "x" and kind(ui.style, "x", "rosy") == "invalid")
