package network

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"neap/runtime/firewall"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

const victim = "NEAP_TEST_VICTIM"

// TestVictim is no test: TestKilled starts it and kills it while it attaches.
func TestVictim(t *testing.T) {
	root := os.Getenv(victim)
	if root == "" {
		t.Skip("only for TestKilled")
	}
	s, err := store.Open(root)
	must(t, err)
	n, err := Open(Options{Store: s, Firewall: firewall.Open(firewall.Options{Tag: s.Tag})})
	must(t, err)
	for i := 0; ; i++ {
		o := AttachOptions{Network: "small", Container: fmt.Sprint(os.Getpid(), "-", i), NetNS: namespace(t)}
		e, err := n.Attach(context.Background(), o)
		must(t, err)
		fmt.Println("attached")
		must(t, n.Disconnect(context.Background(), e))
	}
}

// TestKilled is the second half of F21: a process that joins and leaves is
// killed again and again in the middle of it, and a sweep finds all.
func TestKilled(t *testing.T) {
	w := host(t)
	ctx := context.Background()
	_, err := w.Create(ctx, "small", CreateOptions{})
	must(t, err)
	for range 25 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestVictim$")
		cmd.Env = append(os.Environ(), victim+"="+root(w))
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		must(t, err)
		timer := time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		_, err = w.Sweep(ctx, func(string) bool { return false })
		must(t, err)
		used, err := w.UsedBy(ctx, "small")
		if err != nil || len(used) != 0 {
			t.Fatal(used, err)
		}
		w.member(t, "small", "after") // no lock is left held
	}
	testenv.Eventually(t, 5*time.Second, func() bool {
		_, err := w.Sweep(ctx, func(string) bool { return false })
		must(t, err)
		links, err := w.Links(ctx)
		must(t, err)
		return len(links) == 1
	}, "links other than the bridge stay")
	must(t, w.Remove(ctx, "small"))
}

func root(w world) string { return w.store.Lib.Join("..") }
