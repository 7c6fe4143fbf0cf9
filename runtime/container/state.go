package container

import (
	"slices"
	"strings"

	"neap/runtime/fault"
)

// A State is what a container is doing, in Docker's words.
type State string

// The six states that last, the two that a container passes through, and the
// one that only handles of what is gone show.
const (
	Creating   State = "creating"   // its directory is being filled
	Created    State = "created"    // it never ran: its files equal the image's
	Running    State = "running"    // its first process lives
	Paused     State = "paused"     // it lives, and the freezer holds it
	Restarting State = "restarting" // it ended, and a restart is due
	Exited     State = "exited"     // it ran, and lives no more
	Removing   State = "removing"   // somebody is removing it
	Dead       State = "dead"       // a removal did not finish, or its record is damaged
	Removed    State = "removed"    // it is gone
)

// States lists the states that a container on a root can be in.
func States() []State {
	return []State{Creating, Created, Running, Paused, Restarting, Exited, Removing, Dead}
}

// A Sight is what one look at the kernel and the files shows. Nothing in it is
// remembered.
type Sight struct {
	Complete bool // the directory was renamed into place
	Damaged  bool // its plan cannot be read
	Doomed   bool // a removal's intent is there
	Held     bool // somebody holds its lock
	Started  bool // it was started at least once
	Alive    bool // the recorded process exists, and is not a zombie
	Frozen   bool // the freezer says so
	Due      bool // a restart waits for its time
}

// State is the only place where facts become a state.
func (s Sight) State() State {
	switch {
	case !s.Complete:
		return Creating
	case s.Doomed && s.Held:
		return Removing
	case s.Doomed, s.Damaged:
		return Dead
	case s.Alive && s.Frozen:
		return Paused
	case s.Alive:
		return Running
	case s.Due:
		return Restarting
	case s.Started:
		return Exited
	default:
		return Created
	}
}

// A Move is a verb, the states it is allowed in, and the state it leads to.
type Move struct {
	Verb string
	From []State
	To   State
	Hint string // the way out when it is not allowed
}

// Moves is the whole lifecycle: it feeds the check, the diagram in the
// reference and the tests.
func Moves() []Move {
	return []Move{
		{"start", []State{Created, Exited, Restarting, Running}, Running, "unpause it with: neap unpause"},
		{"pause", []State{Running, Paused}, Paused, "only a running container can be paused: neap start"},
		{"unpause", []State{Paused, Running}, Running, "only a paused container can be unpaused"},
		{"stop", []State{Created, Running, Paused, Restarting, Exited}, Exited, ""},
		{"restart", []State{Created, Running, Paused, Restarting, Exited}, Running, ""},
		{"kill", []State{Running, Paused}, Exited, "it does not run: neap ps -a"},
		{"exec", []State{Running}, Running, "start or unpause it first"},
		{"attach", []State{Running}, Running, "start or unpause it first"},
		{"rename", []State{Created, Running, Paused, Restarting, Exited}, "", ""},
		{"update", []State{Created, Running, Paused, Restarting, Exited}, "", ""},
		{"remove", []State{Created, Exited, Dead}, Removed, "stop it first, or remove it with force: neap rm -f"},
		{"remove by force", []State{Creating, Created, Running, Paused, Restarting, Exited, Dead}, Removed, ""},
	}
}

// Check says why verb is not allowed in the state now, as a fault.Conflict, or
// nil. An unknown verb is a bug and panics.
func Check(verb string, now State) error {
	for _, m := range Moves() {
		if m.Verb != verb {
			continue
		}
		if slices.Contains(m.From, now) {
			return nil
		}
		refused := fault.New(fault.Conflict, "it is %s, and must be %s", now, words(m.From))
		refused.Hint = m.Hint
		return refused
	}
	panic("container: no such verb: " + verb)
}

func words(states []State) string {
	all := make([]string, len(states))
	for i, s := range states {
		all[i] = string(s)
	}
	if len(all) == 1 {
		return all[0]
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}
