// Package output knows how what a container prints lies in files: per stream
// one file of raw bytes, and beside it marks of where and when.
//
// Bytes go from pipe to file inside the kernel (splice), so a killed keeper
// loses and doubles none. The package does not know whose output it is, nor
// who waits for it.
package output

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/store"
)

// The streams. A terminal has only Out.
const (
	Out = "out"
	Err = "err"
)

// markSize is the length of a mark: offset, Unix nanoseconds and dropped
// bytes, each 8 bytes, little endian.
const markSize = 24

// piece is how much one splice takes at most.
const piece = 1 << 20

// Sink is the writing end of one stream's files. Only one process at a time
// may write a stream.
type Sink struct {
	file, marks *os.File
	offset      int64
	marked      int64 // length of the marks file
	clock       func() time.Time
	null        *os.File // opened when the disk is full
	dropped     int64
}

// OpenSink opens the files of a stream in dir for writing after what is there.
// The caller closes it.
func OpenSink(dir store.Dir, stream string, clock func() time.Time) (*Sink, error) {
	s := &Sink{clock: clock}
	var err error
	if s.file, err = dir.OpenFile(stream, os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if s.marks, err = dir.OpenFile(stream+".marks", os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	if s.offset, err = end(s.file); err == nil {
		s.marked, err = end(s.marks)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.marked -= s.marked % markSize // a torn mark is written over
	return s, nil
}

func end(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// Close closes the files.
func (s *Sink) Close() error {
	err := errors.Join(s.file.Close(), s.marks.Close())
	if s.null != nil {
		err = errors.Join(err, s.null.Close())
	}
	return err
}

// Size is the length of the stream so far.
func (s *Sink) Size() int64 { return s.offset }

// Take moves what the descriptor from has now, and returns how much. 0 without
// an error is the end of the stream; unix.EAGAIN: nothing now. Where the disk
// is full the bytes are dropped and the gap is marked: the container must not
// wait for space.
func (s *Sink) Take(from int) (int64, error) {
	at := s.offset
	now := s.clock().UnixNano()
	n, err := splice(from, int(s.file.Fd()), &s.offset)
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG), errors.Is(err, unix.EIO):
		return s.drop(from)
	case err != nil || n == 0:
		return n, err
	}
	s.mark(at, now)
	return n, nil
}

func splice(from, to int, offset *int64) (int64, error) {
	for {
		n, err := unix.Splice(from, nil, to, offset, piece, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (s *Sink) drop(from int) (int64, error) {
	if s.null == nil {
		var err error
		if s.null, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			return 0, err
		}
	}
	n, err := splice(from, int(s.null.Fd()), nil)
	s.dropped += max(n, 0)
	return n, err
}

// mark notes that the bytes from at on came now, and how many were dropped
// before them. A mark that cannot be written is done without: its bytes then
// belong to the mark before.
func (s *Sink) mark(at, now int64) {
	var m [markSize]byte
	binary.LittleEndian.PutUint64(m[0:], uint64(at))
	binary.LittleEndian.PutUint64(m[8:], uint64(now))
	binary.LittleEndian.PutUint64(m[16:], uint64(s.dropped))
	if n, err := s.marks.WriteAt(m[:], s.marked); err == nil && n == markSize {
		s.marked += markSize
		s.dropped = 0
	}
}
