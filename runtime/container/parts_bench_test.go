package container

import (
	"fmt"
	"testing"

	"neap/runtime/cgroup"
	"neap/runtime/store"
	"neap/runtime/testenv"
)

// BenchmarkList lists containers that were never started, and looks at the
// state of each, as a table of them does.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{50, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cs := filled(b, n)
			for b.Loop() {
				all, err := cs.List(b.Context())
				if err != nil || len(all) != n {
					b.Fatal(len(all), err)
				}
				for _, c := range all {
					if state, err := c.State(); err != nil || state != Created {
						b.Fatal(state, err)
					}
				}
			}
		})
	}
}

func filled(b *testing.B, n int) *Containers {
	b.Helper()
	testenv.Root(b)
	testenv.Clean(b)
	s, err := store.Open(testenv.Dir(b))
	if err != nil {
		b.Fatal(err)
	}
	tree, err := cgroup.Open(s.Name("neap"))
	if err != nil {
		b.Fatal(err)
	}
	cs, err := Open(Options{Store: s, Cgroups: tree, Boot: "boot"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, err := range []error{cs.Close(), tree.Remove(), s.Close()} {
			if err != nil {
				b.Error(err)
			}
		}
	})
	for i := range n {
		d, err := cs.Draft(b.Context(), fmt.Sprintf("%064x", i))
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Commit(&Plan{ID: d.ID, AutoRemove: true}, &Wish{Name: fmt.Sprint("c", i)}); err != nil {
			b.Fatal(err)
		}
	}
	return cs
}
