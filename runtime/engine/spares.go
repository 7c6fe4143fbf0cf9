package engine

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"neap/runtime/container"
	"neap/runtime/rootfs"
	"neap/runtime/store"
)

// spares are root file systems that are mounted before they are asked for: to
// mount one takes longer than any other step of a start. They are for
// containers that remove themselves, one of which tends to follow another of
// the same image, and are given up when the keeper rests.
//
// Each has its two directories below spareDir, which belongs to the keeper
// alone; what it leaves there the next one sweeps away. Nobody has used one
// before it is taken.
type spares struct {
	lib   store.Dir
	later func(func() error)

	mu    sync.Mutex
	lower []string // of what image they are
	asked int      // how often since the last rest
	ready []spare
	made  int
	busy  bool // one is being made
}

// spare is one of them, and the inodes of its layers.
type spare struct {
	name   string
	root   *os.File
	layers []uint64
}

const (
	spareDir = "spare"
	spareMax = 2
)

func (s spare) upper() string { return spareDir + "/" + s.name + "-upper" }
func (s spare) work() string  { return spareDir + "/" + s.name + "-work" }

// take gives a root for the first start of a container, or nil if none is
// ready. Its directories are the container's from then on.
func (s *spares) take(c *container.Container, lower []string) *os.File {
	one, found := s.next(lower)
	if !found {
		return nil
	}
	err := c.Adopt(s.lib, one.work(), one.upper())
	if err == nil && slices.Equal(one.layers, inodes(lower)) {
		return one.root
	}
	s.drop(one)
	return nil
}

func (s *spares) next(lower []string) (one spare, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.lower, lower) {
		s.forget()
		s.lower = lower
	}
	s.asked++
	if len(s.ready) == 0 {
		return one, false
	}
	one, s.ready = s.ready[0], s.ready[1:]
	return one, true
}

// refill makes what was taken anew, beside the next start. What was asked for
// once is not: it may be the only one.
func (s *spares) refill() {
	s.mu.Lock()
	wanted := s.asked > 1 && !s.busy && len(s.ready) < spareMax
	s.busy = s.busy || wanted
	s.mu.Unlock()
	if wanted {
		s.later(s.make)
	}
}

func (s *spares) make() error {
	s.mu.Lock()
	lower := s.lower
	one := spare{name: strconv.Itoa(s.made)}
	s.made++
	s.mu.Unlock()
	err := s.mount(&one, lower)
	if err != nil || !s.add(one, lower) {
		return errors.Join(err, s.drop(one))
	}
	return nil
}

// add is false if nobody wants it any more: the keeper rested, or there is
// another image.
func (s *spares) add(one spare, lower []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	if one.root == nil || !slices.Equal(s.lower, lower) {
		return false
	}
	s.ready = append(s.ready, one)
	return true
}

func (s *spares) mount(one *spare, lower []string) (err error) {
	if len(lower) == 0 {
		return nil
	}
	if err := s.lib.MkdirAll(spareDir, 0o700); err != nil {
		return err
	}
	one.layers = inodes(lower)
	o := rootfs.Overlay{Lower: lower, Upper: s.lib.Join(one.upper()), Work: s.lib.Join(one.work()), Volatile: true}
	if err := o.Prepare(); err != nil {
		return err
	}
	one.root, err = o.Mount()
	return err
}

// rest gives up what is ready.
func (s *spares) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

// forget drops all. Preconditions: mu is held.
func (s *spares) forget() {
	gone := s.ready
	s.ready, s.lower, s.asked = nil, nil, 0
	if len(gone) > 0 {
		s.later(func() error {
			var all []error
			for _, one := range gone {
				all = append(all, s.drop(one))
			}
			return errors.Join(all...)
		})
	}
}

func (s *spares) drop(one spare) error {
	if one.root != nil {
		_ = one.root.Close()
	}
	return errors.Join(s.lib.RemoveAll(one.upper()), s.lib.RemoveAll(one.work()))
}

// inodes tell a directory of a layer from another that took its place: while it
// is part of a mount, its number is not given out again.
func inodes(dirs []string) []uint64 {
	all := make([]uint64, len(dirs))
	for i, dir := range dirs {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil {
			all[i] = st.Ino
		}
	}
	return all
}
