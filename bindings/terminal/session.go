package terminal

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Options is how a terminal is handed over.
type Options struct {
	Tty    bool   // the program has a terminal of its own
	Input  bool   // what is typed goes to the program
	Pipe   bool   // the program is not started yet and shall read from In
	Detach string // keys, as ParseKeys reads them; "" for none
}

// Session is one hand-over. Its methods In, Started and Output are what an
// attached start wants. Close it, always: it gives the terminal back.
type Session struct {
	host    Host
	opt     Options
	keys    []byte
	ctx     context.Context
	cancel  context.CancelFunc
	restore func() error

	in, pipe *os.File // both ends of what a program without terminal reads
	once     sync.Once
	busy     sync.WaitGroup
	reading  sync.Mutex // held while input is waited for

	mu       sync.Mutex
	detached bool
	failure  error
}

// Open takes the terminal over. ctx ends the session.
func Open(ctx context.Context, h Host, o Options) (*Session, error) {
	var keys []byte
	var err error
	if o.Detach != "" {
		if keys, err = ParseKeys(o.Detach); err != nil {
			return nil, err
		}
	}
	o.Input = o.Input && h.Stdin() != nil
	s := &Session{host: h, opt: o, keys: keys}
	if o.Input && !o.Tty && o.Pipe {
		if s.in, s.pipe, err = os.Pipe(); err != nil {
			return nil, err
		}
	}
	if o.Input && o.Tty && h.IsTerminal() {
		if s.restore, err = h.Raw(); err != nil {
			return nil, err
		}
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s, nil
}

// Context ends when the session does: by the detach keys, by Close, or with
// what Open got.
func (s *Session) Context() context.Context { return s.ctx }

// Detached says whether the detach keys were typed.
func (s *Session) Detached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.detached
}

// In is what the program is to read; nil for nothing.
func (s *Session) In() *os.File { return s.in }

// Started says that the program runs. input is its terminal or what its input
// is written to, nil if In is read or nothing is; it is the session's now.
func (s *Session) Started(input *os.File) {
	first := false
	s.once.Do(func() {
		first = true
		if s.in != nil {
			_ = s.in.Close() // the program has its own
		}
		s.begin(input)
	})
	if !first && input != nil {
		_ = input.Close()
	}
}

func (s *Session) begin(input *os.File) {
	to := input
	if to == nil {
		to = s.pipe
	}
	if s.opt.Tty && input != nil {
		s.busy.Go(func() { s.follow(input) })
	}
	switch {
	case to == nil:
	case s.opt.Input:
		go s.feed(to) // a program that reads nothing may hold it up for ever
	case !s.opt.Tty:
		_ = to.Close()
	}
}

// feed passes input on, and closes what is no terminal at the end of it.
func (s *Session) feed(to *os.File) {
	keys := &matcher{}
	if s.opt.Tty {
		keys.keys = s.keys
	}
	in, err := dup(s.host.Stdin())
	if err == nil {
		err = feed(s.ctx, in, to, keys, &s.reading)
		_ = unix.Close(in)
	}
	switch {
	case errors.Is(err, errDetached):
		s.mu.Lock()
		s.detached = true
		s.mu.Unlock()
		s.cancel()
	case err != nil:
		s.fail(fault.Wrap("read input", "", err))
	}
	if !s.opt.Tty {
		_ = to.Close()
	}
}

func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = errors.Join(s.failure, err)
}

// follow gives a terminal the size of the window, again whenever that changes,
// and closes it at the end of the session.
func (s *Session) follow(tty *os.File) {
	defer tty.Close()
	changed, end := s.host.Resized()
	defer end()
	for {
		if rows, cols := s.host.Size(); rows > 0 && cols > 0 {
			if err := resize(tty, rows, cols); err != nil {
				return
			}
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return
		}
	}
}

func resize(tty *os.File, rows, cols uint16) error {
	raw, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) {
		_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	})
}

// Output shows what the program prints.
func (s *Session) Output(stream string, chunk []byte) error { return s.host.Write(stream, chunk) }

// Show passes a terminal both ways and returns at the end of what it shows.
// rest is how long to wait for more once ended was closed, for others may
// still hold the terminal. It is instead of Started, and closes the terminal
// at the end of the session.
func (s *Session) Show(tty *os.File, ended <-chan struct{}, rest time.Duration) error {
	fd, err := dup(tty)
	s.Started(tty)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	go func() {
		select {
		case <-ended:
			time.AfterFunc(rest, cancel)
		case <-ctx.Done():
		}
	}()
	return feed(ctx, fd, output{s.host}, &matcher{}, &sync.Mutex{})
}

// output is a host as a writer.
type output struct{ host Host }

func (o output) Write(p []byte) (int, error) { return len(p), o.host.Write("out", p) }

// Close ends the session and gives the terminal back as it was. Its error is
// what went wrong with the input meanwhile.
func (s *Session) Close() error {
	s.cancel()
	s.busy.Wait()
	s.reading.Lock() // from here on nothing is taken from the terminal
	defer s.reading.Unlock()
	for _, f := range []*os.File{s.in, s.pipe} {
		if f != nil {
			_ = f.Close() // closed already, as a rule
		}
	}
	if s.restore != nil {
		if err := s.restore(); err != nil {
			s.fail(fault.Wrap("restore terminal", "", err))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}
