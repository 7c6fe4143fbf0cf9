package network

import (
	"errors"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// space is a network namespace, seen through sockets that were opened in it.
type space struct {
	links   *netlink.Handle
	control int
}

func (s *space) Close() error {
	s.links.Close()
	return unix.Close(s.control)
}

// enter opens two sockets in the namespace and switches IPv6 off for links to
// come: there is no router for it, and nobody should wait for the detection of
// duplicate addresses. The loopback keeps its ::1.
func enter(ns *os.File) (*space, error) {
	if ns == nil {
		return nil, fault.New(fault.Invalid, "joining needs a network namespace")
	}
	s := &space{}
	err := within(ns, func() (err error) {
		if err = tune("ipv6", "default", "disable_ipv6", "1"); err != nil {
			return err
		}
		if err = tune("ipv6", "default", "accept_ra", "0"); err != nil {
			return err
		}
		if s.control, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		if s.links, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return errors.Join(err, unix.Close(s.control))
		}
		return nil
	})
	return s, fault.Wrap("enter the namespace", ns.Name(), err)
}

// within runs f on a thread in the namespace. A thread that does not find home
// is thrown away.
func within(ns *os.File, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			done <- err
			return
		}
		defer home.Close()
		if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err == nil {
			err = f()
		}
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// furnish gives the inner end its address and raises it.
func (s *space) furnish(e Endpoint) error {
	link, err := s.links.LinkByName(e.Link)
	if err != nil {
		return err
	}
	mask := net.CIDRMask(e.Prefix, 32)
	if err := s.links.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: e.IP.AsSlice(), Mask: mask}}); err != nil {
		return err
	}
	return s.links.LinkSetUp(link)
}

// finish gives the namespace its route when both ends are up.
func (s *space) finish(e Endpoint, route bool) error {
	if err := settleLink(s.control, e.Link); err != nil || !route {
		return err
	}
	return s.links.RouteAdd(&netlink.Route{Gw: e.Gateway.AsSlice()})
}
