package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"neap/runtime/firewall"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

const here = "NEAP_TEST_NETNS"

// TestMain runs the tests in a network namespace of their own: it is the host
// of all tests, and the machine's links and rules stay untouched.
func TestMain(m *testing.M) {
	runtime.LockOSThread() // the first thread cannot die: no test may put it into a namespace
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

// world is a host with networks.
type world struct {
	*Networks
	fw    *firewall.Firewall
	store *store.Store
}

func host(t testing.TB) world {
	t.Helper()
	testenv.Root(t)
	testenv.Clean(t)
	up(t, "lo")
	s, err := store.Open(testenv.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	fw := firewall.Open(firewall.Options{Tag: s.Tag})
	n, err := Open(Options{Store: s, Firewall: fw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(n.Purge(ctx), fw.Purge(ctx), n.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return world{n, fw, s}
}

func up(t testing.TB, link string) {
	t.Helper()
	l, err := netlink.LinkByName(link)
	if err == nil {
		err = netlink.LinkSetUp(l)
	}
	if err != nil {
		t.Fatal(link, err)
	}
}

// namespace makes a network namespace with its loopback up.
func namespace(t testing.TB) *os.File {
	t.Helper()
	made := make(chan *os.File)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread dies
		defer close(made)
		if unix.Unshare(unix.CLONE_NEWNET) != nil {
			return
		}
		if lo, err := netlink.LinkByName("lo"); err != nil || netlink.LinkSetUp(lo) != nil {
			return
		}
		if ns, err := os.Open("/proc/thread-self/ns/net"); err == nil {
			made <- ns
		}
	}()
	ns := <-made
	if ns == nil {
		t.Fatal("no network namespace")
	}
	t.Cleanup(func() { _ = ns.Close() })
	return ns
}

// neighbour is a machine at address 2 of a LAN whose address 1 the host has,
// and which sends the host everything.
func neighbour(t testing.TB, lan string) *os.File {
	t.Helper()
	ns := namespace(t)
	p := netip.MustParsePrefix(lan)
	one := p.Addr().Next()
	name := fmt.Sprintf("lan%d", p.Addr().As4()[2])
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "eth0", PeerNamespace: netlink.NsFd(ns.Fd())}
	must(t, netlink.LinkAdd(link))
	t.Cleanup(func() { must(t, netlink.LinkDel(link)) })
	must(t, netlink.AddrAdd(link, address(one, p.Bits())))
	up(t, name)
	must(t, within(ns, func() error {
		eth, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		return errors.Join(netlink.LinkSetUp(eth), netlink.AddrAdd(eth, address(one.Next(), p.Bits())),
			netlink.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Gw: one.AsSlice()}))
	}))
	return ns
}

func address(a netip.Addr, bits int) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(bits, 32)}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// member is a container: a namespace with a link.
type member struct {
	Endpoint
	ns *os.File
}

func (w world) member(t testing.TB, network, id string) member {
	t.Helper()
	ns := namespace(t)
	e, err := w.Attach(context.Background(), AttachOptions{Network: network, Container: id, Start: 1, NetNS: ns})
	if err != nil {
		t.Fatal(err)
	}
	return member{e, ns}
}

// serve answers every connection with name and the caller's address.
func serve(t testing.TB, ns *os.File, addr, name string) {
	t.Helper()
	var l net.Listener
	must(t, inside(ns, func() (err error) {
		l, err = net.Listen("tcp4", addr)
		return err
	}))
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			_, _ = fmt.Fprintf(c, "%s %s", name, from)
			_ = c.Close()
		}
	}()
}

// inside runs f in the namespace, nil for the host's.
func inside(ns *os.File, f func() error) error {
	if ns == nil {
		return f()
	}
	return within(ns, f)
}

// call says what answers at addr, and "" with the error if nothing does.
func call(ns *os.File, addr string, limit time.Duration) (answer string, err error) {
	err = inside(ns, func() error {
		c, err := net.DialTimeout("tcp4", addr, limit)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		body, err := io.ReadAll(c)
		answer = string(body)
		return err
	})
	return answer, err
}

func reaches(t *testing.T, who string, ns *os.File, addr, name string) {
	t.Helper()
	if got, err := call(ns, addr, 10*time.Second); !strings.HasPrefix(got, name+" ") {
		t.Errorf("%s calls %s: %q, %v", who, addr, got, err)
	}
}

func fails(t *testing.T, who string, ns *os.File, addr string) {
	t.Helper()
	if got, err := call(ns, addr, 300*time.Millisecond); err == nil {
		t.Errorf("%s reaches %s: %q", who, addr, got)
	}
}

func (w world) publish(t *testing.T, m member, ip string, port, to uint16) firewall.Rule {
	t.Helper()
	r := firewall.Rule{
		Container: m.Container, Protocol: "tcp", HostIP: netip.MustParseAddr(ip), HostPort: port,
		ContainerIP: m.IP, ContainerPort: to,
	}
	must(t, w.fw.Publish(context.Background(), []firewall.Rule{r}))
	return r
}
