package firewall

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"neap/runtime/fault"
)

// names are the chains of one root, none longer than 28 bytes, and the start
// of its comments.
type names struct {
	raw, loopback        string // of table raw
	forward, into, outof string // of table filter
	ports, source        string // of table nat
	comment              string
}

func namesOf(tag string) names {
	head := "NEAP-"
	if tag != "" {
		head += tag + "-"
	}
	return names{
		raw: head + "DIRECT", loopback: head + "LOOPBACK",
		forward: head + "FORWARD", into: head + "INTO", outof: head + "OUTOF",
		ports: head + "PORTS", source: head + "SOURCE",
		comment: "neap:" + tag + ":",
	}
}

// closed is an empty chain of table filter. It says that one of neap's roots
// turned forwarding on and therefore made the policy of FORWARD DROP.
const closed = "NEAP-CLOSED"

// line is one rule: what iptables is told, and what it says about itself.
type line struct{ table, chain, spec, comment, target string }

func (l line) add() string    { return "-A " + l.chain + " " + l.text() }
func (l line) first() string  { return "-I " + l.chain + " " + l.text() }
func (l line) remove() string { return "-D " + l.chain + " " + l.text() }

func (l line) text() string {
	return fmt.Sprintf("%s -m comment --comment %s -j %s", l.spec, l.comment, l.target)
}

// base is the rules of the bridges, in the order in which they must lie.
//
// A packet that was not sent through a published port never reaches a
// container from outside its bridge: DIRECT drops it before connection
// tracking, INTO drops it again. A container never reaches the host's
// loopback, although route_localnet is on for its bridge: DIRECT.
func (n names) base(bridges []Bridge) []line {
	var lines []line
	for _, b := range bridges {
		lines = append(lines, n.bridge(b)...)
	}
	forward := func(target string) line {
		return line{"filter", n.forward, "", n.comment + "base:" + target, target}
	}
	return append(lines,
		line{"raw", n.raw, "-d 127.0.0.0/8", n.comment + "base:" + n.loopback, n.loopback},
		forward(n.into), forward(n.outof))
}

func (n names) bridge(b Bridge) []line {
	rule := func(table, chain, what, target, spec string) line {
		spec = strings.NewReplacer("BRIDGE", b.Name, "SUBNET", b.Subnet.String()).Replace(spec)
		return line{table, chain, spec, fmt.Sprintf("%sbase:%s/%s/%s", n.comment, b.Name, b.Subnet, what), target}
	}
	lines := []line{
		rule("raw", n.raw, "host", "DROP", "-i BRIDGE -d 127.0.0.0/8"),
		rule("raw", n.raw, "direct", "DROP", "-d SUBNET ! -i BRIDGE"),
		rule("filter", n.into, "inside", "ACCEPT", "-i BRIDGE -o BRIDGE"),
	}
	if b.Internal {
		return append(lines,
			rule("filter", n.forward, "in", "DROP", "-o BRIDGE ! -i BRIDGE"),
			rule("filter", n.forward, "out", "DROP", "-i BRIDGE ! -o BRIDGE"),
			rule("nat", n.source, "host", "MASQUERADE", "-o BRIDGE -m addrtype --src-type LOCAL -m conntrack --ctstate DNAT"),
			rule("nat", n.source, "hairpin", "MASQUERADE", "-s SUBNET -o BRIDGE -m conntrack --ctstate DNAT"))
	}
	return append(lines,
		rule("filter", n.into, "replies", "ACCEPT", "-o BRIDGE -m conntrack --ctstate RELATED,ESTABLISHED"),
		rule("filter", n.into, "published", "ACCEPT", "-o BRIDGE -m conntrack --ctstate DNAT"),
		rule("filter", n.into, "else", "DROP", "-o BRIDGE"),
		rule("filter", n.outof, "out", "ACCEPT", "-i BRIDGE"),
		rule("nat", n.source, "host", "MASQUERADE", "-o BRIDGE -m addrtype --src-type LOCAL -m conntrack --ctstate DNAT"),
		rule("nat", n.source, "hairpin", "MASQUERADE", "-s SUBNET -o BRIDGE -m conntrack --ctstate DNAT"),
		rule("nat", n.source, "out", "MASQUERADE", "-s SUBNET ! -o BRIDGE"))
}

