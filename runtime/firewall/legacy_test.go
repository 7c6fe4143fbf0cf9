package firewall

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-iptables/iptables"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/testenv"
)

// legacy is a firewall on the older back-end, which has no generations but a
// lock that others may hold.
func legacy(t *testing.T, tag string) *Firewall {
	t.Helper()
	testenv.Root(t)
	const path = "/usr/sbin/iptables-legacy"
	ipt, err := iptables.New(iptables.Path(path), iptables.Timeout(patience))
	if err != nil {
		t.Skip("no iptables-legacy:", err)
	}
	if _, err := ipt.ListChains("nat"); err != nil {
		t.Skip("this kernel has no old tables:", err)
	}
	f := Open(Options{Tag: tag})
	f.ipt, f.tools = ipt, &tools{iptables: path, save: path + "-save", restore: path + "-restore"}
	t.Cleanup(func() {
		if err := f.Purge(context.Background()); err != nil {
			t.Error(err)
		}
		if out, err := exec.Command(path + "-save").Output(); err != nil || strings.Contains(string(out), "NEAP") {
			t.Errorf("left: %s, %v", out, err)
		}
	})
	return f
}

func TestLegacy(t *testing.T) {
	f := legacy(t, "aaaa0010")
	ctx := context.Background()
	must(t, f.Base(ctx, []Bridge{back, sealed}))
	rules := some(5, "127.0.0.1")
	must(t, f.Publish(ctx, rules))
	listed(t, f, 5)
	for _, args := range [][]string{{"-t", "nat", "-F"}, {"-F"}, {"-t", "raw", "-F"}} {
		if out, err := exec.Command(f.tools.iptables, args...).CombinedOutput(); err != nil {
			t.Fatal(string(out), err)
		}
	}
	listed(t, f, 0)
	must(t, f.Withdraw(ctx, rules[4:]))
	listed(t, f, 4)
	g := Open(Options{Tag: "aaaa0010"})
	g.ipt, g.tools = f.ipt, f.tools
	added, deleted, err := g.Repair(ctx, []Bridge{back}, rules[:2])
	if err != nil || added != 0 || deleted != 2 {
		t.Error(added, deleted, err)
	}
}

// TestLockHeld is F39's foreign holder of the lock of the tables.
func TestLockHeld(t *testing.T) {
	f := legacy(t, "aaaa0011")
	must(t, f.Base(context.Background(), []Bridge{back}))
	lock, err := os.OpenFile("/run/xtables.lock", os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := f.Publish(ctx, some(1, "0.0.0.0")); !fault.Is(err, fault.Timeout) {
		t.Error("the lock is held, yet:", err)
	}
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_UN))
	listed(t, f, 0)
	must(t, f.Publish(context.Background(), some(1, "0.0.0.0")))
	listed(t, f, 1)
}
