package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"neap/runtime/fault"
)

func echo(t *testing.T, ns *os.File) {
	t.Helper()
	var c net.PacketConn
	must(t, inside(ns, func() (err error) {
		c, err = net.ListenPacket("udp4", ":53")
		return err
	}))
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(buf[:n], from)
		}
	}()
}

func ask(ns *os.File, addr string) (answer string, err error) {
	err = inside(ns, func() error {
		c, err := net.Dial("udp4", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(time.Second))
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		answer = string(buf[:n])
		return err
	})
	return answer, err
}

func TestAttach(t *testing.T) {
	w := host(t)
	m := w.member(t, "", "one")
	if m.IP.String() != m.Gateway.Next().String() || m.Prefix != size || len(m.HostLink) > 15 || m.Bridge != "np"+w.store.Tag {
		t.Errorf("%+v", m.Endpoint)
	}
	must(t, within(m.ns, func() error {
		eth, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		addrs, err := netlink.AddrList(eth, netlink.FAMILY_ALL)
		if err != nil || len(addrs) != 1 || addrs[0].IP.String() != m.IP.String() {
			t.Error("addresses:", addrs, err)
		}
		if eth.Attrs().HardwareAddr.String() != m.MAC {
			t.Error("mac:", eth.Attrs().HardwareAddr)
		}
		routes, err := netlink.RouteList(eth, netlink.FAMILY_V4)
		if err != nil || len(routes) != 2 {
			t.Error("routes:", routes, err)
		}
		return err
	}))
	link, err := netlink.LinkByName(m.HostLink)
	must(t, err)
	if link.Attrs().Alias != "neap:"+w.store.Tag+":one:1" {
		t.Error("alias:", link.Attrs().Alias)
	}
	if hairpin, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + m.HostLink + "/disable_ipv6"); err != nil || string(hairpin) != "1\n" {
		t.Error("IPv6 on the outer end:", string(hairpin), err)
	}
	links, err := w.Links(context.Background())
	if err != nil || len(links) != 2 {
		t.Error("links:", links, err)
	}
	must(t, m.ns.Close())
	testGone(t, m.HostLink)
	must(t, w.Detach(context.Background(), m.Endpoint))
	if used, err := w.UsedBy(context.Background(), "bridge"); err != nil || len(used) != 0 {
		t.Error("used by", used, err)
	}
}

// testGone waits until a link died with its namespace.
func testGone(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if _, err := netlink.LinkByName(name); err != nil {
			return
		}
	}
	t.Error(name, "stays")
}

func TestParallel(t *testing.T) {
	w := host(t)
	const count = 40
	var (
		spaces [count]*os.File
		ends   [count]Endpoint
		wg     sync.WaitGroup
	)
	for i := range spaces {
		spaces[i] = namespace(t)
	}
	start := time.Now()
	other, err := Open(w.o) // another process, but for the memory
	must(t, err)
	defer other.Close()
	both := []*Networks{w.Networks, other}
	for i := range spaces {
		wg.Go(func() {
			e, err := both[i%2].Attach(context.Background(), AttachOptions{Container: fmt.Sprintf("c%d", i), NetNS: spaces[i]})
			if err != nil {
				t.Error(err)
			}
			ends[i] = e
		})
	}
	wg.Wait()
	t.Log(count, "joined in", time.Since(start))
	seen := map[netip.Addr]bool{}
	for _, e := range ends {
		if seen[e.IP] {
			t.Error("twice:", e.IP)
		}
		seen[e.IP] = true
	}
	freed, err := w.Sweep(context.Background(), func(id string) bool { return id == "c1" })
	if err != nil || len(freed) != count-1 {
		t.Error("swept", len(freed), err)
	}
	links, err := w.Links(context.Background())
	if err != nil || len(links) != 2 {
		t.Error("left", links, err)
	}
}

