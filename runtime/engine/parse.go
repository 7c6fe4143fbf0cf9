package engine

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/port"
)

// Signal is the signal that text names: "TERM", "SIGTERM", "sigterm", "15",
// "RTMIN+3".
func Signal(text string) (unix.Signal, error) {
	name := strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= 64 {
		return unix.Signal(n), nil
	}
	if n := unix.SignalNum("SIG" + name); n != 0 {
		return n, nil
	}
	if n, ok := realtime(name); ok {
		return n, nil
	}
	return 0, fault.New(fault.Invalid, "%q is not a signal", text).WithHint("write a name such as TERM, or a number from 1 to 64")
}

// The C library keeps the first two real-time signals for itself.
const (
	rtMin = 34
	rtMax = 64
)

func realtime(name string) (unix.Signal, bool) {
	n := 0
	switch {
	case name == "RTMIN":
		return rtMin, true
	case name == "RTMAX":
		return rtMax, true
	case strings.HasPrefix(name, "RTMIN+"):
		n = rtMin + number(name[len("RTMIN+"):])
	case strings.HasPrefix(name, "RTMAX-"):
		n = rtMax - number(name[len("RTMAX-"):])
	}
	return unix.Signal(n), n >= rtMin && n <= rtMax
}

// number is far away from any use if s is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return math.MaxInt16
	}
	return n
}

// ulimitNames are the limits of setrlimit(2).
func ulimitNames() []string {
	return []string{
		"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
		"rss", "rtprio", "rttime", "sigpending", "stack",
	}
}

func parseUlimits(texts []string) ([]container.Ulimit, error) {
	var all []container.Ulimit
	for _, text := range texts {
		name, values, found := strings.Cut(text, "=")
		soft, hard, both := strings.Cut(values, ":")
		if !both {
			hard = soft
		}
		l := container.Ulimit{Name: strings.ToLower(name)}
		var okSoft, okHard bool
		l.Soft, okSoft = limit(soft)
		l.Hard, okHard = limit(hard)
		if !found || !okSoft || !okHard || l.Soft > l.Hard || !slices.Contains(ulimitNames(), l.Name) {
			return nil, fault.New(fault.Invalid, "ulimit %q is not of the form NAME=SOFT[:HARD]", text).
				WithHint("names are %s; -1 is no limit", strings.Join(ulimitNames(), " "))
		}
		all = append(all, l)
	}
	return all, nil
}

func limit(text string) (uint64, bool) {
	if text == "-1" || text == "unlimited" {
		return math.MaxUint64, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

func parseDevices(texts []string) ([]container.Device, error) {
	var all []container.Device
	for _, text := range texts {
		parts := strings.Split(text, ":")
		d := container.Device{Host: parts[0], Container: parts[0], Access: "rwm"}
		switch {
		case len(parts) == 2 && strings.Trim(parts[1], "rwm") == "" && parts[1] != "":
			d.Access = parts[1]
		case len(parts) == 2:
			d.Container = parts[1]
		case len(parts) == 3:
			d.Container, d.Access = parts[1], parts[2]
		}
		clean := path.IsAbs(d.Host) && path.IsAbs(d.Container) && path.Clean(d.Container) == d.Container
		if len(parts) > 3 || !clean || d.Access == "" || strings.Trim(d.Access, "rwm") != "" {
			return nil, fault.New(fault.Invalid, "device %q is not of the form HOST[:CONTAINER[:ACCESS]]", text)
		}
		all = append(all, d)
	}
	return all, nil
}

// security is what the security options say.
type security struct {
	unconfined  bool   // no seccomp
	profile     string // a file
	noNewPrivs  bool
	systemPaths bool // nothing masked, nothing read-only
	labels      []string
}

func parseSecurity(options []string) (security, error) {
	var s security
	for _, text := range options {
		key, value, _ := strings.Cut(strings.Replace(text, ":", "=", 1), "=")
		switch {
		case key == "seccomp" && value == "unconfined":
			s.unconfined = true
		case key == "seccomp" && value != "" && value != "builtin":
			s.profile = value
		case key == "seccomp" && value == "builtin":
		case key == "no-new-privileges" && slices.Contains([]string{"", "true", "false"}, value):
			s.noNewPrivs = value != "false"
		case key == "systempaths" && value == "unconfined":
			s.systemPaths = true
		case key == "label" && value != "":
			s.labels = append(s.labels, value)
		case key == "apparmor" && value == "unconfined":
		default:
			return s, fault.New(fault.Invalid, "security_opt %q is not known", text).
				WithHint("there are seccomp=unconfined, seccomp=FILE, no-new-privileges, systempaths=unconfined, label=…, apparmor=unconfined")
		}
	}
	return s, nil
}

func checkSecurity(s Spec) error {
	_, err := parseSecurity(s.SecurityOpt)
	return err
}

// PortOf and SpecOf turn a port as it is parsed into one as it is recorded, and
// back.
func PortOf(s port.Spec) container.Port {
	return container.Port{
		HostIP: s.HostIP.String(), HostPort: s.HostPort, HostLast: s.HostLast,
		ContainerPort: s.ContainerPort, Protocol: s.Protocol,
	}
}

// SpecOf is PortOf's inverse.
func SpecOf(p container.Port) port.Spec {
	ip, err := netip.ParseAddr(p.HostIP)
	if err != nil {
		ip = netip.IPv4Unspecified()
	}
	return port.Spec{
		HostIP: ip, HostPort: p.HostPort, HostLast: p.HostLast,
		ContainerPort: p.ContainerPort, Protocol: p.Protocol,
	}
}

// sortedPorts are "80/tcp" texts by number, then protocol.
func sortedPorts(set map[string]bool) []string {
	return slices.SortedFunc(maps.Keys(set), func(a, b string) int {
		an, ap, _ := strings.Cut(a, "/")
		bn, bp, _ := strings.Cut(b, "/")
		return cmp.Or(cmp.Compare(number(an), number(bn)), cmp.Compare(ap, bp))
	})
}

// MadeUpName is a name made of an id: two words, as Docker's; a number comes behind when those are
// taken again and again.
func MadeUpName(id string, try int) string {
	moods := strings.Fields(`able agile amber ample apt azure balmy bold brave breezy bright brisk calm candid clear
		clever cosy crisp dapper deft eager early fair fleet fond free fresh gentle glad golden grand hardy hearty
		jolly keen kind lively lucid lunar mellow merry mild neat nimble noble patient placid plucky polite proud
		quick quiet ready rosy sandy sharp silver sleek snug solar spry steady stoic sunny swift tidy tranquil
		trusty upbeat valiant vivid warm wise witty young zesty`)
	things := strings.Fields(`anchor atoll bay beacon boat bollard brig buoy canal canoe cape cliff clipper coast cove
		crab current cutter delta dinghy dock dolphin drift dune ebb eddy estuary ferry fjord foam gale gull gulf
		harbor heron island jetty kayak keel kelp lagoon launch lock marina mast mole moon oar otter pearl pelican
		pier pilot plover prow puffin quay raft reef rudder sail sandbar schooner seal shell shoal shore skiff
		sloop sound spit spray strait surf swell tern tide wave wharf yawl`)
	n, err := strconv.ParseUint(id[:min(len(id), 16)], 16, 64)
	if err != nil {
		n = uint64(try) + 1
	}
	name := moods[n%uint64(len(moods))] + "_" + things[bits.Reverse64(n)%uint64(len(things))]
	if try > 5 {
		name += strconv.FormatUint(n%1000, 10)
	}
	return name
}
