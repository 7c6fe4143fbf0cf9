package container

import (
	"cmp"
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"neap/runtime/fault"
	"neap/runtime/process"
	"neap/runtime/store"
)

// indexFile holds the notes of the last listing. It may be removed, or be
// wrong in any way but one: it is not written by anybody else.
//
// A note is a Brief and the stamps of the directories that it was made from.
// Whoever changes a container replaces a file in one of them, so a note holds
// as long as they have the same stamps; nobody has to tell the index. What
// changed less than store.Grain before it was read is not noted, as it might
// change again under the same stamp. What the kernel knows, whether the
// process lives and is frozen, is never noted. Two who list at once write one
// after the other or not at all: any index will do.
const (
	indexFile = ".index"
	indexLock = ".index.lock"
)

// note is a Brief and the stamps of the directories it was made from.
type note struct {
	Brief
	lib, run store.Stamp
}

// index is what was noted: of which containers, the newest first, and the
// stamp that the directory of all of them had, the zero one if it has to be
// read again.
type index struct {
	all   store.Stamp
	notes []note
}

// Listing is a look at all containers: some are known from notes, the others
// have to be looked at one by one.
type Listing struct {
	Unknown []string // ids of those to look at; Add what they are

	cs     *Containers
	now    int64
	all    store.Stamp
	known  []*note
	stamps map[string]stamps // of the unknown, read before they are looked at
	stale  int               // how many the index lacks
	moved  bool              // the index tells of another set of containers
	quiet  bool              // nothing is to be noted
}

// Listing begins a look at all containers. It takes no lock.
func (cs *Containers) Listing(ctx context.Context) (*Listing, error) {
	l := &Listing{cs: cs, now: time.Now().UnixNano(), quiet: store.Glancing(ctx), stamps: map[string]stamps{}}
	l.all = cs.dir.Stamp(".")
	found, err := l.candidates(cs.readIndex())
	if err != nil {
		return nil, fault.Wrap("list containers", "", err)
	}
	l.check(ctx, found)
	return l, ctx.Err()
}

// candidates gives a note for each container there is, empty but for the id if
// nothing was noted.
func (l *Listing) candidates(noted index) ([]*note, error) {
	all := make([]*note, 0, len(noted.notes))
	if noted.all == l.all && l.all.Inode != 0 {
		for i := range noted.notes {
			all = append(all, &noted.notes[i])
		}
		return all, nil
	}
	ids, err := l.cs.IDs()
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	for i := range noted.notes {
		if n := &noted.notes[i]; there[n.ID] {
			all = append(all, n)
			delete(there, n.ID)
		}
	}
	l.moved = l.settled(l.all)
	for id := range there {
		all = append(all, &note{Brief: Brief{ID: id}})
	}
	return all, nil
}

// stamps are those of the directories of a container.
type stamps struct {
	lib, run store.Stamp
	same     bool // as when the note was made
}

// check sorts out whose note does not hold.
func (l *Listing) check(ctx context.Context, found []*note) {
	now := make([]stamps, len(found))
	inParts(len(found), func(i int) {
		if ctx.Err() == nil {
			now[i] = l.compare(found[i])
		}
	})
	for i, n := range found {
		if now[i].same {
			l.known = append(l.known, n)
			continue
		}
		l.Unknown = append(l.Unknown, n.ID)
		l.stamps[n.ID] = now[i]
	}
}

// compare looks whether a note holds, and gives it the state that follows. The
// zero stamps of an empty note are those of no directory that is there.
func (l *Listing) compare(n *note) stamps {
	now := stamps{lib: l.cs.dir.Stamp(n.ID)}
	now.same = n.lib == now.lib && now.lib.Inode != 0
	if !now.same || n.both() {
		now.run = l.cs.run.Stamp(n.ID)
		now.same = now.same && n.run == now.run
	}
	if now.same {
		n.State, now.same = n.at(l.cs)
	}
	return now
}

// inParts calls do with 0 to n-1, on all processors: each takes a part when it
// has done one, as those that live take longer and come first.
func inParts(n int, do func(i int)) {
	const part = 64
	var all sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n/part+1) {
		all.Go(func() {
			for {
				from := int(next.Add(part)) - part
				if from >= n {
					return
				}
				for i := from; i < min(from+part, n); i++ {
					do(i)
				}
			}
		})
	}
	all.Wait()
}

// Add tells what an unknown one is.
func (l *Listing) Add(b Brief) {
	n := note{Brief: b, lib: l.stamps[b.ID].lib, run: l.stamps[b.ID].run}
	switch {
	case b.Fleeting:
	case l.settled(n.lib) && l.settled(n.run):
		l.stale++
	default:
		n.Fleeting = true
	}
	l.known = append(l.known, &n)
}

func (l *Listing) settled(s store.Stamp) bool { return s.Time < l.now-store.Grain }

// Briefs gives all, the newest first, and notes what is new if that pays.
func (l *Listing) Briefs() []*Brief {
	newest := func(a, b *note) int {
		return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	}
	if !slices.IsSortedFunc(l.known, newest) {
		slices.SortFunc(l.known, newest)
	}
	if !l.quiet && (l.moved || l.stale > len(l.known)/256) {
		l.cs.writeIndex(l)
	}
	all := make([]*Brief, len(l.known))
	for i, n := range l.known {
		all[i] = &n.Brief
	}
	return all
}

// living asks the kernel for what was noted.
func (cs *Containers) living(b *Brief) (alive, frozen bool, err error) {
	state, alive := process.Peek(b.Pid, b.Ticks)
	if !alive || !cs.tree.MayBeFrozen(state) {
		return alive, false, nil
	}
	frozen, err = cs.tree.Group(b.ID).Frozen()
	return alive, frozen, err
}

// readIndex gives what was noted: nothing if there is no index, or it is not
// to be trusted.
func (cs *Containers) readIndex() index {
	f, err := cs.run.Open(indexFile)
	if err != nil {
		return index{}
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return index{}
	}
	body := make([]byte, st.Size())
	if _, err := io.ReadFull(f, body); err != nil {
		return index{}
	}
	return decode(string(body), cs.boot)
}

// writeIndex replaces the index, unless somebody else is at it. What goes
// wrong costs the next listing time and nothing else. Of what is not to be
// kept it has the id: that it is there.
func (cs *Containers) writeIndex(l *Listing) {
	lock, err := cs.run.TryLock(indexLock, store.Exclusive)
	if err != nil || lock == nil {
		return
	}
	defer lock.Unlock()
	notes := slices.Clone(l.known)
	for i, n := range notes {
		if n.Fleeting {
			notes[i] = &note{Brief: Brief{ID: n.ID, Created: n.Created}}
		}
	}
	all := l.all
	if !l.settled(all) {
		all = store.Stamp{}
	}
	_ = cs.run.Write(indexFile, encode(all, notes, cs.boot), 0o600, store.Quick)
}
