package image

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"neap/runtime/rootfs"
)

// ahead inflates and sums in a goroutine of its own, a few buffers before its
// reader, so that one processor inflates while another makes files.
type ahead struct {
	sum  hash.Hash // of the plain content, once its end was read
	size int64     // of it, too
	full chan piece
	free chan []byte
	stop chan struct{}
	now  piece
	at   int
}

type piece struct {
	buf []byte
	n   int
	err error
}

// readAhead is the plain content of r. The caller closes it, and must not close
// or read r before its end was seen or Close was called.
func readAhead(r io.Reader) (*ahead, error) {
	const buffers, size = 4, 256 << 10
	plain, err := rootfs.Decompress(r)
	if err != nil {
		return nil, err
	}
	a := &ahead{sum: sha256.New(), full: make(chan piece, buffers), free: make(chan []byte, buffers), stop: make(chan struct{})}
	for range buffers {
		a.free <- make([]byte, size)
	}
	go a.run(plain)
	return a, nil
}

func (a *ahead) run(plain io.ReadCloser) {
	defer plain.Close()
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.stop:
			return
		}
		n, err := io.ReadAtLeast(plain, buf, len(buf)/2)
		_, _ = a.sum.Write(buf[:n]) // a hash takes everything
		a.size += int64(n)
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // the end in mid-buffer; how it ended is told by the next read
		}
		select {
		case a.full <- piece{buf, n, err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for a.at == a.now.n {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.buf != nil {
			a.free <- a.now.buf
		}
		a.now, a.at = <-a.full, 0
	}
	n := copy(p, a.now.buf[a.at:a.now.n])
	a.at += n
	return n, nil
}

// Close ends the reading ahead; it does not wait for a read that is under way.
func (a *ahead) Close() error {
	close(a.stop)
	return nil
}
