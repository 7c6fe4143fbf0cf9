package network

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"neap/runtime/firewall"
)

const lan = "198.51.100.0/24"

func TestPublishedPortIsReachedFromEverywhere(t *testing.T) {
	w := host(t)
	far := neighbour(t, lan)
	web, other := w.member(t, "", "web"), w.member(t, "", "other")
	_, err := w.Create(context.Background(), "back", CreateOptions{})
	must(t, err)
	stranger := w.member(t, "back", "stranger")
	serve(t, web.ns, ":80", "web")
	w.publish(t, web, "0.0.0.0", 8888, 80)
	for _, addr := range []string{"127.0.0.1:8888", "198.51.100.1:8888", web.Gateway.String() + ":8888", web.IP.String() + ":80"} {
		reaches(t, "the host", nil, addr, "web")
	}
	reaches(t, "a neighbour", far, "198.51.100.1:8888", "web")
	for who, ns := range map[string]*os.File{"another member": other.ns, "the container itself": web.ns, "a member of another network": stranger.ns} {
		reaches(t, who, ns, "198.51.100.1:8888", "web")
	}
	reaches(t, "another member", other.ns, web.Gateway.String()+":8888", "web")
	reaches(t, "another member", other.ns, web.IP.String()+":80", "web")
	if got, _ := call(far, "198.51.100.1:8888", time.Second); got != "web 198.51.100.2" {
		t.Error("the neighbour's address is hidden:", got)
	}
}

// TestUnpublished is S43: before, after a flush of the rules, and after repair.
func TestUnpublished(t *testing.T) {
	w := host(t)
	far := neighbour(t, lan)
	web := w.member(t, "", "web")
	serve(t, web.ns, ":80", "web")
	check := func() {
		t.Helper()
		fails(t, "a neighbour", far, web.IP.String()+":80")
		fails(t, "a neighbour", far, "198.51.100.1:80")
	}
	check()
	r := w.publish(t, web, "0.0.0.0", 8888, 80)
	check()
	flush(t)
	check()
	fails(t, "a neighbour", far, "198.51.100.1:8888")
	must(t, w.fw.Publish(context.Background(), nil))
	reaches(t, "a neighbour", far, "198.51.100.1:8888", "web")
	check()
	must(t, w.fw.Withdraw(context.Background(), []firewall.Rule{r}))
	fails(t, "a neighbour", far, "198.51.100.1:8888")
	check()
}

func flush(t *testing.T) {
	t.Helper()
	iptables(t, "-F")
	iptables(t, "-t", "nat", "-F")
}

func iptables(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("/usr/sbin/iptables", args...).CombinedOutput(); err != nil {
		t.Fatalf("iptables %v: %s", args, out)
	}
}

// TestLoopbackOnly is S44 and S46: what is published on an address is reached
// by that address, and no container or neighbour comes to the host's loopback.
func TestLoopbackOnly(t *testing.T) {
	w := host(t)
	far := neighbour(t, lan)
	web, other := w.member(t, "", "web"), w.member(t, "", "other")
	serve(t, web.ns, ":80", "web")
	serve(t, nil, "127.0.0.1:7777", "host")
	w.publish(t, web, "127.0.0.1", 8888, 80)
	w.publish(t, web, "198.51.100.1", 8889, 80)
	// The worst case: everybody may send and take 127/8.
	must(t, tune("ipv4", "lan100", "route_localnet", "1"))
	for _, ns := range []*os.File{far, other.ns} {
		must(t, within(ns, martian))
	}
	check := func() {
		t.Helper()
		reaches(t, "the host", nil, "127.0.0.1:7777", "host")
		fails(t, "the host", nil, "198.51.100.1:8888")
		fails(t, "the host", nil, "127.0.0.1:8889")
		for who, ns := range map[string]*os.File{"a neighbour": far, "a member": other.ns} {
			fails(t, who, ns, "198.51.100.1:8888")
			fails(t, who, ns, "127.0.0.1:8888")
		}
		fails(t, "a member", other.ns, "127.0.0.1:7777")
	}
	check()
	reaches(t, "the host", nil, "127.0.0.1:8888", "web")
	reaches(t, "a neighbour", far, "198.51.100.1:8889", "web")
	reaches(t, "a neighbour, as route_localnet is on for it", far, "127.0.0.1:7777", "host")
	flush(t)
	check()
	must(t, w.fw.Publish(context.Background(), nil))
	check()
	reaches(t, "the host", nil, "127.0.0.1:8888", "web")
}

