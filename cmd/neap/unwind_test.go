package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"neap/runtime/testenv"
)

// holding freezes one container and stops another, both of which its end undoes,
// and makes a third in a scope.
const holding = `
local still, idle = containers.get("still"), containers.get("idle")
while true do
  scope(function()
    local brief = containers.create{ "box", "true" }
    defer(function() idle:start() end)
    idle:stop{ timeout = 0 }
    still:while_paused(function() task.map({ 1, 2, 3 }, function() pcall(task.sleep, 0.02) end) end)
  end)
end
`

// TestInterrupted sends a SIGINT, and every fifth time a SIGKILL, at fifty
// instants: what was frozen goes on, what was stopped is started again unless
// the script was killed, and what was made in the scope is gone.
func TestInterrupted(t *testing.T) {
	testenv.Root(t)
	testenv.Clean(t)
	dir := testenv.Dir(t)
	script := filepath.Join(dir, "holding.lua")
	if err := os.WriteFile(script, []byte(holding), 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	neap := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("neap", append([]string{"--root", root}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	t.Cleanup(func() { clearRoot(t.Context(), root, "neap", t.Logf) })
	neap("-e", `for _, name in ipairs{ "still", "idle" } do containers.run{ "box", "sleep", "600", name = name, network = "none" } end`)
	instants := 50
	if testing.Short() {
		instants = 10
	}
	for i := range instants {
		sig := syscall.SIGINT
		if i%5 == 4 {
			sig = syscall.SIGKILL
		}
		cmd := exec.Command("neap", "--root", root, script)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(i) * 4 * time.Millisecond)
		_ = cmd.Process.Signal(sig)
		var ended *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &ended) {
			t.Fatalf("instant %d: %v", i, err)
		}
		if sig == syscall.SIGKILL {
			testenv.Eventually(t, 10*time.Second, func() bool {
				return neap("-e", `print(containers.get("still").state, #containers.list())`) == "running\t2"
			}, "the keeper ends what was killed")
			neap("-e", `containers.get("idle"):start()`)
			continue
		}
		if got := neap("-e", `print(containers.get("still").state, containers.get("idle").state, #containers.list())`); got != "running\trunning\t2" || ended.ExitCode() > 130 {
			t.Errorf("instant %d: %s, %v", i, got, ended)
		}
	}
}
