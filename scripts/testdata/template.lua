-- The part of Go's templates that --format knows.
local template = require "cli.template"

local thing = {
  Name = "web", N = 3, On = true, Off = false, List = { "a", "b" }, Empty = {},
  Deep = { Er = { X = "y" } }, Label = function(key) return "<" .. key .. ">" end,
  Mounts = { { Source = "/a" }, { Source = "/b" } },
}
local function is(text, wanted)
  local got = template.compile(text)(thing)
  assert(got == wanted, ("%s gives %q"):format(text, got))
end
is("{{.Name}}: {{ .N }}", "web: 3")
is("{{.Deep.Er.X}} {{.Nothing}}", "y <no value>")
is('{{.Label "k"}} {{json .List}} {{join .List ","}}', '<k> ["a","b"] a,b')
is("{{upper .Name}} {{.Name | upper | lower}} {{title .Name}} {{len .List}}", "WEB web Web 2")
is("{{index .List 1}} {{index .Deep `Er`}}", "b map[X:y]")
is("{{.List}} {{.On}}", "[a b] true")
is("{{if .On}}yes{{else}}no{{end}} {{if .Off}}yes{{else}}no{{end}} {{if .Empty}}x{{end}}.", "yes no .")
is("{{range .Mounts}}{{.Source}} {{end}}{{range .Empty}}x{{else}}none{{end}}", "/a /b none")
is("a {{- .Name -}} b{{/* nothing */}}", "awebb")

local function wrong(text) return select(2, pcall(template.compile(text), thing)) end
assert(tostring(select(2, pcall(template.compile, "{{.Name"))):find("without }}"))
assert(tostring(select(2, pcall(template.compile, "{{if .Name}}x"))):find("without {{end}}"))
assert(wrong("{{nothing .Name}}"):find("not understood") and wrong("{{.Name.X}}"):find("there is no .X"))
