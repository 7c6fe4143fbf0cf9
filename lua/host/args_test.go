package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neap/lua/bind"
)

// things is a type of arguments that makes objects.
func things() map[string]func(context.Context, string) (any, error) {
	return map[string]func(context.Context, string) (any, error){"thing": func(_ context.Context, s string) (any, error) {
		if s == "none" {
			return nil, errors.New("there is none")
		}
		return "<" + s + ">", nil
	}}
}

func TestArgs(t *testing.T) {
	const declare = `local opt = args{ about = "back up", { "data", type = "thing", default = "my-data" }, { "--to", type = "path", default = "/srv" },
		{ "--count", type = "integer", short = "n" }, { "--dry-run", short = "d" }, { "--mode", values = { "all", "few" }, default = "all" },
		{ "--color", default = true }, { "--tag", type = "list", short = "t" }, { "--at", type = "number", repeated = true },
		{ "rest", rest = true } }
		print(opt.data, opt.to, opt.count, opt.dry_run, opt.mode, opt.color, table.concat(opt.tag, "+"), #opt.at, table.concat(opt.rest, "+"))`
	for _, c := range []struct {
		args string
		out  string
		code int
	}{
		{"", "<my-data>\t/srv\tnil\tfalse\tall\ttrue\t\t0\t", 0},
		{"web --to /x -n 3 --dry-run --mode=few y z", "<web>\t/x\t3\ttrue\tfew\ttrue\t\t0\ty+z", 0},
		{"--no-color --no-dry-run -dn3 -t a,b --tag=c --at 1 --at -2.5", "<my-data>\t/srv\t3\ttrue\tall\tfalse\ta+b+c\t2\t", 0},
		{"--color=no --dry-run=true w -5", "<w>\t/srv\tnil\ttrue\tall\tfalse\t\t0\t-5", 0},
		{"-- --to", "<--to>\t/srv\tnil\tfalse\tall\ttrue\t\t0\t", 0},
		{"web --count=x", "--count must be an integer, not", 2},
		{"--nope", "no option is called --nope", 2},
		{"--tp /x", "did you mean --to?", 2},
		{"-x", "no option is called -x", 2},
		{"--to", "--to needs a value", 2},
		{"none", "there is none", 2},
		{"--mode al", "must be one of all, few, not \"al\"; did you mean all?", 2},
		{"--dry-run=x", "--dry-run takes no value", 2},
		{"--no-to", "no option is called --no-to", 2},
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Arguments: things()})
		err := h.RunString(context.Background(), "b.lua", declare, strings.Fields(c.args))
		if got := strings.TrimSuffix(out.String(), "\n"); c.code == 0 && got != c.out || ExitCode(err) != c.code || c.code != 0 && !strings.Contains(err.Error(), c.out) {
			t.Errorf("%q: %q, exit code %d, error %v", c.args, got, ExitCode(err), err)
		}
	}
	var out bytes.Buffer
	h := newHost(t, &out, Options{Arguments: things()})
	if err := h.RunString(context.Background(), "b.lua", declare+` error("not run")`, []string{"--help"}); err != nil || !strings.HasPrefix(out.String(), "usage: b.lua [data]") {
		t.Errorf("%q %v", out.String(), err)
	}
}

// TestArgsRefused tells who declares wrongly, or asks for what is not declared.
func TestArgsRefused(t *testing.T) {
	for src, want := range map[string]string{
		`local opt = args{ { "--dry-run" } } return opt.dry_rnu`:    `did you mean "dry_run"`,
		`args{ { "--to", required = true } }`:                       "--to is missing",
		`args{ { "data" } }`:                                        "data is missing",
		`args{ { "data", type = "thin" } }`:                         `no type is called "thin"; did you mean thing?`,
		`args{ { "data", tipe = "thing" } }`:                        `no key "tipe"; did you mean type?`,
		`args{ { "data", type = "choice" } }`:                       "data needs its choices",
		`args{ { "a" }, { "--a" } }`:                                "--a is declared twice",
		`shelf.get("a") args{ { "--a" } }`:                          "args: it comes before any other call of neap, and shelf.get came first",
		`local ok, err = pcall(args, { { "--a" } }) return args{1}`: "each argument is a table",
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Arguments: things(), Modules: []*bind.Module{shelf()}})
		if err := h.RunString(context.Background(), "b.lua", src, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// TestAsk runs a script up to its args and no further.
func TestAsk(t *testing.T) {
	dir := t.TempDir()
	for src, want := range map[string]string{
		`local opt = args{ { "data", type = "thing" }, { "--to", short = "t", type = "path", repeated = true }, { "--dry" } } shelf.get("a") print("no")`: "data thing,--to path,--dry flag,",
		`print("never run")`:              "",
		`shelf.get("a") args{ { "--a" }}`: "error",
		`os.remove("x") args{ { "--a" }}`: "error",
		`io.open("x", "w") args{}`:        "error",
		`x = = 1`:                         "error",
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Arguments: things(), Modules: []*bind.Module{shelf()}})
		file := filepath.Join(dir, "a.lua")
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := h.Ask(context.Background(), file)
		got := ""
		for _, a := range all {
			got += a.Name + " " + a.Kind + ","
		}
		if err != nil {
			got = "error"
		}
		if got != want || out.Len() > 0 {
			t.Errorf("%s: %q %q %v", src, got, out.String(), err)
		}
	}
}
