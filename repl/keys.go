package repl

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"time"

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

// burst is how many bytes at once nobody types: a terminal that marks no pastes
// pastes then, until it is idle for a pause.
const (
	burst = 512
	pause = 50 * time.Millisecond
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
		n, err := k.read(buf, woken, -1)
		switch {
		case errors.Is(err, errWoken):
			return
		case err != nil:
			k.end()
			return
		}
		out := k.paste.filter(buf[:n])
		if n >= burst && !k.paste.inside && !bytes.Contains(buf[:n], []byte(pasteEnd)) {
			out = k.rest(out, buf, woken)
		}
		if _, err := k.to.Write(out); err != nil {
			return
		}
		if !k.paste.inside && bytes.ContainsAny(out, "\r\n\x03") {
			return // the prompt ends: what follows is for whoever has the terminal then
		}
	}
}

// rest is what a terminal pastes without saying so: all that comes without a
// pause. If it is one line with Enter, Enter is meant.
func (k *keys) rest(begun, buf []byte, woken int) []byte {
	all := bytes.Clone(begun)
	for {
		n, err := k.read(buf, woken, pause)
		if err != nil || n == 0 {
			break
		}
		all = append(all, k.paste.filter(buf[:n])...)
	}
	end := bytes.TrimRight(all, "\r\n")
	line := k.paste.line(end)
	if !bytes.ContainsAny(end, "\r\n") {
		line = append(line, all[len(end):]...)
	}
	return line
}

// errWoken says that nobody prompts any more.
var errWoken = errors.New("woken")

// read waits for keys; 0 bytes are none for a while. What ends it is errWoken or
// that the terminal is gone.
func (k *keys) read(buf []byte, woken int, wait time.Duration) (int, error) {
	for {
		fds := []unix.PollFd{{Fd: int32(k.from), Events: unix.POLLIN}, {Fd: int32(woken), Events: unix.POLLIN}}
		millis := int(wait.Milliseconds())
		if wait < 0 {
			millis = -1
		}
		ready, err := unix.Poll(fds, millis)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case fds[1].Revents != 0:
			return 0, errWoken
		case ready == 0:
			return 0, nil
		}
		n, err := k.some(buf)
		switch {
		case errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN):
			continue
		case n <= 0:
			return 0, os.ErrClosed
		}
		return n, nil
	}
}

// some reads a key, or more where so much waits that it is a paste. An escape
// comes with what belongs to it.
func (k *keys) some(buf []byte) (int, error) {
	waiting, err := unix.IoctlGetInt(k.from, unix.TIOCINQ)
	if err != nil || waiting >= burst || k.paste.inside {
		return unix.Read(k.from, buf)
	}
	n, err := unix.Read(k.from, buf[:1])
	if n == 1 && buf[0] == '\x1b' && waiting > 1 {
		more, err := unix.Read(k.from, buf[1:min(waiting, len(pasteBegin))])
		return n + max(more, 0), err
	}
	return n, err
}

// end tells liner that the terminal is gone.
func (k *keys) end() { _ = k.to.Close() }

// paste makes one line of what is pasted, at its end: fold says in which form.
type paste struct {
	fold   func(text string) string
	inside bool
	held   []byte // the beginning of what may become a pasteBegin or pasteEnd
	text   []byte // what was pasted so far
}

func (p *paste) filter(in []byte) (out []byte) {
	if p.inside && string(in) == "\x03" { // Ctrl-C by itself: the end never came
		p.inside, p.text, p.held = false, nil, nil
		return in
	}
	in = append(p.held, in...)
	p.held = nil
	for len(in) > 0 {
		bracket, least := pasteBegin, 2 // a lone escape is a key
		if p.inside {
			bracket, least = pasteEnd, 1
		}
		at := bytes.IndexByte(in, '\x1b')
		if at < 0 {
			at = len(in)
		}
		out = p.take(out, in[:at])
		in = in[at:]
		switch {
		case bytes.HasPrefix(in, []byte(bracket)):
			if p.inside {
				out = append(out, p.line(p.text)...)
				p.text = nil
			}
			p.inside = !p.inside
			in = in[len(bracket):]
		case len(in) >= least && len(in) < len(bracket) && bracket[:len(in)] == string(in):
			p.held = bytes.Clone(in)
			return out
		case len(in) > 0:
			out = p.take(out, in[:1])
			in = in[1:]
		}
	}
	return out
}

// take is what becomes of bytes that are no bracket.
func (p *paste) take(out, in []byte) []byte {
	if p.inside {
		p.text = append(p.text, in...)
		return out
	}
	return append(out, in...)
}

// line is a pasted text as a line: without the line ends at its end, with
// spaces for tabs, without other control characters.
func (p *paste) line(text []byte) []byte {
	s := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(string(text))
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimRight(s, "\n"))
	return []byte(p.fold(s))
}
