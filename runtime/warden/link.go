package warden

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Exit is how a process ended, as the warden saw it.
type Exit struct {
	Pid    int
	Ticks  uint64
	Status unix.WaitStatus
	Time   time.Time
	Unborn bool // it ended at its gate: its program never ran
}

// Key names an exit: the name of its link.
func (e Exit) Key() string { return fmt.Sprintf("%d-%d", e.Pid, e.Ticks) }

// ParseExit reads a link below Exits: its name and its target.
func ParseExit(name, target string) (Exit, error) {
	var e Exit
	var status uint32
	var nanos int64
	if _, err := fmt.Sscanf(name+" "+target, "%d-%d %d %d %t", &e.Pid, &e.Ticks, &status, &nanos, &e.Unborn); err != nil {
		return e, fmt.Errorf("exit %q → %q: %w", name, target, err)
	}
	e.Status, e.Time = unix.WaitStatus(status), time.Unix(0, nanos)
	return e, nil
}

// Held is descriptors by their group and their name in it.
type Held map[string]map[string]*os.File

// Link is the keeper's end of the wire. Its methods may be called from
// anywhere.
type Link struct {
	root  string
	log   *os.File
	wire  wire
	mu    sync.Mutex
	held  Held // what this keeper holds beside the warden
	ready *os.File
}

// Connect takes the wire that the warden left for this keeper and gives what
// is held. The files are the link's: Drop closes them.
//
// Preconditions: this process was started by a warden, as KeeperRole.
func Connect(root string) (*Link, Held, error) {
	_ = unix.SetNonblock(wireFD, true) // before the poller sees it
	f := inherited(wireFD, "warden")
	if f == nil {
		return nil, nil, fmt.Errorf("%s was not started by a warden", KeeperRole)
	}
	l := &Link{root: root, log: os.Stderr, wire: wire{f}, held: Held{}, ready: inherited(readyFD, "ready")}
	for {
		words, fd, err := l.wire.receive()
		if err != nil {
			return nil, nil, fmt.Errorf("the warden's greeting: %w", err)
		}
		if words[0] == "ready" {
			return l, l.held.clone(), nil
		}
		if words[0] == "held" && fd >= 0 {
			group, name := split(words[1])
			l.held.add(group, name, os.NewFile(uintptr(fd), name))
		}
	}
}

// Ready tells the caller that waits for the first keeper that it listens, or
// why it cannot. Later calls do nothing.
func (l *Link) Ready(err error) {
	if l.ready == nil {
		return
	}
	word := "+"
	if err != nil {
		word = err.Error()
	}
	_, _ = l.ready.WriteString(word)
	_ = l.ready.Close()
	l.ready = nil
}

func (h Held) add(group, name string, f *os.File) {
	if h[group] == nil {
		h[group] = map[string]*os.File{}
	}
	h[group][name] = f
}

func (h Held) clone() Held {
	other := Held{}
	for group, files := range h {
		other[group] = maps.Clone(files)
	}
	return other
}

// split takes the name apart that a descriptor has on the wire.
func split(whole string) (group, name string) {
	at := strings.LastIndexByte(whole, '/')
	return whole[:max(at, 0)], whole[at+1:]
}

// Hold makes f outlive this keeper under a name in a group. The file is the
// link's from now on. A name has no slash.
func (l *Link) Hold(group, name string, f *os.File) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.wire.sendFile(f, "hold %s/%s", group, name); err != nil {
		return errors.Join(ErrGone, err)
	}
	l.held.add(group, name, f)
	return nil
}

// Drop closes every held descriptor of a group, here and in the warden.
func (l *Link) Drop(group string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name, f := range l.held[group] {
		names = append(names, group+"/"+name)
		_ = f.Close()
	}
	for some := range slices.Chunk(names, dropped) {
		_ = l.wire.send(-1, "drop %s", strings.Join(some, " "))
	}
	delete(l.held, group)
}

// Listen calls ended for each exit that the warden tells, until the warden is
// gone: then it starts another, hands it all that is held, and returns. The
// keeper ends itself then, with a status other than 0, and the new warden
// starts another one.
func (l *Link) Listen(ended func(Exit)) error {
	for {
		words, _, err := l.wire.receive()
		if err != nil {
			break
		}
		if words[0] != "exit" || len(words) != 6 {
			continue
		}
		e, err := ParseExit(words[1]+"-"+words[2], words[3]+" "+words[4]+" "+words[5])
		if err == nil {
			ended(e)
		}
	}
	l.mu.Lock() // for good: nothing is held or dropped any more
	var err error
	for range 10 {
		if err = again(l.root, l.log, l.held); err == nil {
			return nil
		}
	}
	return err
}

// ErrGone is the error of Hold when the warden died: the next keeper has to do
// what was asked.
var ErrGone = errors.New("the warden is gone")
