package engine

import (
	"net/netip"
	"testing"

	"neap/runtime/firewall"
)

// TestDue: what leads to an address that is used again goes at once, what is
// added again stays, all else waits.
func TestDue(t *testing.T) {
	rule := func(id string, port uint16, ip string) firewall.Rule {
		return firewall.Rule{Container: id, Protocol: "tcp", HostPort: port, ContainerIP: netip.MustParseAddr(ip), ContainerPort: 80}
	}
	same, reused, other := rule("a", 1, "10.0.0.2"), rule("b", 2, "10.0.0.2"), rule("c", 3, "10.0.0.3")
	q := &ruleQueue{gone: []firewall.Rule{same, reused, other}}
	del := q.due([]firewall.Rule{same, rule("d", 3, "10.0.0.4")})
	if len(del) != 1 || del[0] != reused || len(q.gone) != 1 || q.gone[0] != other {
		t.Errorf("now %v, later %v", del, q.gone)
	}
}
