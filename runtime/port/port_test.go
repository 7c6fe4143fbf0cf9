package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"

	"neap/runtime/fault"
	"neap/runtime/store"
)

func open(t *testing.T) *Ports {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"80":                      "0.0.0.0:0->80/tcp",
		"80/udp":                  "0.0.0.0:0->80/udp",
		"8888:80":                 "0.0.0.0:8888->80/tcp",
		"8888:80/SCTP":            "0.0.0.0:8888->80/sctp",
		":80":                     "0.0.0.0:0->80/tcp",
		"0:80":                    "0.0.0.0:0->80/tcp",
		"127.0.0.1:8888:80":       "127.0.0.1:8888->80/tcp",
		"127.0.0.1::80":           "127.0.0.1:0->80/tcp",
		"8000-8001:80-81":         "0.0.0.0:8000->80/tcp 0.0.0.0:8001->81/tcp",
		"80-81":                   "0.0.0.0:0->80/tcp 0.0.0.0:0->81/tcp",
		"8000-8010:80":            "0.0.0.0:8000-8010->80/tcp",
		"65535:65535":             "0.0.0.0:65535->65535/tcp",
		"192.0.2.2:53-54:1-2/udp": "192.0.2.2:53->1/udp 192.0.2.2:54->2/udp",
	} {
		specs, err := Parse(text)
		if got := strings.Trim(fmt.Sprint(specs), "[]"); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", ":", "::", "x", "0", "80:0", "65536", "-1", "+80", "80/", "80/icmp", "80-79", "1-2:80-82",
		"localhost:80:80", "1.2.3:80:80", "80:80:80:80:80", "80 ", "80\n", "99999999999999999999:80", "8-:80", "a-b:80",
	} {
		specs, err := Parse(text)
		if !fault.Is(err, fault.Invalid, fault.Unsupported) {
			t.Errorf("%q gave %v, %v", text, specs, err)
		}
	}
	if _, err := Parse("[::1]:80:80"); !fault.Is(err, fault.Unsupported) {
		t.Error("IPv6:", err)
	}
}

func take(t *testing.T, p *Ports, id, text string) Binding {
	t.Helper()
	b, err := tryTake(p, id, text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Socket.Close() })
	return b
}

func tryTake(p *Ports, id, text string) (Binding, error) {
	specs, err := Parse(text)
	if err != nil {
		return Binding{}, err
	}
	return p.Take(context.Background(), id, specs[0])
}

func TestTakenPortIsRefusedToForeigners(t *testing.T) {
	p := open(t)
	b := take(t, p, "one", "80")
	addr := fmt.Sprintf("0.0.0.0:%d", b.HostPort)
	if l, err := net.Listen("tcp", addr); err == nil {
		_ = l.Close()
		t.Error("a foreigner could listen on", addr)
	}
	if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.HostPort)); err == nil {
		_ = c.Close()
		t.Error("something answered")
	} else if !strings.Contains(err.Error(), "refused") {
		t.Error("a client is not refused:", err)
	}
	if err := b.Socket.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal("still taken:", err)
	}
	_ = l.Close()
}

func TestConflictNamesTheContainer(t *testing.T) {
	p := open(t)
	id := strings.Repeat("ab", 32)
	b := take(t, p, id, "127.0.0.1::80")
	for _, ip := range []string{"127.0.0.1", "0.0.0.0"} {
		_, err := tryTake(p, "other", fmt.Sprintf("%s:%d:80", ip, b.HostPort))
		if !fault.Is(err, fault.Exists) || !strings.Contains(err.Error(), "container abababababab") {
			t.Errorf("%s: %v", ip, err)
		}
	}
	if _, err := tryTake(p, id, fmt.Sprintf("127.0.0.1:%d:80", b.HostPort)); !fault.Is(err, fault.Exists) {
		t.Error("taken twice:", err)
	}
	if claims, err := p.List(); err != nil || len(claims) != 1 || claims[0].Container != id {
		t.Error("claims:", claims, err)
	}
}

func TestConflictNamesTheProcess(t *testing.T) {
	p := open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := netip.MustParseAddrPort(l.Addr().String()).Port()
	_, err = tryTake(p, "one", fmt.Sprintf("%d:80", n))
	if !fault.Is(err, fault.Exists) || !strings.Contains(err.Error(), fmt.Sprintf("process %d (", os.Getpid())) {
		t.Error(err)
	}
	if claims, _ := p.List(); len(claims) != 0 {
		t.Error("the loser left", claims)
	}
	o, found, err := p.Owner("tcp", n)
	if err != nil || !found || o.PID != os.Getpid() {
		t.Error("owner:", o, found, err)
	}
}

func TestOneOfTwentyWins(t *testing.T) {
	p := open(t)
	n, err := p.Pick(40000, 41000)
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		wins []Binding
	)
	for i := range 20 {
		wg.Go(func() {
			b, err := tryTake(p, fmt.Sprintf("c%d", i), fmt.Sprintf("%d:80", n))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				wins = append(wins, b)
			} else if !fault.Is(err, fault.Exists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(wins) != 1 {
		t.Fatal(len(wins), "winners")
	}
	claims, err := p.List()
	if err != nil || len(claims) != 1 {
		t.Fatal(claims, err)
	}
	if err := errors.Join(wins[0].Socket.Close(), p.Give(claims[0].Container, wins[0].Spec)); err != nil {
		t.Fatal(err)
	}
	take(t, p, "next", fmt.Sprintf("%d:80", n))
}

func TestChosenPorts(t *testing.T) {
	p := open(t)
	first, last := ephemeral()
	a, b := take(t, p, "a", "80"), take(t, p, "b", "80")
	if a.HostPort < first || b.HostPort <= a.HostPort || b.HostPort > last {
		t.Error(a, b)
	}
	if u := take(t, p, "c", "53/udp"); u.HostPort < first {
		t.Error(u)
	}
	n, err := p.Pick(42000, 43000)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("127.0.0.1:%d-%d:80", n, n+1)
	if one := take(t, p, "d", text); one.HostPort != n {
		t.Error(one)
	}
	take(t, p, "e", text)
	if _, err := tryTake(p, "f", text); !fault.Is(err, fault.Exists) {
		t.Error("a full range:", err)
	}
}

func TestSweep(t *testing.T) {
	p := open(t)
	take(t, p, "dead", "80")
	take(t, p, "alive", "80")
	freed, err := p.Sweep(func(id string) bool { return id == "alive" })
	if err != nil || len(freed) != 1 || freed[0].Container != "dead" {
		t.Error(freed, err)
	}
	if claims, _ := p.List(); len(claims) != 1 {
		t.Error(claims)
	}
}

func TestForeignAddress(t *testing.T) {
	p := open(t)
	if _, err := tryTake(p, "one", "203.0.113.77:8888:80"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := p.Take(context.Background(), "one", Spec{Protocol: "tcp", ContainerPort: 80}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("127.0.0.1:8000-8001:80-81/udp")
	f.Fuzz(func(t *testing.T, text string) {
		specs, err := Parse(text)
		if err != nil {
			return
		}
		for _, s := range specs {
			if err := s.Check(); err != nil && !fault.Is(err, fault.Unsupported) {
				t.Errorf("%q gives %v: %v", text, s, err)
			}
		}
	})
}
