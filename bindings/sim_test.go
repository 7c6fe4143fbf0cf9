package bindings_test

import (
	"testing"

	"neap/bindings"
	"neap/bindings/plan"
	"neap/bindings/sim"
	"neap/lua/std"
)

// simulate makes a hall whose doorways lead to a simulation.
func simulate(t *testing.T) *hall {
	t.Helper()
	o := options("")
	w := sim.New(sim.Options{Version: o.Version, Builtin: o.Builtin})
	r := &hall{t: t}
	planner := plan.New(plan.Options{Now: w.Now, Host: std.Effects{}.Do})
	rt := bindings.Runtime{Nouns: planner.Over(w.Nouns()), Planner: planner, Terminal: paper{&r.screen}, Now: w.Now}
	r.h = newHost(t, bindings.All(rt), &r.out, w.Clock)
	return r
}
