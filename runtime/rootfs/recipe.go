package rootfs

import (
	"archive/tar"
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// A recipe is everything of a tar but the content of its files: with it the
// very bytes of the archive can be made again from what was unpacked, which no
// other way of packing does. It is a sequence of two kinds of records, packed
// with zstd: raw bytes of the archive, and files whose content comes next.
const (
	recipeRaw  = 'R' // length, bytes
	recipeFile = 'F' // length of the name, name, size
)

// scribe writes a recipe while an archive is read through it.
type scribe struct {
	from    io.Reader
	to      *zstd.Encoder // nil: nothing is written
	raw     []byte
	content bool // what is read now is a file's
	spoilt  bool // a file that was named is no more
}

func newScribe(from io.Reader, to io.Writer) (*scribe, error) {
	s := &scribe{from: from}
	if to == nil {
		return s, nil
	}
	var err error
	s.to, err = zstd.NewWriter(to, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	return s, err
}

// Read notes what is read, unless it is a file's content.
func (s *scribe) Read(p []byte) (int, error) {
	const most = 64 << 10
	n, err := s.from.Read(p)
	if s.to == nil || s.content {
		return n, err
	}
	s.raw = append(s.raw, p[:n]...)
	if len(s.raw) >= most {
		if err := s.flush(); err != nil {
			return n, err
		}
	}
	return n, err
}

func (s *scribe) flush() error {
	if len(s.raw) == 0 {
		return nil
	}
	head := binary.AppendUvarint([]byte{recipeRaw}, uint64(len(s.raw)))
	_, err := s.to.Write(append(head, s.raw...))
	s.raw = s.raw[:0]
	return err
}

// file notes that hdr's content is what do reads. The content of a sparse file
// is not what the archive holds for it, and is noted as it is.
func (s *scribe) file(hdr *tar.Header, do func() error) error {
	if s.to == nil || hdr.Size == 0 || sparse(hdr) {
		return do()
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.content = true
	err := do()
	s.content = false
	if err != nil {
		return err
	}
	record := binary.AppendUvarint([]byte{recipeFile}, uint64(len(hdr.Name)))
	record = binary.AppendUvarint(append(record, hdr.Name...), uint64(hdr.Size))
	_, err = s.to.Write(record)
	return err
}

func sparse(hdr *tar.Header) bool {
	if hdr.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range hdr.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (s *scribe) close() error {
	if s.to == nil {
		return nil
	}
	return errors.Join(s.flush(), s.to.Close())
}

// Repack writes the archive that was unpacked into dir, by its recipe. What
// comes out is the same to the byte only if the files still are: the caller
// compares digests. A recipe that is damaged, or a file that is gone, is
// fault.Damaged.
func Repack(recipe io.Reader, dir *os.File, w io.Writer) error {
	z, err := zstd.NewReader(recipe, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return spoilt(err)
	}
	defer z.Close()
	in := bufio.NewReaderSize(z, 64<<10)
	for {
		kind, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return spoilt(err)
		}
		if err := repackOne(kind, in, dir, w); err != nil {
			return err
		}
	}
}

func repackOne(kind byte, in *bufio.Reader, dir *os.File, w io.Writer) error {
	n, err := binary.ReadUvarint(in)
	if err != nil || n > 1<<20 {
		return spoilt(err)
	}
	switch kind {
	case recipeRaw:
		_, err := io.CopyN(w, in, int64(n))
		return err
	case recipeFile:
		name := make([]byte, n)
		if _, err := io.ReadFull(in, name); err != nil {
			return spoilt(err)
		}
		size, err := binary.ReadUvarint(in)
		if err != nil {
			return spoilt(err)
		}
		return pour(dir, string(name), int64(size), w)
	}
	return spoilt(nil)
}

func pour(dir *os.File, name string, size int64, w io.Writer) error {
	handle, err := OpenIn(dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return spoilt(err)
	}
	defer handle.Close()
	if st, err := handle.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() != size {
		return spoilt(err)
	}
	f, err := reopen(handle, unix.O_RDONLY)
	if err != nil {
		return spoilt(err)
	}
	defer f.Close()
	_, err = io.CopyN(w, f, size)
	return err
}

func spoilt(err error) error {
	return &fault.Error{Kind: fault.Damaged, Message: "the archive cannot be made again from its files", Cause: err}
}