// TestSmall is F21: a network of five addresses.
func TestSmall(t *testing.T) {
	w := host(t)
	ctx := context.Background()
	_, err := w.Create(ctx, "small", CreateOptions{Subnet: netip.MustParsePrefix("10.77.0.8/29")})
	must(t, err)
	var members []member
	for i := range 5 {
		members = append(members, w.member(t, "small", fmt.Sprint("c", i)))
	}
	_, err = w.Attach(ctx, AttachOptions{Network: "small", Container: "late", NetNS: namespace(t)})
	if !fault.Is(err, fault.Busy) || !strings.Contains(err.Error(), "no free address") {
		t.Error(err)
	}
	err = w.Remove(ctx, "small")
	if !fault.Is(err, fault.Busy) || !strings.Contains(err.Error(), "c0, c1") {
		t.Error(err)
	}
	must(t, w.Disconnect(ctx, members[2].Endpoint))
	if again := w.member(t, "small", "late"); again.IP != members[2].IP {
		t.Error(again.IP)
	}
	for _, id := range []string{"c0", "c1", "late", "c3", "c4"} {
		_, err = w.Sweep(ctx, func(other string) bool { return other != id })
		must(t, err)
	}
	must(t, w.Remove(ctx, "small"))
	if _, err := w.Get(ctx, "small"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := netlink.LinkByName(members[0].Bridge); err == nil {
		t.Error("the bridge stays")
	}
}

func TestWishes(t *testing.T) {
	w := host(t)
	ctx := context.Background()
	one, err := w.Create(ctx, "mine", CreateOptions{Subnet: netip.MustParsePrefix("10.77.1.0/24"), Gateway: netip.MustParseAddr("10.77.1.254")})
	must(t, err)
	try := func(o AttachOptions) (Endpoint, error) {
		o.Network, o.NetNS = one.ID[:12], namespace(t)
		return w.Attach(ctx, o)
	}
	ip := netip.MustParseAddr("10.77.1.5")
	e, err := try(AttachOptions{Container: "a", IP: ip, MAC: "02:00:00:00:00:01"})
	if err != nil || e.IP != ip || e.MAC != "02:00:00:00:00:01" {
		t.Error(e, err)
	}
	if _, err = try(AttachOptions{Container: "b", IP: ip}); !fault.Is(err, fault.Exists) {
		t.Error(err)
	}
	if e, err = try(AttachOptions{Container: "b", Prefer: ip}); err != nil || e.IP.String() != "10.77.1.1" {
		t.Error(e, err)
	}
	for _, wrong := range []string{"10.77.1.0", "10.77.1.254", "10.77.1.255", "10.77.2.1", "::1"} {
		if _, err = try(AttachOptions{Container: "c", IP: netip.MustParseAddr(wrong)}); !fault.Is(err, fault.Invalid) {
			t.Error(wrong, err)
		}
	}
	if _, err = try(AttachOptions{Container: "d", MAC: "nonsense"}); err == nil {
		t.Error("a wrong mac")
	}
	used, err := w.UsedBy(ctx, "mine")
	if err != nil || fmt.Sprint(used) != "[a b]" {
		t.Error("used by", used, err)
	}
}

func TestFull(t *testing.T) {
	w := host(t)
	ctx := context.Background()
	one, err := w.Get(ctx, Standard)
	must(t, err)
	dir, err := w.run.Sub(one.Name)
	must(t, err)
	ip := one.Gateway
	for range limit {
		ip = ip.Next()
		must(t, dir.Claim(ip.String(), "x"))
	}
	must(t, dir.Close())
	_, err = w.Attach(ctx, AttachOptions{Container: "late", NetNS: namespace(t)})
	if !fault.Is(err, fault.Unsupported) || !strings.Contains(err.Error(), "1000 members") {
		t.Error(err)
	}
}

func TestRecords(t *testing.T) {
	w := host(t)
	ctx := context.Background()
	for name, o := range map[string]CreateOptions{
		"":        {},
		"../up":   {},
		"a b":     {},
		"tiny":    {Subnet: netip.MustParsePrefix("10.0.0.0/30")},
		"outside": {Subnet: netip.MustParsePrefix("10.0.0.0/24"), Gateway: netip.MustParseAddr("10.0.1.1")},
		"alone":   {Gateway: netip.MustParseAddr("10.0.1.1")},
	} {
		if _, err := w.Create(ctx, name, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := w.Create(ctx, "host", CreateOptions{}); !fault.Is(err, fault.Exists) {
		t.Error(err)
	}
	if _, err := w.Create(ctx, "six", CreateOptions{Subnet: netip.MustParsePrefix("fd00::/64")}); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	back, err := w.Create(ctx, "back", CreateOptions{Labels: map[string]string{"a": "b"}})
	must(t, err)
	if _, err := w.Create(ctx, "back", CreateOptions{}); !fault.Is(err, fault.Exists) {
		t.Error(err)
	}
	if _, err := w.Create(ctx, "over", CreateOptions{Subnet: back.Subnet}); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	all, err := w.List(ctx)
	must(t, err)
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
	}
	if fmt.Sprint(names) != "[back bridge host none]" {
		t.Error(names)
	}
	if err := w.Remove(ctx, "bridge"); !fault.Is(err, fault.Denied) {
		t.Error(err)
	}
	if one, found, err := w.Find(ctx, "nothing"); err != nil || found {
		t.Error(one, err)
	}
	m := w.member(t, "back", "c")
	r, err := w.Inspect(ctx, "back", strings.ToUpper)
	if err != nil || r.Containers["c"].Name != "C" || r.Containers["c"].MacAddress != m.MAC || r.Containers["c"].EndpointID != m.ID {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDamaged is a record that makes no sense: it is named, and the bridges of
// others keep their rules.
func TestDamaged(t *testing.T) {
	w := host(t)
	must(t, os.WriteFile(filepath.Join(w.lib.Path, "odd.json"), []byte(`{"Name":"odd"}`), 0o600))
	if _, err := w.List(context.Background()); !fault.Is(err, fault.Damaged) {
		t.Error(err)
	}
}

// TestBridgeLost is somebody who deletes our bridge.
func TestBridgeLost(t *testing.T) {
	w := host(t)
	a := w.member(t, "", "a")
	link, err := netlink.LinkByName(a.Bridge)
	must(t, err)
	must(t, netlink.LinkDel(link))
	b := w.member(t, "", "b")
	serve(t, b.ns, ":80", "b")
	reaches(t, "the host", nil, b.IP.String()+":80", "b")
	reaches(t, "who was there before", a.ns, b.IP.String()+":80", "b")
}

// TestSubnetUsedMeanwhile is a standard network whose subnet became a route of
// the host before its bridge was made.
func TestSubnetUsedMeanwhile(t *testing.T) {
	w := host(t)
	one, err := w.Get(context.Background(), Standard)
	must(t, err)
	neighbour(t, one.Subnet.String())
	m := w.member(t, "", "a")
	if one.Subnet.Contains(m.IP) {
		t.Error("joined", m.IP)
	}
}

func TestNamespaceGone(t *testing.T) {
	w := host(t)
	file, err := os.Open("/dev/null")
	must(t, err)
	defer file.Close()
	for _, ns := range []*os.File{nil, file} {
		if _, err := w.Attach(context.Background(), AttachOptions{Container: "a", NetNS: ns}); err == nil {
			t.Error("joined nothing")
		}
	}
	if used, err := w.UsedBy(context.Background(), Standard); err != nil || len(used) != 0 {
		t.Error(used, err)
	}
}

func BenchmarkAttach(b *testing.B) {
	w := host(b)
	ns := make([]*os.File, 0, 500)
	for b.Loop() {
		b.StopTimer()
		if len(ns) == cap(ns) {
			_, err := w.Sweep(context.Background(), func(string) bool { return false })
			must(b, err)
			ns = ns[:0]
		}
		ns = append(ns, namespace(b))
		b.StartTimer()
		_, err := w.Attach(context.Background(), AttachOptions{Container: fmt.Sprint("c", len(ns)), Start: b.N, NetNS: ns[len(ns)-1]})
		must(b, err)
	}
	b.StopTimer()
	_, err := w.Sweep(context.Background(), func(string) bool { return false })
	must(b, err)
}
