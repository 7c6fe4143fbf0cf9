package firewall

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"neap/runtime/fault"
	"neap/runtime/testenv"
)

const here = "NEAP_TEST_NETNS"

// TestMain runs the tests in a network namespace of their own, so that the
// machine's rules stay untouched.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 || os.Getenv(here) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), here+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		os.Exit(1)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	back   = Bridge{"npback", netip.MustParsePrefix("172.30.0.0/20"), false}
	sealed = Bridge{"npsealed", netip.MustParsePrefix("172.30.16.0/20"), true}
)

func wall(t testing.TB, tag string) *Firewall {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	f := Open(Options{Tag: tag})
	t.Cleanup(func() {
		if err := f.Purge(context.Background()); err != nil {
			t.Error(err)
		}
	})
	must(t, f.Base(context.Background(), []Bridge{back, sealed}))
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func some(n int, ip string) []Rule {
	var rules []Rule
	for i := range n {
		rules = append(rules, Rule{
			Container: fmt.Sprintf("%064x", i), Protocol: "tcp", HostIP: netip.MustParseAddr(ip),
			HostPort: uint16(10000 + i), ContainerIP: netip.AddrFrom4([4]byte{172, 30, 1, byte(i)}), ContainerPort: 80,
		})
	}
	return rules
}

func listed(t testing.TB, f *Firewall, want int) {
	t.Helper()
	rules, err := f.List(context.Background())
	if err != nil || len(rules) != want {
		t.Helper()
		t.Errorf("%d rules, want %d: %v", len(rules), want, err)
	}
}

func tool(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("/usr/sbin/iptables", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("iptables %v: %s", args, out)
	}
	return string(out)
}

// dump is the rules without counters and times.
func dump(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("/usr/sbin/iptables-save").Output()
	must(t, err)
	var rows []string
	for row := range strings.Lines(string(out)) {
		if !strings.HasPrefix(row, "#") {
			row, _, _ = strings.Cut(row, " [")
			rows = append(rows, strings.TrimSpace(row))
		}
	}
	return strings.Join(rows, "\n")
}

func TestBatch(t *testing.T) {
	f := wall(t, "aaaa0001")
	ctx := context.Background()
	rules := append(some(200, "0.0.0.0"), some(1, "127.0.0.1")...)
	start := time.Now()
	must(t, f.Publish(ctx, rules))
	t.Log(len(rules), "published in", time.Since(start))
	listed(t, f, 201)
	before := dump(t)
	must(t, f.Publish(ctx, rules))
	if f.seen == nil {
		t.Error("the kernel is read again although nobody changed it")
	}
	if dump(t) != before {
		t.Error("publishing twice changes something")
	}
	start = time.Now()
	must(t, f.Withdraw(ctx, rules))
	t.Log(len(rules), "withdrawn in", time.Since(start))
	listed(t, f, 0)
	must(t, f.Withdraw(ctx, rules))
}

// TestFlushed is F39: flushes of some or all chains, in every order of what is
// left, mended by the next change; foreign rules stay.
func TestFlushed(t *testing.T) {
	f := wall(t, "aaaa0002")
	ctx := context.Background()
	tool(t, "-N", "DOCKER")
	tool(t, "-A", "DOCKER", "-p", "tcp", "--dport", "99", "-j", "DROP")
	t.Cleanup(func() { tool(t, "-F", "DOCKER"); tool(t, "-X", "DOCKER") })
	rules := append(some(3, "127.0.0.1"), some(3, "0.0.0.0")...)
	must(t, f.Publish(ctx, rules[:5]))
	must(t, f.Publish(ctx, rules))
	whole := sorted(dump(t))
	for _, flush := range [][]string{{"-F", "FORWARD"}, {"-t", "nat", "-F"}, {"-t", "raw", "-F"}, {"-t", "nat", "-F", "NEAP-aaaa0002-PORTS"}, {"-D", "NEAP-aaaa0002-INTO", "1"}} {
		tool(t, flush...)
		must(t, f.Publish(ctx, nil))
		if now := sorted(dump(t)); now != whole {
			t.Errorf("after iptables %v:\n%s\nwant\n%s", flush, now, whole)
		}
	}
	for _, table := range []string{"raw", "filter", "nat"} {
		tool(t, "-t", table, "-F")
		tool(t, "-t", table, "-X")
	}
	tool(t, "-N", "DOCKER")
	tool(t, "-A", "DOCKER", "-p", "tcp", "--dport", "99", "-j", "DROP")
	must(t, f.Publish(ctx, nil))
	if now := sorted(dump(t)); now != strings.ReplaceAll(whole, ":NEAP-CLOSED -\n", "") {
		t.Errorf("after flushing all:\n%s\nwant\n%s", now, whole)
	}
	tool(t, "-P", "FORWARD", "ACCEPT")
}

func sorted(text string) string {
	rows := strings.Split(text, "\n")
	// The order of port rules says nothing, that of our fixed chains all.
	var ports, rest []string
	for _, row := range rows {
		if strings.Contains(row, "PORTS -") || strings.Contains(row, "LOOPBACK -") || strings.HasPrefix(row, ":") {
			ports = append(ports, row)
		} else {
			rest = append(rest, row)
		}
	}
	slices.Sort(ports)
	return strings.Join(append(ports, rest...), "\n")
}

// TestRepair is a keeper that knows what should be there and one look at what
// is there.
func TestRepair(t *testing.T) {
	f := wall(t, "aaaa0003")
	ctx := context.Background()
	rules := some(4, "127.0.0.1")
	must(t, f.Publish(ctx, rules))
	g := Open(Options{Tag: "aaaa0003"})
	added, deleted, err := g.Repair(ctx, []Bridge{back}, rules[1:])
	if err != nil || added != 0 || deleted != 1 {
		t.Error(added, deleted, err)
	}
	tool(t, "-t", "nat", "-F")
	added, deleted, err = g.Repair(ctx, []Bridge{back}, rules[2:])
	if err != nil || added != 2 || deleted != 1 {
		t.Error(added, deleted, err)
	}
	if strings.Contains(dump(t), "npsealed") {
		t.Error("the rules of a bridge that is no more stay")
	}
	listed(t, g, 2)
	f.bridges = []Bridge{back}
}

// TestTwoRoots is two roots that do not disturb each other.
func TestTwoRoots(t *testing.T) {
	a := wall(t, "aaaa0004")
	before := dump(t)
	b := wall(t, "")
	ctx := context.Background()
	must(t, b.Publish(ctx, some(2, "0.0.0.0")))
	listed(t, a, 0)
	must(t, b.Purge(ctx))
	if now := dump(t); now != before {
		t.Errorf("another root's purge left\n%s\nof\n%s", now, before)
	}
}

// TestTogether is several processes that publish at the same time.
func TestTogether(t *testing.T) {
	f := wall(t, "aaaa0005")
	rules := some(12, "0.0.0.0")
	var wg sync.WaitGroup
	for i := range rules {
		wg.Go(func() {
			other := Open(Options{Tag: "aaaa0005"})
			if err := other.Publish(context.Background(), rules[i:i+1]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	listed(t, f, len(rules))
}

func TestRefuses(t *testing.T) {
	f := wall(t, "aaaa0006")
	ctx := context.Background()
	good := some(1, "0.0.0.0")[0]
	for name, spoil := range map[string]func(*Rule){
		"container": func(r *Rule) { r.Container = "a\n-F" },
		"base":      func(r *Rule) { r.Container = "base" },
		"protocol":  func(r *Rule) { r.Protocol = "tcp -j ACCEPT" },
		"port":      func(r *Rule) { r.HostPort = 0 },
		"address":   func(r *Rule) { r.ContainerIP = netip.Addr{} },
		"IPv6":      func(r *Rule) { r.HostIP = netip.IPv6Loopback() },
	} {
		bad := good
		spoil(&bad)
		if err := f.Publish(ctx, []Rule{bad}); !fault.Is(err, fault.Invalid, fault.Unsupported) {
			t.Error(name, err)
		}
	}
	if err := f.Base(ctx, []Bridge{{Name: "a -j ACCEPT", Subnet: back.Subnet}}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.Publish(gone, []Rule{good}); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
	listed(t, f, 0)
	must(t, f.Publish(ctx, nil))
	listed(t, f, 0)
}

// TestIdle is a keeper that starts on a host where no container ever ran.
func TestIdle(t *testing.T) {
	needsRoot(t)
	before := dump(t)
	f := Open(Options{Tag: "aaaa000a"})
	added, deleted, err := f.Repair(context.Background(), []Bridge{back}, nil)
	if err != nil || added != 0 || deleted != 0 || dump(t) != before {
		t.Error(added, deleted, err, dump(t))
	}
}

// TestAgain is a container that is started again at once with the address it
// had, so that its rules are to be added and wait for removal.
func TestAgain(t *testing.T) {
	f := wall(t, "aaaa000b")
	rules := some(2, "127.0.0.1")
	must(t, f.Publish(context.Background(), rules))
	must(t, f.Apply(context.Background(), Change{Add: rules[:1], Del: rules}))
	listed(t, f, 1)
	must(t, f.Publish(context.Background(), nil))
	listed(t, f, 1)
}

func TestDockerUser(t *testing.T) {
	needsRoot(t)
	tool(t, "-N", "DOCKER-USER")
	tool(t, "-A", "FORWARD", "-j", "DOCKER-USER")
	t.Cleanup(func() {
		tool(t, "-D", "FORWARD", "-j", "DOCKER-USER")
		tool(t, "-X", "DOCKER-USER")
	})
	t.Run("in use", func(t *testing.T) {
		f := wall(t, "aaaa0007")
		if got := tool(t, "-S", "DOCKER-USER"); !strings.Contains(got, "-j NEAP-aaaa0007-FORWARD") {
			t.Error(got)
		}
		must(t, f.Purge(context.Background()))
		if got := tool(t, "-S", "DOCKER-USER"); strings.Contains(got, "NEAP") {
			t.Error(got)
		}
	})
}

func needsRoot(t *testing.T) {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
}

func TestGeneration(t *testing.T) {
	f := wall(t, "aaaa0008")
	if !f.tools.nft {
		t.Skip("this iptables is not on nf_tables")
	}
	before := generation()
	if before == 0 || generation() != before {
		t.Error("the generation of the rules cannot be told:", before)
	}
	tool(t, "-P", "FORWARD", "ACCEPT")
	tool(t, "-P", "FORWARD", "DROP")
	if generation() == before {
		t.Error("a change leaves the generation at", before)
	}
}

func TestNames(t *testing.T) {
	n := namesOf("0123abcd")
	fixed, ports := n.chains()
	for _, c := range append(fixed, ports...) {
		if len(c.name) > 28 {
			t.Error(c.name, "is too long")
		}
	}
	r := some(1, "127.0.0.1")[0]
	if got, ok := n.parse(n.comments(r)); !ok || got != r {
		t.Error(got, ok)
	}
	for _, comment := range []string{"", "neap:other:x:tcp/0.0.0.0/1/1.2.3.4/1", n.comment + "x", n.comment + "x:tcp/0.0.0.0/99999/1.2.3.4/1"} {
		if got, ok := n.parse(comment); ok {
			t.Error(comment, got)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	f := wall(b, "aaaa0009")
	rules := some(250, "0.0.0.0")
	i := 0
	for b.Loop() {
		r := rules[i%len(rules)]
		r.HostPort += uint16(i / len(rules) * 300)
		must(b, f.Publish(context.Background(), []Rule{r}))
		i++
	}
}
