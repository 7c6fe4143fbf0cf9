package rootfs

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"neap/runtime/fault"
)

// What a bomb is: an archive that has grown past bombSize while being less
// than one in bombRatio of it. A 10 MiB gzip can hold 10 GiB.
const (
	bombSize  = 1 << 30
	bombRatio = 100
	window    = 128 << 20 // the largest window of zstd that is given memory
)

// Decompress is the content of r, whichever of gzip, zstd, bzip2 or nothing it
// was packed with, told apart by its first bytes and unpacked in this process.
// What grows like a bomb is fault.Invalid. The caller closes it, not r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	in := &counter{Reader: r}
	packed := bufio.NewReaderSize(in, 64<<10)
	head, err := packed.Peek(4)
	if err != nil && len(head) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(packed)
		if in.err != nil {
			return nil, in.err
		}
		if err != nil {
			return nil, unpackable(err)
		}
		return &inflated{in: in, out: z, close: z.Close}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(1<<62))
		if err != nil {
			return nil, unpackable(err)
		}
		return &inflated{in: in, out: z, close: func() error { z.Close(); return nil }}, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return &inflated{in: in, out: bzip2.NewReader(packed)}, nil
	case bytes.Equal(head, []byte{0xfd, '7', 'z', 'X'}):
		return nil, fault.New(fault.Unsupported, "archives packed with xz are not unpacked").
			WithHint("unpack it first: xz -d")
	}
	return io.NopCloser(packed), nil
}

func unpackable(err error) error {
	return &fault.Error{Kind: fault.Invalid, Message: "the compressed data is damaged", Cause: err}
}

type counter struct {
	io.Reader
	n   int64
	err error // but for the end
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

type inflated struct {
	in    *counter
	out   io.Reader
	n     int64
	close func() error
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.out.Read(p)
	i.n += int64(n)
	if i.n > bombSize && i.n/bombRatio > i.in.n {
		return n, fault.New(fault.Invalid, "the compressed data grows more than %d times, beyond the limit", bombRatio)
	}
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	case i.in.err != nil:
		return n, i.in.err
	}
	return n, unpackable(err)
}

func (i *inflated) Close() error {
	if i.close == nil {
		return nil
	}
	return i.close()
}
