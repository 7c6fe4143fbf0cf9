package output

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Chunk is bytes that came together. They are the reader's, until its next
// Next.
type Chunk struct {
	Stream  string
	Time    time.Time
	Bytes   []byte
	Dropped int64 // bytes that a full disk swallowed before these
}

// Reader reads the streams of a container from the beginning, in the order in
// which the bytes came. It is for one goroutine.
type Reader struct {
	where   Files
	streams []*source
}

type source struct {
	name        string
	file, marks *os.File // nil while the stream is not there
	offset      int64    // read so far
	marked      int64    // read so far of the marks
	next        []mark
	body, block []byte // kept from one read to the next
}

type mark struct {
	at      int64
	time    int64
	dropped int64
}

// OpenReader opens the named streams. One that is not there yet is empty until
// it comes. The caller closes it, and where.Dir after it.
func OpenReader(where Files, streams ...string) (*Reader, error) {
	r := &Reader{where: where}
	for _, name := range streams {
		s := &source{name: name}
		r.streams = append(r.streams, s)
		if err := s.open(where); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// open opens the files if they are there.
func (s *source) open(where Files) (err error) {
	if s.file != nil {
		return nil
	}
	file, err := where.Dir.Open(where.name(s.name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.marks, err = where.Dir.Open(where.name(s.name) + ".marks"); err != nil {
		return errors.Join(err, file.Close())
	}
	s.file = file
	return nil
}

// Close closes the files.
func (r *Reader) Close() error {
	var err error
	for _, s := range r.streams {
		if s.file != nil {
			err = errors.Join(err, s.file.Close(), s.marks.Close())
		}
	}
	return err
}

// A Place is a moment in the streams of a container: all before it was
// written earlier.
type Place map[string]struct{ offset, marked int64 }

// End is the place where the streams end now. One that is not there yet begins
// behind it.
func End(where Files, streams ...string) (Place, error) {
	r, err := OpenReader(where, streams...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := Place{}
	for _, s := range r.streams {
		if s.file == nil {
			continue
		}
		at := p[s.name]
		if at.offset, err = end(s.file); err != nil {
			return nil, err
		}
		if at.marked, err = end(s.marks); err != nil {
			return nil, err
		}
		at.marked -= at.marked % markSize
		p[s.name] = at
	}
	return p, nil
}

// Skip leaves out all before the place.
func (r *Reader) Skip(to Place) {
	for _, s := range r.streams {
		s.offset, s.marked = to[s.name].offset, to[s.name].marked
	}
}

// Offsets says how far each stream was read.
func (r *Reader) Offsets() map[string]int64 {
	all := map[string]int64{}
	for _, s := range r.streams {
		all[s.name] = s.offset
	}
	return all
}

// Next gives what came since the last call, at most about a mebibyte a
// stream; none if nothing did.
func (r *Reader) Next() ([]Chunk, error) {
	var all []Chunk
	for _, s := range r.streams {
		err := s.open(r.where)
		var chunks []Chunk
		if err == nil && s.file != nil {
			chunks, err = s.read()
		}
		if err != nil {
			return nil, fmt.Errorf("read output %s: %w", s.name, err)
		}
		all = append(all, chunks...)
	}
	slices.SortStableFunc(all, func(a, b Chunk) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	return all, nil
}

func (s *source) read() ([]Chunk, error) {
	size, err := end(s.file)
	if err != nil || size <= s.offset {
		return nil, err
	}
	want := int(min(size-s.offset, piece))
	s.body = slices.Grow(s.body[:0], want)
	body := s.body[:want]
	n, err := s.file.ReadAt(body, s.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	body = body[:n]
	if err := s.readMarks(s.offset + int64(n)); err != nil {
		return nil, err
	}
	return s.cut(body), nil
}

// readMarks reads marks until one lies behind limit.
func (s *source) readMarks(limit int64) error {
	if s.block == nil {
		s.block = make([]byte, 256*markSize)
	}
	for len(s.next) == 0 || s.next[len(s.next)-1].at < limit {
		n, err := s.marks.ReadAt(s.block, s.marked)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		n -= n % markSize
		if n == 0 {
			return nil
		}
		s.marked += int64(n)
		for m := s.block[:n]; len(m) > 0; m = m[markSize:] {
			s.next = append(s.next, mark{
				int64(binary.LittleEndian.Uint64(m)),
				int64(binary.LittleEndian.Uint64(m[8:])),
				int64(binary.LittleEndian.Uint64(m[16:])),
			})
		}
	}
	return nil
}

// cut divides body, which begins at s.offset, by the marks.
func (s *source) cut(body []byte) []Chunk {
	var chunks []Chunk
	for len(body) > 0 {
		for len(s.next) > 1 && s.next[1].at <= s.offset {
			s.next = s.next[1:]
		}
		n, c := int64(len(body)), Chunk{Stream: s.name}
		if len(s.next) > 0 {
			c.Time = time.Unix(0, s.next[0].time)
			if s.next[0].at == s.offset {
				c.Dropped = s.next[0].dropped
			}
		}
		if len(s.next) > 1 {
			n = min(n, s.next[1].at-s.offset)
		}
		c.Bytes, body = body[:n], body[n:]
		s.offset += n
		chunks = append(chunks, c)
	}
	return chunks
}

// Line is one line of a stream, without its end.
type Line struct {
	Stream  string
	Time    time.Time // when its first byte came
	Text    []byte
	Partial bool // its end is missing: too long, or the stream ended
}

// longest is where a line without end is cut.
const longest = 1 << 20

// Lines puts chunks together to lines.
type Lines struct {
	open map[string]*Line
}

// Add takes a chunk and gives the lines that are complete with it.
func (l *Lines) Add(c Chunk) []Line {
	if l.open == nil {
		l.open = map[string]*Line{}
	}
	var done []Line
	for rest := c.Bytes; len(rest) > 0; {
		line := l.open[c.Stream]
		if line == nil {
			line = &Line{Stream: c.Stream, Time: c.Time}
			l.open[c.Stream] = line
		}
		text, after, found := bytes.Cut(rest, []byte{'\n'})
		if room := longest - len(line.Text); len(text) > room {
			text, after, found = rest[:room], rest[room:], false
			line.Partial = true
		}
		line.Text, rest = append(line.Text, text...), after
		if found || line.Partial {
			done = append(done, *line)
			delete(l.open, c.Stream)
		}
	}
	return done
}

// Rest gives the lines that the streams ended without completing.
func (l *Lines) Rest() []Line {
	var rest []Line
	for _, stream := range []string{Out, Err} {
		if line := l.open[stream]; line != nil {
			line.Partial = true
			rest = append(rest, *line)
		}
	}
	l.open = nil
	return rest
}

// Copy writes all that is there to out and errs, and follows as long as more
// tells that there is more to come: it waits for growth beyond the offsets,
// and is false at the end of all streams.
func (r *Reader) Copy(ctx context.Context, out, errs io.Writer, more func(context.Context, map[string]int64) (bool, error)) error {
	for last := false; ; {
		chunks, err := r.Next()
		if err != nil {
			return err
		}
		for _, c := range chunks {
			to := out
			if c.Stream == Err {
				to = errs
			}
			if _, err := to.Write(c.Bytes); err != nil {
				return err
			}
		}
		if len(chunks) > 0 {
			continue
		}
		if last {
			return nil
		}
		going, err := more(ctx, r.Offsets())
		if err != nil {
			return err
		}
		last = !going
	}
}

// All reads a stream whole.
func All(where Files, stream string) ([]byte, error) {
	f, err := where.Dir.Open(where.name(stream))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(bufio.NewReaderSize(f, 1<<16))
}
