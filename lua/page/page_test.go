package page_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"neap/lua/bind"
	"neap/lua/page"
)

type spec struct {
	Image, Name, Network string
	Argv                 []string
}

func declared() ([]*bind.Module, []bind.ClassDoc) {
	k := bind.NewClass[int]("Container", "A box.")
	k.Bulk = []string{"stop"}
	k.Fields = []bind.Field[int]{
		bind.Plain("state", bind.OneOf("running", "exited"), "what it does", func(int) string { panic("a property was read") }),
		bind.Plain("size", bind.Size, "bytes", func(int) int64 { panic("a property was read") }),
	}
	k.Methods = []bind.Method[int]{bind.Act0(k, "stop", "Stop it.", func(context.Context, int) error { return nil })}
	options := &bind.Record[spec]{
		Name: "RunOptions", Doc: "what to run", New: func() spec { return spec{Network: "bridge"} },
		Array: bind.Headed("image", k.Ref(func(int) string { return "" }), "the image", func(s *spec) *string { return &s.Image }, "the program", func(s *spec) *[]string { return &s.Argv }),
		Keys: []bind.Key[spec]{
			bind.K("name", bind.String, "its name", func(s *spec) *string { return &s.Name }),
			bind.K("network", bind.OneOf("bridge", "none", "host"), "which network", func(s *spec) *string { return &s.Network }),
		},
	}
	module := &bind.Module{Name: "containers", Doc: "Boxes.", Funcs: []*bind.Func{
		bind.Func1("run", "Run one.", bind.Options(options), bind.Returns(k.Kind(), "it"), func(context.Context, spec) (int, error) { return 0, nil }).With(`containers.run{ "box" }`),
		bind.Func1("get", "Get one.", bind.Req("container", k.Kind(), "which"), bind.Returns(k.Kind(), "it"), func(_ context.Context, n int) (int, error) { return n, nil }),
		bind.Func1("list", "List.", bind.Opt("filter", k.Filter().Kind(), bind.Select[int]{}, "which"), bind.Returns(k.List(), "them"), func(context.Context, bind.Select[int]) ([]int, error) { return nil, nil }),
	}}
	return []*bind.Module{module}, []bind.ClassDoc{bind.Describe(k), bind.Describe(bind.ErrorClass())}
}

func TestHelp(t *testing.T) {
	modules, classes := declared()
	want := `containers.run{ image, argv…, name?, network? } -> Container
  Run one.
    image    the image (Container|string; must be given)
    argv     the program (string[])
    name     its name (string)
    network  which network ("bridge"|"none"|"host"; default "bridge")
  returns it
  for example:
    containers.run{ "box" }
`
	if got := page.Func("containers", modules[0].Members()[0]); got != want {
		t.Errorf("%s", got)
	}
	for word, want := range map[string]string{
		"containers": "containers: Boxes.", "Container": "facts", "containers.run": "Run one.", "Container:stop": "Stop it.", "Container.state": "what it does",
		"containers.run.network": "which network", "busy": "Somebody uses", "E:busy": "used_by", "list:where": "a filter or a function keeps", "Error": "kind partial", "list": "group_by", "error.hint": "the way out",
	} {
		if got, ok := page.Named(word, modules, classes); !ok || !strings.Contains(got, want) {
			t.Errorf("%s: %q", word, got)
		}
	}
	if _, ok := page.Named("nothing", modules, classes); ok {
		t.Error("nothing is something")
	}
	if got := page.Overview(modules, classes); !strings.Contains(got, "containers   Boxes.") {
		t.Error(got)
	}
}

func TestComplete(t *testing.T) {
	modules, classes := declared()
	env := page.Env{
		Modules: modules, Classes: classes, Globals: []string{"c", "l", "print", "s", "string", "conf", "ipairs", "_G"},
		ClassOf: func(v string) string {
			return map[string]string{"c": "Container", "l": "Container[]", "s": "string"}[v]
		},
		Keys: func(path string) []string {
			return map[string][]string{"string": {"format(", "rep("}, "conf": {"log", "dir"}, "conf.log": {"level"}}[path]
		},
		Names:   func(noun string) []string { return map[string][]string{"container": {"web", "db"}}[noun] },
		Files:   func(prefix string) []string { return []string{prefix + "file", prefix + "dir/"} },
		Library: []string{"cleanup", "cli.args"},
	}
	for line, want := range map[string]string{
		"cont": "containers", "containers.": "get( list( run{", "containers.r": "run{", "c.": "size state", "c:": "stop()", "x = c.s": "size state",
		"l:st": "stop()", "l:wh": "where(", "c.state.": "", "_": "_G", "whi": "while", "-- cont": "",
		// what calls return
		`containers.get("web"):`: "stop()", `containers.run{ "box" }.`: "size state", `containers.list()[1]:`: "stop()", `containers.list():where{}:so`: "sort(",
		`l:first():`: "stop()", `c:stop():s`: "stop()", `(c):s`: "stop()", `nothing():s`: "",
		// what the lines before say
		"x = containers.get('web')\nx:": "stop()", "for _, b in ipairs(containers.list()) do b:": "stop()", "l:map(function(b) return b.": "size state",
		"local y = l[2]; y.s": "size state",
		// options
		`containers.run{ n`: "name =  network = ", `containers.run{ name = "x", n`: "network = ", `containers.run{ `: "name =  network = ", `containers.run{ "box", `: "name =  network = ",
		`containers.run({ na`: "name = ", `containers.run{ pri`: "print", `containers.list{ unless = { st`: "state = ", `f{ n`: "nil not",
		// their values
		`containers.run{ network = `: `"bridge" "host" "none"`, `containers.run{ network = "`: "bridge host none", `containers.run{ network = "n`: `none"`, `containers.run{ network = 'n`: "none'",
		`containers.list{ state = "r`: `running"`, `containers.list{ state = { "running", "e`: `exited"`, `containers.list{ unless = { state = "r`: `running"`,
		// names of live objects
		`containers.get("`: "db web", `containers.get("w`: `web"`, `containers.get("web", "`: "dir/ file", `containers.get"w`: `web"`, `containers.get(`: `"db" "web"`,
		`containers.run{ "w`: `web"`, `containers.run{ "web", "/e`: "/edir/ /efile",
		// facts
		`l:sort("st`: `state"`, `l:sort("state", "d`: `desc"`, `l:pluck("`: "size state", `l:table("size", "s`: "size state",
		// what has no declaration
		`fs.read("/e`: "/edir/ /efile", "string.f": "format(", "s:r": "rep(", "conf.": "dir log", "conf.log.l": "level", `require "c`: "cleanup cli.args", `require("cle`: `cleanup"`,
		`t["`: "", `[[`: "dir/ file",
	} {
		head, words, tail := page.Complete(line, len([]rune(line)), env)
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s: %q, want %q (head %q)", line, got, want, head)
		}
		if !strings.HasPrefix(line, head) || tail != "" {
			t.Errorf("%s: head %q, tail %q", line, head, tail)
		}
	}
	if _, words, _ := page.Complete(`containers.get("w")`, 17, env); !slices.Equal(words, []string{"web"}) {
		t.Error(words, "though the string is closed already")
	}
	if head, words, tail := page.Complete("é = cont.x", 8, env); head != "é = " || !slices.Equal(words, []string{"containers"}) || tail != ".x" {
		t.Error(head, words, tail)
	}
}
