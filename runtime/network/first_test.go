package network

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFirstPacket calls each new member at once, or lets it call. Of links
// that the kernel lets no packets through yet some lose the first one, in
// every round; a machine that stands still for a moment spares a round.
func TestFirstPacket(t *testing.T) {
	w := host(t)
	const rounds, members = 5, 40
	var lost [rounds]int
	for round := range rounds {
		for i := range members {
			if !w.answersAtOnce(t, fmt.Sprint("c", round, "-", i), i%2 == 0) {
				lost[round]++
			}
		}
		if lost[round] == 0 {
			return
		}
	}
	t.Errorf("lost first packets of %d members, by rounds: %v", members, lost)
}

// answersAtOnce makes a member, and says whether the first packet from the
// host to it, or else from it to the host, came through. A lost one is sent
// again after a second.
func (w world) answersAtOnce(t *testing.T, id string, fromHost bool) bool {
	t.Helper()
	m := w.member(t, "", id)
	serve(t, m.ns, ":80", "c")
	ns, to := m.ns, m.Gateway.String()+":81"
	if fromHost {
		ns, to = nil, m.IP.String()+":80"
	}
	first := func(limit time.Duration) error {
		_, err := call(ns, to, limit)
		if !fromHost && errors.Is(err, unix.ECONNREFUSED) { // it answers
			return nil
		}
		return err
	}
	err := first(900 * time.Millisecond)
	atOnce := !os.IsTimeout(err)
	if !atOnce {
		err = first(10 * time.Second)
	}
	if err != nil {
		t.Error(id, err)
	}
	return atOnce
}
