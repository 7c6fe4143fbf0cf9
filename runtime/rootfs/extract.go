package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Limits bound what an archive may unpack to. A zero field has no bound.
type Limits struct {
	Bytes   int64 // of all files
	Entries int64
	Depth   int // components of a path
}

// Sane is the bounds for archives from strangers.
func Sane() Limits { return Limits{Bytes: 64 << 30, Entries: 500_000, Depth: 256} }

// Extraction says how an archive is unpacked.
type Extraction struct {
	Limits
	Whiteouts bool      // it is an image layer: .wh. entries become overlay whiteouts, and files may replace directories
	Through   bool      // parents that are links are followed, inside dir only; else such an entry is refused
	Recipe    io.Writer // nil, or where to write what Repack needs
}

// Tally is what an extraction made.
type Tally struct {
	Entries, Bytes int64
	Spoilt         bool // a later entry replaced an earlier one: the recipe is of no use
}

// Extract unpacks the plain tar r into the directory dir, and nowhere else:
// every name is resolved by the kernel beneath dir. Owners, modes (setuid too),
// times, links, devices, file capabilities, ACLs and user attributes are kept;
// the attributes of overlayfs are never taken from an archive. Names with ".."
// are refused, absolute ones are taken from dir. An archive that is damaged, or
// asks for what is refused or beyond a limit, is fault.Invalid; what was
// unpacked until then stays. r is read to its end, beyond that of the archive.
func Extract(ctx context.Context, r io.Reader, dir *os.File, opt Extraction) (Tally, error) {
	root, err := openBeneath(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return Tally{}, err
	}
	defer root.Close()
	notes, err := newScribe(r, opt.Recipe)
	if err != nil {
		return Tally{}, err
	}
	hands := newCrew(ctx)
	u := &unpacker{ctx: hands.ctx, root: root, opt: opt, notes: notes, crew: hands, buf: make([]byte, 128<<10)}
	defer u.leave()
	if err = u.all(tar.NewReader(notes)); err == nil {
		err = u.drain()
	}
	if failed := hands.wait(); failed != nil {
		err = failed // the reader's is but that it was told to stop
	}
	u.tally.Spoilt = notes.spoilt
	return u.tally, errors.Join(err, notes.close())
}

// drain reads what follows the end of an archive.
func (u *unpacker) drain() error {
	var total int64
	for {
		n, err := u.notes.Read(u.buf)
		total += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return damaged(err)
		case u.ctx.Err() != nil:
			return u.ctx.Err()
		case u.opt.Bytes > 0 && total > u.opt.Bytes:
			return fault.New(fault.Invalid, "the archive has more than the limit of %d bytes after its end", u.opt.Bytes)
		}
	}
}

type unpacker struct {
	ctx   context.Context // of this one extraction
	root  *os.File
	opt   Extraction
	notes *scribe
	crew  *crew
	tally Tally
	buf   []byte
	dirs  []*tar.Header // their times are set last

	in     *os.File // the directory that the last entry was made in
	inName string
}

func (u *unpacker) all(archive *tar.Reader) error {
	for {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		hdr, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return u.finish()
		}
		if err != nil {
			return damaged(err)
		}
		if err := u.entry(hdr, archive); err != nil {
			return fault.Wrap("unpack", short(hdr.Name), err)
		}
	}
}

// damaged tells an archive's faults from those of the reader it comes by, which
// say for themselves what they are.
func damaged(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &fault.Error{Kind: fault.Invalid, Message: "the archive is damaged or cut short", Cause: err}
	}
	return err
}

// short is a name fit for a message.
func short(name string) string {
	const most = 200
	if len(name) > most {
		return name[:most] + "…"
	}
	return name
}

func (u *unpacker) entry(hdr *tar.Header, body io.Reader) error {
	if hdr.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := u.clean(hdr.Name)
	if err != nil {
		return err
	}
	hdr.Name = name
	if err := u.count(hdr); err != nil {
		return err
	}
	dirName, base := path.Split(name)
	dir, err := u.parent(strings.TrimSuffix(dirName, "/"))
	if err != nil {
		return err
	}
	if u.opt.Whiteouts && strings.HasPrefix(base, whiteoutPrefix) {
		return u.whiteout(dir, base)
	}
	return u.make(dir, base, hdr, body)
}

