package container

import (
	"time"
)

// Brief is what lists show of a container: little enough to be kept for
// thousands of them in one file.
type Brief struct {
	ID, Name, Image, ImageID string

	Created         time.Time
	Entrypoint, Cmd []string
	Exposed         []string

	State         State
	Starts        int // how often it was started
	Restarts      int
	Code          int
	Unknown       bool      // nobody saw the code
	Started, Ends time.Time // of the last start; Ends is zero while it lives

	// Of a living one.
	Pid   int
	Ticks uint64
	Since time.Time
	Ports []Port
	IP    string

	Due      bool // a restart waits
	Keeps    bool // its policy may start it again
	Passing  bool // it removes itself, and all its records end with the boot
	Fleeting bool // it will soon be otherwise: nothing to keep
}

// Living says whether its first process lives.
func (b *Brief) Living() bool { return b.State == Running || b.State == Paused }

// both says whether what is told of it also depends on its files in the tree
// that ends with the boot: on its facts if it may live, on a restart that waits
// if its policy may want one. A start and an end are written in the other tree
// first, and so is a policy.
func (b *Brief) both() bool {
	return b.Passing || b.Keeps || b.Due || b.Starts > 0 && b.Ends.IsZero()
}

// at is the state that follows from what was noted and one look at the kernel.
// ok is false if what was noted does not hold any more.
func (b *Brief) at(cs *Containers) (s State, ok bool) {
	sight := Sight{Complete: true, Started: b.Starts > 0, Due: b.Due}
	if b.Pid == 0 {
		return sight.State(), true
	}
	var err error
	sight.Alive, sight.Frozen, err = cs.living(b)
	return sight.State(), err == nil && sight.Alive
}
