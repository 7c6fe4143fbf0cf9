package sandbox

import (
	"io"
	"runtime"
)

// stocked is how many of a stock wait to be used.
const stocked = 2

// A stock is things that are made before they are asked for. What was taken is
// made anew when refill says that there is time.
type stock[T io.Closer] struct {
	ready chan made[T]
	wake  chan struct{}
	ended chan struct{}
	over  chan struct{}
}

type made[T io.Closer] struct {
	one T
	err error
}

func newStock[T io.Closer](make1 func() (T, error)) *stock[T] {
	s := &stock[T]{make(chan made[T], stocked), make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
	go s.keep(make1)
	return s
}

// keep makes them on a thread of its own, which may go into other namespaces
// meanwhile.
func (s *stock[T]) keep(make1 func() (T, error)) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	defer close(s.over)
	for {
		for len(s.ready) < stocked {
			one, err := make1()
			s.ready <- made[T]{one, err}
		}
		select {
		case <-s.wake:
		case <-s.ended:
			for len(s.ready) > 0 {
				(<-s.ready).close()
			}
			return
		}
	}
}

func (m made[T]) close() {
	if m.err == nil {
		m.one.Close()
	}
}

// try gives one if there is one.
func (s *stock[T]) try() (one T, ok bool) {
	select {
	case m := <-s.ready:
		return m.one, m.err == nil
	default:
		return one, false
	}
}

// take gives one, and waits for it if none is ready.
func (s *stock[T]) take() (T, error) {
	if one, ok := s.try(); ok {
		return one, nil
	}
	s.refill()
	m := <-s.ready
	return m.one, m.err
}

func (s *stock[T]) refill() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close gives up what is ready. Nothing may be taken any more.
func (s *stock[T]) close() {
	close(s.ended)
	<-s.over
}
