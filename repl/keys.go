package repl

import (
	"bytes"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// A terminal that was told pasteOn puts pasteBegin and pasteEnd around what is
// pasted.
const (
	pasteOn    = "\x1b[?2004h"
	pasteOff   = "\x1b[?2004l"
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// keys stands between a terminal and liner. It reads only while somebody
// prompts, so that what is typed at other times is there for whoever has the
// terminal then, and makes one line of a paste.
type keys struct {
	from  int // the terminal
	to    *os.File
	paste paste
}

// listen passes keys on until the returned function is called.
func (k *keys) listen() (stop func(), err error) {
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		k.pump(int(woken.Fd()))
	}()
	return func() {
		_ = wake.Close() // wakes the pump
		<-over
		_ = woken.Close()
	}, nil
}

func (k *keys) pump(woken int) {
	buf := make([]byte, 4096)
	for {
		fds := []unix.PollFd{{Fd: int32(k.from), Events: unix.POLLIN}, {Fd: int32(woken), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			k.end()
			return
		}
		switch {
		case fds[1].Revents != 0:
			return
		case fds[0].Revents == 0:
			continue
		}
		n, err := unix.Read(k.from, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if n <= 0 {
			k.end()
			return
		}
		if _, err := k.to.Write(k.paste.filter(buf[:n])); err != nil {
			return
		}
	}
}

// end tells liner that the terminal is gone.
func (k *keys) end() { _ = k.to.Close() }

// paste makes one line of what is pasted: line ends become marks, those at its
// end nothing; tabs become spaces; other control characters go.
type paste struct {
	inside bool
	held   []byte // the beginning of what may become a pasteBegin or pasteEnd
	ends   int    // line ends not written yet
	cr     bool   // the last byte was a carriage return
}

func (p *paste) filter(in []byte) (out []byte) {
	in = append(p.held, in...)
	p.held = nil
	for len(in) > 0 {
		bracket, least := pasteBegin, 2 // a lone escape is a key
		if p.inside {
			bracket, least = pasteEnd, 1
		}
		switch {
		case bytes.HasPrefix(in, []byte(bracket)):
			p.inside, p.ends, p.cr = !p.inside, 0, false
			in = in[len(bracket):]
			continue
		case len(in) >= least && len(in) < len(bracket) && bracket[:len(in)] == string(in):
			p.held = bytes.Clone(in)
			return out
		case p.inside:
			out = p.pasted(out, in[0])
		default:
			out = append(out, in[0])
		}
		in = in[1:]
	}
	return out
}

func (p *paste) pasted(out []byte, c byte) []byte {
	after := p.cr
	p.cr = c == '\r'
	switch {
	case c == '\n' && after:
		return out
	case c == '\n' || c == '\r':
		p.ends++
		return out
	case c < ' ' && c != '\t' || c == 0x7f:
		return out
	}
	for ; p.ends > 0; p.ends-- {
		out = append(out, mark...)
	}
	if c == '\t' {
		return append(out, "    "...)
	}
	return append(out, c)
}
