package container

import (
	"testing"

	"pgregory.net/rapid"

	"neap/runtime/fault"
)

func TestSight(t *testing.T) {
	for _, x := range []struct {
		Sight
		want State
	}{
		{Sight{}, Creating},
		{Sight{Complete: true}, Created},
		{Sight{Complete: true, Started: true}, Exited},
		{Sight{Complete: true, Started: true, Alive: true}, Running},
		{Sight{Complete: true, Started: true, Alive: true, Frozen: true}, Paused},
		{Sight{Complete: true, Started: true, Frozen: true}, Exited},
		{Sight{Complete: true, Started: true, Due: true}, Restarting},
		{Sight{Complete: true, Started: true, Alive: true, Due: true}, Running},
		{Sight{Complete: true, Doomed: true, Held: true, Alive: true}, Removing},
		{Sight{Complete: true, Doomed: true}, Dead},
		{Sight{Complete: true, Damaged: true}, Dead},
	} {
		if got := x.State(); got != x.want {
			t.Errorf("%+v: %s, want %s", x.Sight, got, x.want)
		}
	}
}

// TestMoves walks the table at random: no verb leads out of the known states,
// and what is refused says why and is a conflict.
func TestMoves(t *testing.T) {
	known := map[State]bool{Removed: true}
	for _, s := range States() {
		known[s] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		now := Created
		for range 20 {
			m := rapid.SampledFrom(Moves()).Draw(t, "move")
			err := Check(m.Verb, now)
			if err != nil {
				if !fault.Is(err, fault.Conflict) {
					t.Fatalf("%s when %s: %v is no conflict", m.Verb, now, err)
				}
				continue
			}
			if m.To == "" {
				continue
			}
			if !known[m.To] {
				t.Fatalf("%s leads to %q", m.Verb, m.To)
			}
			if m.To == Removed {
				return
			}
			now = m.To
		}
	})
}

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"web": true, "a": true, "Web_1.2-x": true, "": false, "-a": false, ".a": false, "a/b": false,
		"../x": false, "a b": false, "a\n": false, "$(touch x)": false, "é": false,
	} {
		if err := ValidName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
