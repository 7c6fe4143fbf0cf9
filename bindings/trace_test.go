package bindings_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// everyVerb is all that a script can change, in a plan.
const everyVerb = `
local web, old, data = containers.get("web"), containers.get("old"), volumes.get("data")
plan = system.plan(function()
  print(containers.list(), containers.table(), images.list(), volumes.list(), networks.list(), ports.list(), system.info())
  web:inspect() web:top() web:freezer() web:logs() web:format("{{.Id}}")
  web:pause():unpause():pause{ lease = "1s" }:unpause()
  web:while_paused(function() web:protect():unprotect() end)
  web:exec{ "true" } web:spawn{ "true" }:wait() web:update{ pids_limit = 20, restart = "always" }
  web:rename("shop"):stop():start():restart():kill():wait()
  old:start():wait() old:remove{ force = true, volumes = true }
  containers.create{ "box", "true", volume = { "new:/new", "/anonymous" }, publish = "80" }:start{ attach = true }
  local c = containers.run{ "box", "sleep", "1", name = "new", network = networks.create("back") }
  containers.once{ "box", "true" }
  c:remove{ force = true } networks.get("back"):remove()
  containers.prune() volumes.prune{ all = true } networks.prune()
  volumes.create("more"):protect():unprotect() volumes.get("more"):rename("less") volumes.get("less"):remove()
  images.pull("127.0.0.1:1/absent") images.save("box", "/nowhere/file") images.push("box")
  images.import(arg[1]):tag("planned:1") images.load(arg[1])
  images.get("box"):tag("other") images.get("other"):untag("other")
  fs.mkdir("/nowhere") fs.write("/nowhere/x", "x") fs.remove("/nowhere", { recursive = true }) fs.tempdir()
  exec{ "touch", "/nowhere" } http.request("http://127.0.0.1:1/", { method = "POST" })
  images.remove("box", { force = true }) images.prune{ all = true }
  scope(function() containers.create{ "127.0.0.1:1/absent", "true" } end)
  defer(function() volumes.create("late") end)
end)
for _, write in ipairs{
  function() io.open(arg[1], "w") end, function() os.remove(arg[1]) end, function() os.tmpname() end, function() io.output(arg[1]) end,
} do
  local _, err = try(system.plan, write)
  assert(err and err.kind == "unsupported", tostring(err))
end
assert(#plan > 50, #plan)
`

// TestPlanLeavesNoTrace compares all files of the root and what is in the kernel
// before and after a plan of every verb.
func TestPlanLeavesNoTrace(t *testing.T) {
	r := open(t)
	defer r.clear()
	r.must("furnish", `containers.run{ "box", "sleep", "600", name = "web", volume = "data:/data", publish = "80", rm = false }
containers.create{ "box", "true", name = "old", volume = "/anonymous" }:start():wait()
networks.create("street") containers.list() containers.list()`)
	tar := rootfs(t)
	before := traces(t, r.root)
	if err := r.h.RunString(t.Context(), "every verb", everyVerb, []string{tar}); err != nil {
		t.Fatal(r.h.Explain(err))
	}
	after := traces(t, r.root)
	for name, was := range before {
		if is := after[name]; is != was {
			t.Errorf("%s was %s and is %s", name, was, is)
		}
		delete(after, name)
	}
	for name := range after {
		t.Errorf("%s is new", name)
	}
}

// traces is every file of a root, and the cgroups, links, mounts and rules of
// the host.
func traces(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, root, all, true)
	groups, err := filepath.Glob("/sys/fs/cgroup/*/neap*")
	if err != nil {
		t.Fatal(err)
	}
	flat, _ := filepath.Glob("/sys/fs/cgroup/neap*")
	for _, g := range append(groups, flat...) {
		walk(t, g, all, false)
	}
	links, err := os.ReadDir("/sys/class/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		all["link "+l.Name()] = "there"
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	all["mounts"] = string(mounts)
	if rules, err := exec.Command("iptables-save").Output(); err == nil {
		var lines []string
		for line := range strings.Lines(string(rules)) {
			if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ":") { // those count packets
				lines = append(lines, line)
			}
		}
		all["rules"] = strings.Join(lines, "")
	}
	return all
}

func walk(t *testing.T, root string, all map[string]string, files bool) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !files {
			if d.IsDir() {
				all[path] = "cgroup"
			}
			return nil
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		text := fmt.Sprintf("inode %d mode %o size %d links %d changed %d.%d", st.Ino, st.Mode, st.Size, st.Nlink, st.Ctim.Sec, st.Ctim.Nsec)
		if d.Type().IsRegular() {
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(body)
			text += " " + hex.EncodeToString(sum[:8])
		}
		all[path] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
