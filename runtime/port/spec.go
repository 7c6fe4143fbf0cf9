package port

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// Grammar is how a published port is written.
const Grammar = "[ip:][host[-last]:]container[-last][/tcp|udp|sctp]"

func known(protocol string) bool { return slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) }

// Parse reads Docker's way to write published ports; see Grammar. Ranges of
// equal length are paired; a range of host ports for one container port means
// any one of them; no host port means one that neap chooses. What it cannot
// read is fault.Invalid.
func Parse(text string) ([]Spec, error) {
	specs, err := parse(text)
	if err != nil && !fault.Is(err, fault.Unsupported) {
		return nil, fault.New(fault.Invalid, "%q is no published port: %v", text, err).
			WithHint("write %s", Grammar)
	}
	return specs, err
}

func parse(text string) ([]Spec, error) {
	rest, protocol, named := strings.Cut(text, "/")
	protocol = strings.ToLower(protocol)
	if !named {
		protocol = "tcp"
	}
	if !known(protocol) {
		return nil, fmt.Errorf("%q is no protocol", protocol)
	}
	ip, host, container, err := split(rest)
	if err != nil {
		return nil, err
	}
	first, last, err := ports(container)
	if err != nil {
		return nil, err
	}
	from, to, err := hostPorts(host)
	if err != nil {
		return nil, err
	}
	return pair(Spec{HostIP: ip, Protocol: protocol}, first, last, from, to)
}

// split parts address, host ports and container ports.
func split(text string) (ip netip.Addr, host, container string, err error) {
	ip = netip.IPv4Unspecified()
	f := strings.Split(text, ":")
	switch {
	case strings.HasPrefix(text, "[") || len(f) > 3:
		return ip, "", "", fault.New(fault.Unsupported, "IPv6 addresses cannot be published yet: %s", text)
	case len(f) == 1:
		return ip, "", f[0], nil
	case len(f) == 2:
		return ip, f[0], f[1], nil
	}
	if f[0] != "" {
		if ip, err = netip.ParseAddr(f[0]); err != nil {
			return ip, "", "", fmt.Errorf("%q is no address", f[0])
		}
	}
	return ip, f[1], f[2], nil
}

func hostPorts(text string) (first, last uint16, err error) {
	if text == "" || text == "0" {
		return 0, 0, nil
	}
	return ports(text)
}

// ports reads "80" or "80-90".
func ports(text string) (first, last uint16, err error) {
	from, to, isRange := strings.Cut(text, "-")
	if first, err = number(from); err != nil || !isRange {
		return first, first, err
	}
	if last, err = number(to); err == nil && last < first {
		err = fmt.Errorf("%d comes before %d", last, first)
	}
	return first, last, err
}

func number(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is no port from 1 to 65535", text)
	}
	return uint16(n), nil
}

func pair(s Spec, first, last, from, to uint16) ([]Spec, error) {
	switch {
	case from != 0 && first == last && from != to:
		s.ContainerPort, s.HostPort, s.HostLast = first, from, to
		return []Spec{s}, nil
	case from != 0 && last-first != to-from:
		return nil, fmt.Errorf("the ranges %d-%d and %d-%d differ in length", from, to, first, last)
	}
	var specs []Spec
	for i := range int(last-first) + 1 {
		s.ContainerPort = first + uint16(i)
		if from != 0 {
			s.HostPort = from + uint16(i)
		}
		specs = append(specs, s)
	}
	return specs, nil
}

// String is as Docker shows it: "0.0.0.0:8888->80/tcp".
func (s Spec) String() string {
	return fmt.Sprintf("%s->%s", s.Host(), s.Inside())
}

// Host is the side of the host: "0.0.0.0:8888", or "0.0.0.0:8000-8010".
func (s Spec) Host() string {
	if s.HostLast != 0 {
		return fmt.Sprintf("%s:%d-%d", s.HostIP, s.HostPort, s.HostLast)
	}
	return fmt.Sprintf("%s:%d", s.HostIP, s.HostPort)
}

// Inside is the side of the container: "80/tcp".
func (s Spec) Inside() string { return fmt.Sprintf("%d/%s", s.ContainerPort, s.Protocol) }
