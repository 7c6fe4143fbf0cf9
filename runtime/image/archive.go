package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
)

// archive is a plain tar that can be read in any order. Its members are told by
// their names as texts; nothing of it is ever unpacked.
type archive struct {
	file    *os.File
	members map[string]member
}

type member struct {
	at, size int64
	link     string // another member that it stands for
}

const (
	memberLimit   = 100_000
	documentLimit = 8 << 20 // of JSON in an archive or from a registry
	linkLimit     = 8
)

// openArchive reads where the members of r lie: of r itself if it is a plain
// file, else of a copy without a name beside the layers.
func (s *Images) openArchive(ctx context.Context, r io.Reader) (*archive, error) {
	file, ok := plainFile(r)
	if !ok {
		var err error
		if file, err = s.spool(ctx, r); err != nil {
			return nil, err
		}
	}
	a := &archive{file: file, members: map[string]member{}}
	if err := a.index(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *archive) close() error { return a.file.Close() }

// plainFile is a second descriptor of r if it is a regular file that begins as
// a plain tar does.
func plainFile(r io.Reader) (*os.File, bool) {
	given, ok := r.(*os.File)
	if !ok {
		return nil, false
	}
	if st, err := given.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, false
	}
	const magicAt, magic = 257, "ustar"
	head := make([]byte, len(magic))
	if at, err := given.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		return nil, false
	}
	if _, err := given.ReadAt(head, magicAt); err != nil || string(head) != magic {
		return nil, false
	}
	fd, err := unix.FcntlInt(given.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	return os.NewFile(uintptr(fd), given.Name()), true
}

func (s *Images) spool(ctx context.Context, r io.Reader) (*os.File, error) {
	plain, err := rootfs.Decompress(r)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	fd, err := unix.Open(s.layers.Path, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, os.NewSyscallError("open temporary file in "+s.layers.Path, err)
	}
	file := os.NewFile(uintptr(fd), "archive")
	if err := s.pour(ctx, file, plain); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	_, err = file.Seek(0, io.SeekStart)
	return file, err
}

func (s *Images) pour(ctx context.Context, to io.Writer, from io.Reader) error {
	const step = 16 << 20
	limit := s.opt.Limits.Bytes
	buf := make([]byte, 256<<10)
	for total := int64(0); ; total += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		if limit > 0 && total > limit {
			return fault.New(fault.Invalid, "the archive is larger than the limit of %d bytes", limit)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{to}, io.LimitReader(from, step), buf)
		if err != nil || n < step {
			return err
		}
	}
}

func (a *archive) index(ctx context.Context) error {
	r := tar.NewReader(a.file)
	for len(a.members) < memberLimit {
		if err := ctx.Err(); err != nil {
			return err
		}
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &fault.Error{Kind: fault.Invalid, Message: "it is no archive, or a damaged one", Cause: err}
		}
		name := path.Clean("/" + hdr.Name)
		switch hdr.Typeflag {
		case tar.TypeReg:
			at, err := a.file.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			a.members[name] = member{at: at, size: hdr.Size}
		case tar.TypeSymlink:
			a.members[name] = member{link: path.Join(path.Dir(name), hdr.Linkname)}
		case tar.TypeLink:
			a.members[name] = member{link: path.Clean("/" + hdr.Linkname)}
		}
	}
	return fault.New(fault.Invalid, "the archive has more than the limit of %d members", memberLimit)
}

// open reads a member, fault.Invalid if there is none of this name.
func (a *archive) open(name string) (*io.SectionReader, error) {
	at := path.Clean("/" + name)
	for range linkLimit {
		m, ok := a.members[at]
		if !ok {
			break
		}
		if m.link == "" {
			return io.NewSectionReader(a.file, m.at, m.size), nil
		}
		at = m.link
	}
	return nil, fault.New(fault.Invalid, "the archive has no %q", clip(name))
}

// size is how long a member is, 0 if there is none.
func (a *archive) size(name string) int64 {
	r, err := a.open(name)
	if err != nil {
		return 0
	}
	return r.Size()
}

func (a *archive) has(name string) bool {
	_, err := a.open(name)
	return err == nil
}

// read is a whole member of bounded size.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if r.Size() > limit {
		return nil, fault.New(fault.Invalid, "%q in the archive is larger than %d bytes", clip(name), limit)
	}
	return io.ReadAll(r)
}

func (a *archive) decode(name string, v any) error {
	raw, err := a.read(name, documentLimit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return &fault.Error{Kind: fault.Invalid, Message: clip(name) + " in the archive is not what it should be", Cause: err}
	}
	return nil
}
