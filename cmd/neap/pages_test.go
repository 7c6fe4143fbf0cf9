package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"neap/lua/bind"
	"neap/lua/page"
)

// documented is the surface as a caller has it.
func documented(t *testing.T) (*session, []*bind.Module, []bind.ClassDoc) {
	t.Helper()
	s, err := open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s, s.host.State().Modules(), s.host.State().Classes()
}

// TestPagesAreCurrent compares what is committed with the declarations.
func TestPagesAreCurrent(t *testing.T) {
	_, modules, classes := documented(t)
	for dir, pages := range map[string][]page.File{
		"../../docs/reference": page.Reference(modules, classes),
		"../../scripts/meta":   page.Annotations(modules, classes),
	} {
		left := map[string]bool{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			left[e.Name()] = true
		}
		for _, p := range pages {
			have, err := os.ReadFile(filepath.Join(dir, p.Name))
			if err != nil || string(have) != p.Text {
				t.Errorf("%s/%s is out of date (%v): make generate", dir, p.Name, err)
			}
			delete(left, p.Name)
		}
		for name := range left {
			t.Errorf("%s/%s belongs to nothing: make generate", dir, name)
		}
	}
}

// TestEverythingHasAPage looks for each function, option and fact in the
// reference and in the annotations.
func TestEverythingHasAPage(t *testing.T) {
	_, modules, classes := documented(t)
	text := func(files []page.File) string {
		var all strings.Builder
		for _, f := range files {
			all.WriteString(f.Text)
		}
		return all.String()
	}
	pages, notes := text(page.Reference(modules, classes)), text(page.Annotations(modules, classes))
	wants := func(in, what string) {
		if !strings.Contains(in, what) {
			t.Errorf("nothing says %q", what)
		}
	}
	function := func(owner string, f *bind.Func) {
		wants(pages, "\n## "+f.Title(owner)+"\n")
		wants(notes, "function "+f.Title(owner)+"(")
		for _, p := range f.Params {
			for _, k := range p.Keys {
				wants(pages, "| `"+k.Name)
			}
		}
	}
	for _, m := range modules {
		for _, f := range m.Members() {
			function(m.Name, f)
		}
	}
	for _, c := range classes {
		for _, f := range c.Methods {
			function(c.Name, f)
		}
		for _, f := range c.Fields {
			wants(notes, "---@field "+f.Name+" ")
			wants(pages, "| `"+f.Name+"` |")
		}
	}
}

// TestEverythingIsExplainedAndCompleted asks for help on each function, option
// and fact, and types the beginning of each.
func TestEverythingIsExplainedAndCompleted(t *testing.T) {
	s, modules, classes := documented(t)
	explained := func(name, want string) {
		if got := s.host.HelpOn(name); !strings.Contains(got, want) {
			t.Errorf("help on %s: %s", name, got)
		}
	}
	completed := func(line, want string) {
		if _, words, _ := s.host.Complete(line, len([]rune(line)), nil, nil); !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, want) }) {
			t.Errorf("after %s comes %q, without %s", line, words, want)
		}
	}
	options := func(title string, f *bind.Func) {
		for _, p := range f.Params {
			for _, k := range p.Keys {
				if !k.Listed {
					explained(title+"."+k.Name, k.Doc)
					completed(title+"{ "+k.Name[:1], k.Name)
				}
			}
		}
	}
	for _, m := range modules {
		for _, f := range m.Members() {
			title := f.Title(m.Name)
			explained(title, f.Doc)
			completed(title[:len(title)-1], title[len(m.Name):][min(1, len(m.Name)):])
			options(title, f)
		}
	}
	for _, c := range classes {
		for _, f := range c.Methods {
			explained(f.Title(c.Name), f.Doc)
		}
		for _, f := range c.Fields {
			explained(c.Name+"."+f.Name, f.Doc)
		}
	}
}

