package bind

import (
	"strings"
	"testing"

	"neap/lua/cells"
)

func TestTablesFitTheWidth(t *testing.T) {
	g := grid{
		head: []string{"NAME", "IMAGE", "STATE", "LABELS"},
		rows: [][]string{
			{"web", "httpd:2.4", "running", "note=база данных, which is long enough to be cut"},
			{"日本", "registry.example.org/team/application:2026", "exited", ""},
		},
	}
	for _, c := range []struct {
		width int
		want  []string // a line each
	}{
		{200, []string{"日本  registry.example.org/team/application:2026  exited"}},
		{70, []string{"NAME  IMAGE", "web   httpd:2.4", "日本  registry.example.org/team…  exited", "note=база данных, which is…"}},
		{40, []string{"NAME  IMAGE                      STATE", "日本  registry.example.org/tea…  exited", "… no room for labels"}},
		{20, []string{"NAME  IMAGE", "日本  registry.exam…", "… no room for state…"}},
	} {
		text := g.fit(c.width)
		for line := range strings.SplitSeq(text, "\n") {
			if cells.Width(line) > c.width {
				t.Errorf("%d columns in %d: %s", cells.Width(line), c.width, line)
			}
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %d columns:\n%s", want, c.width, text)
			}
		}
	}
}
