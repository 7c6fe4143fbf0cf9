package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"neap/runtime/testenv"
	"neap/runtime/warden"
)

// TestMain lets this test binary be neap: in scripts, and as the warden and
// keeper that such a neap starts from /proc/self/exe.
func TestMain(m *testing.M) {
	switch os.Args[0] {
	case warden.Role, warden.KeeperRole, limitedRole:
		main()
	}
	testscript.Main(m, map[string]func(){"neap": main})
}

// TestScripts runs testdata/script/*.txtar, each on a root of its own. The
// condition [root] holds where containers can be made.
func TestScripts(t *testing.T) {
	work := ""
	if os.Geteuid() == 0 {
		testenv.Clean(t)
		work = testenv.Dir(t)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", WorkdirRoot: work, Setup: furnish,
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, nil
		},
	})
}

// furnish gives a script a root, and a home that root can trust: below /tmp it
// could not.
func furnish(env *testscript.Env) error {
	where := env.WorkDir
	if os.Geteuid() == 0 {
		where = "/run"
	}
	home, err := os.MkdirTemp(where, "neap-home-")
	if err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("NEAP_ROOT", filepath.Join(env.WorkDir, "root"))
	env.Defer(func() {
		clear(env)
		if err := os.RemoveAll(home); err != nil {
			env.T().Log("clear:", err)
		}
	})
	return nil
}

// clear removes what a script left in its root, and waits for its keeper to go.
func clear(env *testscript.Env) {
	clearRoot(context.Background(), env.Getenv("NEAP_ROOT"), "neap", func(format string, args ...any) {
		env.T().Log(fmt.Sprintf(format, args...))
	})
}

func clearRoot(ctx context.Context, root, neap string, logf func(string, ...any)) {
	if _, err := os.Stat(filepath.Join(root, "lib", "containers")); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, neap, "--root", root, "-e", "containers.list():remove{ force = true }")
	if out, err := cmd.CombinedOutput(); err != nil {
		logf("clear: %s%v", out, err)
	}
	socket := filepath.Join(root, "run", "keeper.sock")
	for deadline := time.Now().Add(linger + 5*time.Second); time.Now().Before(deadline); {
		if _, err := os.Stat(socket); err != nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}
