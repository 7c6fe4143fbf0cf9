package network

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// dumps is how often a list is asked for that others change meanwhile.
const dumps = 16

// dump asks for a list again while the kernel says that it changed on the way.
// On a host where it always does, the last one is taken: what was there all the
// time is in each.
func dump[T any](list func() (T, error)) (all T, err error) {
	for range dumps {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return all, err
		}
	}
	return all, nil
}
