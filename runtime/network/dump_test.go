package network

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"
)

func TestDump(t *testing.T) {
	calls := 0
	list := func(interrupted int, other error) func() (int, error) {
		calls = 0
		return func() (int, error) {
			if calls++; calls <= interrupted {
				return calls, netlink.ErrDumpInterrupted
			}
			return calls, other
		}
	}
	broken := errors.New("broken")
	for _, c := range []struct {
		interrupted, want int
		err               error
	}{{0, 1, nil}, {3, 4, nil}, {1000, dumps, nil}, {2, 3, broken}} {
		if got, err := dump(list(c.interrupted, c.err)); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%+v: %d %v", c, got, err)
		}
	}
}
