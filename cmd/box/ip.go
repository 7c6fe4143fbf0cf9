package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
)

// ip lists interfaces with their addresses (ip addr, ifconfig) or the IPv4 routes (ip route). It changes nothing.
func ip(c *call) error {
	_, rest, err := c.options("4ao")
	if err != nil {
		return err
	}
	what := strings.Join(rest, " ")
	switch {
	case strings.HasPrefix("route show", what) && what != "" && what[0] == 'r':
		return c.routes()
	case what == "" || strings.HasPrefix("address", strings.Fields(what)[0]) || strings.HasPrefix("link", strings.Fields(what)[0]):
		return c.interfaces()
	}
	return c.usage("[addr | link | route]")
}

func (c *call) interfaces() error {
	list, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range list {
		fmt.Fprintf(c.out, "%d: %s: <%s> mtu %d\n", i.Index, i.Name, strings.ToUpper(strings.ReplaceAll(i.Flags.String(), "|", ",")), i.MTU)
		if len(i.HardwareAddr) > 0 {
			fmt.Fprintf(c.out, "    link/ether %s\n", i.HardwareAddr)
		}
		addrs, err := i.Addrs()
		if err != nil {
			return err
		}
		for _, a := range addrs {
			family := "inet"
			if strings.Contains(a.String(), ":") {
				family = "inet6"
			}
			fmt.Fprintf(c.out, "    %s %s\n", family, a)
		}
	}
	return nil
}

func (c *call) routes() error {
	text, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		row := strings.Fields(line)
		if i == 0 || len(row) < 8 {
			continue
		}
		to, gateway, mask := ipv4(row[1]), ipv4(row[2]), net.IPMask(ipv4(row[7]))
		ones, _ := mask.Size()
		where := fmt.Sprintf("%s/%d", to, ones)
		if ones == 0 {
			where = "default"
		}
		if !gateway.IsUnspecified() {
			where += " via " + gateway.String()
		}
		fmt.Fprintf(c.out, "%s dev %s\n", where, row[0])
	}
	return nil
}

// ipv4 reads an address as the kernel writes it there: eight hex digits of a number in the machine's byte order.
func ipv4(digits string) net.IP {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 4 {
		return net.IPv4zero.To4()
	}
	out := make(net.IP, 4)
	binary.NativeEndian.PutUint32(out, binary.BigEndian.Uint32(b))
	return out
}
