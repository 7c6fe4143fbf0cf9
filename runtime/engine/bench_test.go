package engine

import (
	"testing"
)

// BenchmarkOnce is the whole life of a container from a program that has the
// engine open: the first row of GOALS.md.
func BenchmarkOnce(b *testing.B) {
	e, err := Open(testOptions(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	for b.Loop() {
		if _, err := e.Once(b.Context(), Spec{Image: "box", Argv: []string{"true"}, Network: "none"}, false, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
