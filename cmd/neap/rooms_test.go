package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A room is one package of this module as `go list` shows it.
type room struct {
	ImportPath, Dir                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// vendors says which rooms may speak to which library. A library that is absent here may be used anywhere.
func vendors() map[string][]string {
	return map[string][]string{
		"github.com/yuin/gopher-lua":             {"neap/lua"},
		"github.com/peterh/liner":                {"neap/repl"},
		"github.com/vishvananda":                 {"neap/runtime/network"},
		"github.com/coreos/go-iptables":          {"neap/runtime/firewall"},
		"github.com/containerd/cgroups":          {"neap/runtime/cgroup"},
		"github.com/google/go-containerregistry": {"neap/runtime/image"},
		"github.com/elastic/go-seccomp-bpf":      {"neap/runtime/sandbox"},
		"github.com/moby/profiles":               {"neap/runtime/sandbox", "neap/bench"},
		"github.com/goccy/go-yaml":               {"neap/lua/std"},
		"github.com/jedib0t/go-pretty":           {"neap/lua/std"},
		"mvdan.cc/sh":                            {"neap/cmd/box"},
		"github.com/u-root/u-root":               {"neap/cmd/box"},
	}
}

// A wall is what one part of the house must not know, and why.
type wall struct {
	from, not []string
	why       string
}

func walls() []wall {
	nouns := []string{"neap/runtime/container", "neap/runtime/image", "neap/runtime/volume", "neap/runtime/network", "neap/runtime/port"}
	list := []wall{
		{[]string{"neap/runtime"}, []string{"neap/lua", "neap/bindings", "neap/repl", "neap/scripts", "neap/cmd"}, "the workshops know nothing of Lua"},
		{[]string{"neap/lua"}, append(nouns, "neap/runtime/engine", "neap/bindings", "neap/repl", "neap/cmd"), "the hall knows no noun"},
		{[]string{"neap/bindings"}, []string{"neap/repl", "neap/cmd", "neap/lua/host"}, "requests travel inwards"},
		{
			[]string{"neap/runtime/sandbox", "neap/runtime/rootfs", "neap/runtime/cgroup", "neap/runtime/firewall", "neap/runtime/store", "neap/runtime/fault", "neap/runtime/scope"},
			append(nouns, "neap/runtime/engine", "neap/runtime/keeper"), "tools know no noun",
		},
	}
	for _, noun := range nouns {
		others := slices.DeleteFunc(slices.Clone(nouns), func(n string) bool { return n == noun })
		list = append(list, wall{[]string{noun}, append(others, "neap/runtime/engine", "neap/runtime/keeper"), "nouns do not know each other; the engine does"})
	}
	return list
}

func within(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
}

// house lists every package of this module.
func house(t *testing.T) []room {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: it lists the packages")
	}
	c := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "neap/...")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rooms []room
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var r room
		err := d.Decode(&r)
		if errors.Is(err, io.EOF) {
			return rooms
		}
		if err != nil {
			t.Fatal(err)
		}
		rooms = append(rooms, r)
	}
}

func TestWalls(t *testing.T) {
	for _, r := range house(t) {
		for _, w := range walls() {
			if !within(r.ImportPath, w.from) {
				continue
			}
			for _, i := range r.Imports {
				if within(i, w.not) {
					t.Errorf("%s imports %s: %s", r.ImportPath, i, w.why)
				}
			}
		}
	}
}

func TestOneVendorOneRoom(t *testing.T) {
	for _, r := range house(t) {
		for vendor, rooms := range vendors() {
			if within(r.ImportPath, rooms) {
				continue
			}
			imports := r.Imports
			if vendor != "github.com/google/go-containerregistry" { // whose registry any test may fill
				imports = slices.Concat(imports, r.TestImports, r.XTestImports)
			}
			for _, i := range imports {
				if within(i, []string{vendor}) {
					t.Errorf("%s imports %s, which only %v may", r.ImportPath, i, rooms)
				}
			}
		}
	}
}

func TestNoRoomIsCalledLuaOrRuntime(t *testing.T) {
	for _, r := range house(t) {
		if r.ImportPath == "neap/lua" || r.ImportPath == "neap/runtime" {
			t.Errorf("%s holds Go files, and its name would collide with another package's", r.ImportPath)
		}
	}
}

const (
	longestFunction = 80
	longestFile     = 400
)

// TestHouseRules reads the sources: no init functions, sizes, who may print and who may read the environment.
func TestHouseRules(t *testing.T) {
	for _, r := range house(t) {
		for _, name := range r.GoFiles {
			path := filepath.Join(r.Dir, name)
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if n := fset.File(file.Pos()).LineCount(); n > longestFile {
				t.Errorf("%s/%s has %d lines; %d is the ceiling: a noun is missing", r.ImportPath, name, n, longestFile)
			}
			for _, d := range file.Decls {
				checkFunction(t, fset, r, d)
			}
			checkEffects(t, fset, r, file)
		}
	}
}

func checkFunction(t *testing.T, fset *token.FileSet, r room, d ast.Decl) {
	t.Helper()
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Body == nil {
		return
	}
	at := fset.Position(f.Pos())
	if f.Name.Name == "init" && f.Recv == nil {
		t.Errorf("%s:%d: %s has an init function: importing must do nothing", at.Filename, at.Line, r.ImportPath)
	}
	if n := fset.Position(f.End()).Line - at.Line + 1; n > longestFunction {
		t.Errorf("%s:%d: %s has %d lines; %d is the ceiling", at.Filename, at.Line, f.Name.Name, n, longestFunction)
	}
}

func checkEffects(t *testing.T, fset *token.FileSet, r room, file *ast.File) {
	t.Helper()
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := s.X.(*ast.Ident)
		if !ok || pkg.Obj != nil { // a variable of that name
			return true
		}
		call, at := pkg.Name+"."+s.Sel.Name, fset.Position(s.Pos())
		switch call {
		case "fmt.Print", "fmt.Println", "fmt.Printf":
			if !within(r.ImportPath, []string{"neap/cmd", "neap/repl"}) {
				t.Errorf("%s:%d: %s: only cmd and repl print", at.Filename, at.Line, call)
			}
		case "os.Getenv", "os.LookupEnv", "os.Environ":
			if !within(r.ImportPath, []string{"neap/cmd", "neap/runtime/testenv"}) {
				t.Errorf("%s:%d: %s: only cmd reads the environment", at.Filename, at.Line, call)
			}
		}
		return true
	})
}
