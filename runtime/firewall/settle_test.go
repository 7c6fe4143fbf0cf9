package firewall

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// TestStays is a port that another container takes while the old rule still
// waits for its removal: the new one comes first, and the old one can go later.
func TestStays(t *testing.T) {
	f, ctx := wall(t, "aaaa000c"), t.Context()
	old := some(1, "0.0.0.0")
	next := slices.Clone(old)
	next[0].Container, next[0].ContainerIP = strings.Repeat("b", 64), netip.MustParseAddr("172.30.7.7")
	must(t, f.Publish(ctx, old))
	must(t, f.Apply(ctx, Change{Add: next, Stay: old}))
	listed(t, f, 2)
	text := dump(t)
	if first, second := strings.Index(text, "172.30.7.7"), strings.Index(text, old[0].ContainerIP.String()); first < 0 || second < first {
		t.Error(text)
	}
	must(t, f.Publish(ctx, nil))
	listed(t, f, 2)
	must(t, f.Withdraw(ctx, old))
	listed(t, f, 1)
}

// TestManyGo: when most rules go, the chains are written anew, with what stays
// in its order.
func TestManyGo(t *testing.T) {
	f, ctx := wall(t, "aaaa000d"), t.Context()
	rules := some(300, "127.0.0.1")
	must(t, f.Publish(ctx, rules))
	next := rules[0]
	next.Container, next.ContainerIP = strings.Repeat("c", 64), netip.MustParseAddr("172.30.7.8")
	must(t, f.Apply(ctx, Change{Add: []Rule{next}, Stay: rules[:1]}))
	must(t, f.Withdraw(ctx, rules[10:]))
	listed(t, f, 11)
	text := dump(t)
	if first, second := strings.Index(text, "172.30.7.8"), strings.Index(text, rules[0].ContainerIP.String()+":"); first < 0 || second < first {
		t.Error(text)
	}
	added, deleted, err := f.Repair(ctx, []Bridge{back, sealed}, append(rules[1:10:10], next))
	if added != 0 || deleted != 1 || err != nil {
		t.Errorf("added %d, deleted %d, %v", added, deleted, err)
	}
	listed(t, f, 10)
	must(t, f.Withdraw(ctx, append(rules[1:10:10], next)))
	listed(t, f, 0)
}
