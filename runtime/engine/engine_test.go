package engine

import (
	"testing"
)

func TestOnce(t *testing.T) {
	e := open(t)
	r := run(t, e, Spec{Image: "box", Argv: []string{"echo", "hello"}, Network: "none"})
	if r.ExitCode != 0 || string(r.Stdout) != "hello\n" {
		t.Errorf("%+v: %q %q", r, r.Stdout, r.Stderr)
	}
}