// jump is how packets come into our chains.
type jump struct {
	table, chain, to string
	spec             []string
	first            bool
}

// jumps lists them. Where Docker's chain for others' rules is in use, ours
// lies there, so that Docker's own rules do not come before it.
func (n names) jumps(forward string) []jump {
	local := []string{"-m", "addrtype", "--dst-type", "LOCAL"}
	return []jump{
		{"raw", "PREROUTING", n.raw, []string{"!", "-i", "lo"}, true},
		{"filter", forward, n.forward, nil, true},
		{"nat", "PREROUTING", n.ports, local, false},
		{"nat", "OUTPUT", n.ports, local, false},
		{"nat", "POSTROUTING", n.source, nil, false},
	}
}

// port is what only one rule can be for.
func (r Rule) port() Rule {
	return Rule{Protocol: r.Protocol, HostIP: r.HostIP, HostPort: r.HostPort}
}

func (n names) comments(r Rule) string {
	return fmt.Sprintf("%s%s:%s/%s/%d/%s/%d", n.comment, r.Container, r.Protocol, r.HostIP, r.HostPort, r.ContainerIP, r.ContainerPort)
}

// lines leads the port to the container. What is published on the loopback
// alone is dropped when it comes from elsewhere, should somebody have turned
// route_localnet on there.
func (n names) lines(r Rule) []line {
	spec := fmt.Sprintf("-p %s --dport %d", r.Protocol, r.HostPort)
	if !r.HostIP.IsUnspecified() {
		spec = "-d " + r.HostIP.String() + " " + spec
	}
	target := fmt.Sprintf("DNAT --to-destination %s:%d", r.ContainerIP, r.ContainerPort)
	lines := []line{{"nat", n.ports, spec, n.comments(r), target}}
	if r.HostIP.IsLoopback() {
		lines = append(lines, line{"raw", n.loopback, spec, n.comments(r), "DROP"})
	}
	return lines
}

// parse reads a port rule's comment.
func (n names) parse(comment string) (Rule, bool) {
	rest, ours := strings.CutPrefix(comment, n.comment)
	id, what, ok := strings.Cut(rest, ":")
	f := strings.Split(what, "/")
	if !ours || !ok || len(f) != 5 || id == "base" {
		return Rule{}, false
	}
	hostIP, err1 := netip.ParseAddr(f[1])
	hostPort, err2 := strconv.ParseUint(f[2], 10, 16)
	ip, err3 := netip.ParseAddr(f[3])
	port, err4 := strconv.ParseUint(f[4], 10, 16)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return Rule{}, false
		}
	}
	return Rule{id, f[0], hostIP, uint16(hostPort), ip, uint16(port)}, true
}

func checkBridges(bridges []Bridge) error {
	for _, b := range bridges {
		if !word(b.Name, 15) || !b.Subnet.IsValid() || !b.Subnet.Addr().Is4() {
			return fault.New(fault.Invalid, "bridge %q with subnet %v cannot have rules", b.Name, b.Subnet)
		}
	}
	return nil
}

// word says whether s can stand in a line for iptables-restore and in a comment.
func word(s string, most int) bool {
	odd := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_.-", c)
	}
	return s != "" && len(s) <= most && s[0] != '-' && !strings.ContainsFunc(s, odd)
}

// checkRules refuses what would mean something else to iptables-restore.
func checkRules(rules []Rule) error {
	for _, r := range rules {
		switch {
		case !word(r.Container, 128), r.Container == "base":
			return fault.New(fault.Invalid, "%q is no container id", r.Container)
		case r.Protocol != "tcp" && r.Protocol != "udp" && r.Protocol != "sctp":
			return fault.New(fault.Invalid, "%q is no protocol; tcp, udp and sctp are", r.Protocol)
		case r.HostPort == 0 || r.ContainerPort == 0:
			return fault.New(fault.Invalid, "port 0 cannot be published")
		case !r.HostIP.Is4() || !r.ContainerIP.Is4():
			return fault.New(fault.Unsupported, "only IPv4 addresses can be published, not %v to %v", r.HostIP, r.ContainerIP)
		}
	}
	return nil
}