// martian makes a namespace send 127.0.0.1 to its gateway.
func martian() error {
	if err := tune("ipv4", "eth0", "route_localnet", "1"); err != nil {
		return err
	}
	for _, args := range []string{
		"rule add pref 100 lookup local", "rule del pref 0", "rule add pref 10 to 127.0.0.0/8 iif lo lookup 77",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %s", args, out)
		}
	}
	eth, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	routes, err := netlink.RouteList(eth, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if r.Gw != nil {
			return netlink.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Gw: r.Gw, Table: 77})
		}
	}
	return fmt.Errorf("no gateway in %v", routes)
}

// TestNetworksAreApart is S47.
func TestNetworksAreApart(t *testing.T) {
	w := host(t)
	far := neighbour(t, lan)
	ctx := context.Background()
	_, err := w.Create(ctx, "front", CreateOptions{})
	must(t, err)
	_, err = w.Create(ctx, "sealed", CreateOptions{Internal: true})
	must(t, err)
	a, b, c := w.member(t, "", "a"), w.member(t, "front", "b"), w.member(t, "sealed", "c")
	d := w.member(t, "sealed", "d")
	serve(t, far, ":80", "far")
	for name, m := range map[string]member{"a": a, "b": b, "c": c} {
		serve(t, m.ns, ":80", name)
	}
	reaches(t, "a", a.ns, "198.51.100.2:80", "far")
	if got, _ := call(a.ns, "198.51.100.2:80", time.Second); got != "far 198.51.100.1" {
		t.Error("not masqueraded:", got)
	}
	reaches(t, "b", b.ns, "198.51.100.2:80", "far")
	reaches(t, "d", d.ns, c.IP.String()+":80", "c")
	fails(t, "a", a.ns, b.IP.String()+":80")
	fails(t, "b", b.ns, a.IP.String()+":80")
	must(t, within(c.ns, func() error {
		eth, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		return netlink.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Gw: c.Gateway.AsSlice()})
	}))
	fails(t, "c", c.ns, "198.51.100.2:80")
	fails(t, "c", c.ns, a.IP.String()+":80")
	fails(t, "a", a.ns, c.IP.String()+":80")
	fails(t, "a neighbour", far, c.IP.String()+":80")
	w.publish(t, a, "0.0.0.0", 8888, 80)
	fails(t, "c", c.ns, "198.51.100.1:8888")
	reaches(t, "the host", nil, c.IP.String()+":80", "c")
}

// TestHostIsNoRouter is S49: neap turned forwarding on, yet forwards only for
// its own.
func TestHostIsNoRouter(t *testing.T) {
	must(t, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("0"), 0))
	w := host(t)
	far, further := neighbour(t, lan), neighbour(t, "203.0.113.0/24")
	serve(t, further, ":80", "further")
	w.member(t, "", "a")
	if forward, _ := os.ReadFile("/proc/sys/net/ipv4/ip_forward"); string(forward) != "1\n" {
		t.Fatal("not forwarding")
	}
	fails(t, "a neighbour", far, "203.0.113.2:80")
	must(t, w.fw.Purge(context.Background()))
	if forward, _ := os.ReadFile("/proc/sys/net/ipv4/ip_forward"); string(forward) != "0\n" {
		t.Error("still forwarding")
	}
}

// TestMoved is a port that passes from one container to another, as when one
// is removed and another published at once.
func TestMoved(t *testing.T) {
	w := host(t)
	a, b := w.member(t, "", "a"), w.member(t, "", "b")
	serve(t, a.ns, ":80", "a")
	serve(t, b.ns, ":80", "b")
	old := w.publish(t, a, "0.0.0.0", 8888, 80)
	reaches(t, "the host", nil, "127.0.0.1:8888", "a")
	w.publish(t, b, "0.0.0.0", 8888, 80)
	reaches(t, "the host", nil, "127.0.0.1:8888", "b")
	rules, err := w.fw.List(context.Background())
	if err != nil || len(rules) != 1 || rules[0].Container != "b" {
		t.Fatal(rules, err)
	}
	must(t, w.fw.Apply(context.Background(), firewall.Change{Add: []firewall.Rule{old}, Del: rules}))
	reaches(t, "the host", nil, "127.0.0.1:8888", "a")
}

func TestUDP(t *testing.T) {
	w := host(t)
	far := neighbour(t, lan)
	a := w.member(t, "", "a")
	echo(t, a.ns)
	r := firewall.Rule{
		Container: "a", Protocol: "udp", HostIP: netip.IPv4Unspecified(), HostPort: 5353,
		ContainerIP: a.IP, ContainerPort: 53,
	}
	must(t, w.fw.Publish(context.Background(), []firewall.Rule{r}))
	for who, ns := range map[string]*os.File{"the host": nil, "a neighbour": far} {
		if got, err := ask(ns, "198.51.100.1:5353"); got != "hello" {
			t.Errorf("%s: %q, %v", who, got, err)
		}
	}
}