// clean is name with neither leading slash nor empty parts; "" is the root.
func (u *unpacker) clean(name string) (string, error) {
	if len(name) >= unix.PathMax || strings.ContainsRune(name, 0) {
		return "", fault.New(fault.Invalid, "no file can have this name")
	}
	parts := strings.Split(name, "/")
	kept := parts[:0]
	for _, p := range parts {
		switch {
		case p == "" || p == ".":
			continue
		case p == "..":
			return "", fault.New(fault.Invalid, `a name may not contain ".."`)
		case len(p) > unix.NAME_MAX:
			return "", fault.New(fault.Invalid, "a part of the name is longer than %d bytes", unix.NAME_MAX)
		}
		kept = append(kept, p)
	}
	if u.opt.Depth > 0 && len(kept) > u.opt.Depth {
		return "", fault.New(fault.Invalid, "it is deeper than the limit of %d directories", u.opt.Depth)
	}
	return strings.Join(kept, "/"), nil
}

func (u *unpacker) count(hdr *tar.Header) error {
	u.tally.Entries++
	if u.opt.Entries > 0 && u.tally.Entries > u.opt.Entries {
		return fault.New(fault.Invalid, "the archive has more than the limit of %d entries", u.opt.Entries)
	}
	if u.opt.Bytes > 0 && hdr.Size > u.opt.Bytes-u.tally.Bytes {
		return fault.New(fault.Invalid, "the archive unpacks to more than the limit of %d bytes", u.opt.Bytes)
	}
	u.tally.Bytes += hdr.Size
	const most = 1<<32 - 2 // -1 means "leave it" to the kernel
	if hdr.Uid < 0 || hdr.Uid > most || hdr.Gid < 0 || hdr.Gid > most {
		return fault.New(fault.Invalid, "its owner %d:%d is no user", hdr.Uid, hdr.Gid)
	}
	return nil
}

func (u *unpacker) make(dir *os.File, base string, hdr *tar.Header, body io.Reader) error {
	switch hdr.Typeflag {
	case tar.TypeDir:
		return u.directory(dir, base, hdr)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return u.file(dir, base, hdr, body)
	}
	if base == "" {
		return fault.New(fault.Invalid, "the root can only be a directory")
	}
	switch hdr.Typeflag {
	case tar.TypeSymlink:
		return u.symlink(dir, base, hdr)
	case tar.TypeLink:
		return u.hardlink(dir, base, hdr)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return u.node(dir, base, hdr)
	default:
		return fault.New(fault.Invalid, "entries of type %q are not unpacked", hdr.Typeflag)
	}
}

// parent is the directory name, made if missing. It stays open until another
// is asked for. What lies in it may be replaced meanwhile, itself it cannot:
// that would be an entry of another directory.
func (u *unpacker) parent(name string) (*os.File, error) {
	if u.in != nil && u.inName == name {
		return u.in, nil
	}
	dir, err := u.enter(name)
	if err != nil {
		return nil, err
	}
	u.leave()
	u.in, u.inName = dir, name
	return dir, nil
}

func (u *unpacker) leave() {
	if u.in != nil {
		u.in.Close()
		u.in = nil
	}
}

func (u *unpacker) enter(name string) (*os.File, error) {
	dir, err := u.openDir(name)
	if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
		return dir, err
	}
	up, base := path.Split(name)
	above, err := u.enter(strings.TrimSuffix(up, "/"))
	if err != nil {
		return nil, err
	}
	defer above.Close()
	if err := u.makeParent(above, base); err != nil {
		return nil, err
	}
	return u.openDir(name)
}

func (u *unpacker) openDir(name string) (*os.File, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	if name == "" {
		return openBeneath(u.root, ".", flags, 0)
	}
	if u.opt.Through {
		return OpenIn(u.root, name, flags, 0)
	}
	dir, err := openBeneath(u.root, name, flags, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, fault.New(fault.Invalid, "its path leads through a symbolic link")
	}
	return dir, err
}

// makeParent makes a directory that the archive has no entry for. Only a
// whiteout gives way to it.
func (u *unpacker) makeParent(dir *os.File, base string) error {
	err := makeDir(dir, base, 0o755, Owner{})
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	if !u.opt.Whiteouts || !isWhiteout(dir, base) {
		return fault.New(fault.Invalid, "its path leads through %q, which is no directory", base)
	}
	return u.uncover(dir, base)
}

// finish sets the times of directories, which every entry made in them changes.
func (u *unpacker) finish() error {
	for _, hdr := range u.dirs {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		dir, err := u.openDir(hdr.Name)
		if err != nil {
			continue // replaced by a later entry
		}
		err = setTimes(int(dir.Fd()), ".", hdr)
		if err := errors.Join(err, dir.Close()); err != nil {
			return fault.Wrap("unpack", short(hdr.Name), err)
		}
	}
	return nil
}
