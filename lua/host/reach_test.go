package host

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"neap/lua/bind"
)

var update = flag.Bool("update", false, "write testdata/reachable.txt anew")

// TestReachable holds what a script finds from its globals to the list that is
// documented: nothing slips in with a new gopher-lua.
func TestReachable(t *testing.T) {
	var out bytes.Buffer
	h := newHost(t, &out, Options{})
	err := h.RunString(context.Background(), "t.lua", `
		local seen, all = {}, {}
		local function walk(path, t)
			if seen[t] then return end
			seen[t] = true
			for k, v in pairs(t) do
				local name = path .. tostring(k)
				table.insert(all, name .. " " .. type(v))
				if type(v) == "table" and name ~= "arg" and name ~= "_G" and name ~= "package.loaded" and name ~= "scripts" then walk(name .. ".", v) end
			end
		end
		walk("", _G)
		for name, m in pairs(package.loaded) do assert(m == _G[name], name) end
		table.sort(all)
		print(table.concat(all, "\n"))`, nil)
	if err != nil {
		t.Fatal(h.Explain(err))
	}
	const file = "testdata/reachable.txt"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(string(want), "\n")
	for _, line := range strings.Split(out.String(), "\n") {
		if !strings.Contains(string(want), line+"\n") {
			t.Errorf("%s is not in the list", line)
		}
	}
	if got := strings.Count(out.String(), "\n"); got != len(known)-1 {
		t.Errorf("%d names are reachable, %d are listed", got, len(known)-1)
	}
}

// TestTricks protects what belongs to neap from scripts that mean well, and each
// script from the one before.
func TestTricks(t *testing.T) {
	for _, src := range []string{
		`local b = shelf.get("a") assert(getmetatable(b) == false or getmetatable(b) == nil)`,
		`assert(not pcall(setmetatable, shelf, {}))`,
		`local b = shelf.get("a") assert(not debug.getmetatable(b)) assert(not pcall(debug.setmetatable, b, {}))`,
		`assert(not debug.getmetatable(shelf)) assert(not pcall(debug.setmetatable, shelf, {}))`,
		`assert(not pcall(function() shelf.get = nil end)) assert(shelf.get)`,
		`assert(not pcall(rawset, shelf, "get", nil)) assert(shelf.get)`,
		`assert(not pcall(setfenv, shelf.get, {})) assert(shelf.get("a"))`,
		`setfenv(1, { shelf = shelf }) shelf.get("a")`,
		`assert(debug.getupvalue(shelf.get, 1) == nil)`,
		`assert(io.popen and not pcall(io.popen, "true")) assert(not pcall(os.execute, "true")) assert(not pcall(os.setenv, "A", "b"))`,
		`assert(not pcall(string.dump, print) and not loadstring("\27Lua") and _printregs == nil and channel == nil and package.loadlib == nil)`,
		`string, table, print, pcall, error = nil getmetatable("").__index = nil`,
		`assert(("x"):upper() == "X" and string.format and table.concat and pcall(print))`,
	} {
		var out bytes.Buffer
		h := newHost(t, &out, Options{Modules: []*bind.Module{shelf()}})
		if err := h.RunString(context.Background(), "t.lua", src, nil); err != nil {
			t.Errorf("%s: %s", src, h.Explain(err))
		}
	}
}
