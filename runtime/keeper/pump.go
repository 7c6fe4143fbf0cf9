package keeper

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"neap/runtime/output"
)

// pump moves what comes from a pipe, or from a terminal through a pipe, into
// its file until the last writer is gone.
type pump struct {
	l      *life
	stream string
	sink   *output.Sink
	from   int // the pipe
	to     int // its writing end, of a terminal
	tty    int // -1 for none
	wait   *wait

	mu   sync.Mutex // held while it moves
	over bool
}

// turn is how many times a pump takes from a pipe before others have their
// turn. One that does not come to rest within it would keep a processor for as
// long as Go lets it.
const turn = 16

// pump starts to move a stream. Where nothing is left of it, it is over at
// once.
func (k *keeper) pump(l *life, stream string, sink *output.Sink, near map[string]*os.File) {
	p := &pump{l: l, stream: stream, sink: sink, tty: -1}
	if err := p.open(near); err != nil {
		_ = sink.Close()
		return
	}
	watched := p.from
	if p.tty >= 0 {
		watched = p.tty
	}
	p.wait = k.poll.wait(watched, p.turn)
	l.pumping(p)
	p.wait.arm()
}

func (p *pump) open(near map[string]*os.File) (err error) {
	if near["tty"] == nil {
		p.from, err = number(near[p.stream])
		return err
	}
	if p.tty, err = number(near["tty"]); err != nil {
		return err
	}
	if p.to, err = number(near["tty-to"]); err != nil {
		return err
	}
	p.from, err = number(near["tty-from"])
	return err
}

// turn moves what is there now.
func (p *pump) turn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	move := p.take
	if p.tty >= 0 {
		move = p.takeTty
	}
	for range turn {
		switch n, err := move(); {
		case n > 0, errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			p.wait.arm()
			return
		default:
			p.end()
			return
		}
	}
	p.wait.arm()
}

func (p *pump) take() (int64, error) {
	n, err := p.sink.Take(p.from)
	if n > 0 {
		p.l.grown(p.stream, p.sink.Size())
	}
	return n, err
}

// takeTty does the same for a terminal. Its end is EIO: the last one who had
// it open is gone.
func (p *pump) takeTty() (int64, error) {
	for n, _ := p.take(); n > 0; n, _ = p.take() {
	}
	return unix.Splice(p.tty, nil, p.to, nil, pipeSize, unix.SPLICE_F_NONBLOCK)
}

// stop ends a pump whose writers may still be there.
func (p *pump) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.end()
	}
}

// end is the last act of a pump. Preconditions: mu is held.
func (p *pump) end() {
	p.over = true
	p.wait.stop()
	_ = p.sink.Close()
	p.l.pumped()
}