// TestOptionsHaveOneShape refuses two tables of options with one name.
func TestOptionsHaveOneShape(t *testing.T) {
	_, modules, classes := documented(t)
	shapes := map[string]string{}
	var look func(where string, all []bind.ParamDoc)
	look = func(where string, all []bind.ParamDoc) {
		for _, p := range all {
			if len(p.Keys) == 0 {
				continue
			}
			shape := where + fmt.Sprint(p.Keys)
			if first, known := shapes[p.Type]; known && !strings.HasSuffix(first, fmt.Sprint(p.Keys)) {
				t.Errorf("%s: two tables of options are called %s", where, p.Type)
			}
			shapes[p.Type] = shape
			look(where, p.Keys)
		}
	}
	for _, m := range modules {
		for _, f := range m.Members() {
			look(f.Title(m.Name), f.Params)
		}
	}
	for _, c := range classes {
		for _, f := range c.Methods {
			look(f.Title(c.Name), f.Params)
		}
	}
}

// TestAnnotationsMakeSense reads the annotations as the language server does:
// they are Lua, every note has its form, and every type is known.
func TestAnnotationsMakeSense(t *testing.T) {
	s, modules, classes := documented(t)
	files := page.Annotations(modules, classes)
	known := map[string]bool{}
	for _, builtin := range strings.Fields("string number integer boolean table function any nil fun") {
		known[builtin] = true
	}
	class := regexp.MustCompile(`(?m)^---@(?:class|alias) (\w+)`)
	for _, f := range files {
		for _, m := range class.FindAllStringSubmatch(f.Text, -1) {
			if known[m[1]] {
				t.Errorf("%s: %s is there twice", f.Name, m[1])
			}
			known[m[1]] = true
		}
	}
	forms := newNotes(known)
	for _, f := range files {
		if err := s.host.RunString(t.Context(), f.Name, "assert(loadstring(arg[1]))", []string{f.Text}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for line := range strings.Lines(f.Text) {
			if wrong := forms.wrong(strings.TrimSuffix(line, "\n")); wrong != "" {
				t.Errorf("%s: %s: %s", f.Name, wrong, line)
			}
		}
	}
}

// notes knows the forms of annotations.
type notes struct {
	note, quote, word *regexp.Regexp
	typed             map[string]*regexp.Regexp // what stands before the type, the type, the rest
	known             map[string]bool
}

func newNotes(known map[string]bool) notes {
	return notes{
		note:  regexp.MustCompile(`^---@(\w+)(?: (.*))?$`),
		quote: regexp.MustCompile(`"[^"]*"`),
		word:  regexp.MustCompile(`\w+(\??:)?`),
		typed: map[string]*regexp.Regexp{
			"param":    regexp.MustCompile(`^(?:\w+\??|\.\.\.) (.+?)(?: # .*)?$`),
			"field":    regexp.MustCompile(`^(?:\w+\??|\[\w+\]) (.+?)(?: # .*)?$`),
			"return":   regexp.MustCompile(`^(.+?)(?: \w+| \.\.\.)?(?: # .*)?$`),
			"overload": regexp.MustCompile(`^fun\((.*)$`),
			"class":    regexp.MustCompile(`^\w+(?:: (.*))?$`),
		},
		known: known,
	}
}

// wrong says what is wrong with a line, or nothing.
func (n notes) wrong(line string) string {
	m := n.note.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	form, ok := n.typed[m[1]]
	if !ok {
		if m[1] == "meta" || m[1] == "alias" {
			return ""
		}
		return "no note of that name"
	}
	parts := form.FindStringSubmatch(m[2])
	if parts == nil {
		return "not the form of such a note"
	}
	for _, w := range n.word.FindAllString(n.quote.ReplaceAllString(parts[1], ""), -1) {
		if !strings.HasSuffix(w, ":") && !n.known[w] {
			return "no type is called " + w
		}
	}
	return ""
}
