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
	"io"
	"io/fs"
	"os"
	"slices"
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

// Files is where the streams of one container lie: a directory below Dir, made
// with the first byte of output.
type Files struct {
	Dir  store.Dir
	Path string
}

func (f Files) name(stream string) string { return f.Path + "/" + stream }

// Sink is the writing end of one stream's files. Only one process at a time
// may write a stream.
type Sink struct {
	where       Files
	stream      string
	file, marks *os.File // nil until something comes
	offset      int64
	marked      int64 // length of the marks file
	clock       func() time.Time
	null        *os.File // opened when the disk is full
	dropped     int64
}

// OpenSink opens a stream for writing after what is there. What is not there is
// made with the first byte. The caller closes it, and where.Dir after it.
func OpenSink(where Files, stream string, clock func() time.Time) (*Sink, error) {
	s := &Sink{where: where, stream: stream, clock: clock}
	if !where.Dir.Exists(where.name(stream)) {
		return s, nil
	}
	return s, s.open()
}

// open opens the files, making them if need be: the marks first, so that a
// stream never lacks them.
func (s *Sink) open() (err error) {
	name, flags := s.where.name(s.stream), os.O_WRONLY|os.O_CREATE
	marks, err := s.where.Dir.OpenFile(name+".marks", flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.where.Dir.Mkdir(s.where.Path, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			marks, err = s.where.Dir.OpenFile(name+".marks", flags, 0o600)
		}
	}
	if err != nil {
		return err
	}
	file, err := s.where.Dir.OpenFile(name, flags, 0o600)
	if err != nil {
		return errors.Join(err, marks.Close())
	}
	s.file, s.marks = file, marks
	if s.offset, err = end(s.file); err == nil {
		s.marked, err = end(s.marks)
	}
	s.marked -= s.marked % markSize // a torn mark is written over
	if err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
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
	var all []error
	for _, f := range []*os.File{s.file, s.marks, s.null} {
		if f != nil {
			all = append(all, f.Close())
		}
	}
	s.file, s.marks, s.null = nil, nil, nil
	return errors.Join(all...)
}

// Size is the length of the stream so far.
func (s *Sink) Size() int64 { return s.offset }

// Take moves what the descriptor from has now, and returns how much. 0 without
// an error is the end of the stream; unix.EAGAIN: nothing now. Where the disk
// is full the bytes are dropped and the gap is marked: the container must not
// wait for space.
func (s *Sink) Take(from int) (int64, error) {
	if s.file == nil {
		if err := waiting(from); err != nil {
			return 0, ignoreEnd(err)
		}
		if err := s.open(); lasting(err) {
			return s.drop(from)
		} else if err != nil {
			return 0, err
		}
	}
	at := s.offset
	now := s.clock().UnixNano()
	n, err := splice(from, int(s.file.Fd()), &s.offset)
	switch {
	case lasting(err):
		return s.drop(from)
	case err != nil || n == 0:
		return n, err
	}
	s.mark(at, now)
	return n, nil
}

// lasting says whether err is why nothing can be written, and the container must
// not wait for that to end: the disk is full or broken, the container is gone.
func lasting(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG, unix.EIO, unix.EROFS, unix.ENOENT},
		func(reason error) bool { return errors.Is(err, reason) })
}

// waiting is nil if bytes wait in a pipe, io.EOF if none can come any more, and
// unix.EAGAIN if none are there now.
func waiting(pipe int) error {
	set := []unix.PollFd{{Fd: int32(pipe), Events: unix.POLLIN}}
	switch _, err := unix.Poll(set, 0); {
	case errors.Is(err, unix.EINTR):
		return waiting(pipe)
	case err != nil:
		return err
	case set[0].Revents&unix.POLLIN != 0:
		return nil
	case set[0].Revents != 0:
		return io.EOF
	}
	return unix.EAGAIN
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
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
