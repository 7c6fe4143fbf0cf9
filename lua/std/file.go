package std

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sys/unix"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// File is what was found at a path, as it was then.
type File struct {
	path string
	info fs.FileInfo
}

func look(path string, follow bool) (*File, error) {
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(path)
	return &File{path, info}, err
}

func (f *File) sys() *syscall.Stat_t {
	if st, ok := f.info.Sys().(*syscall.Stat_t); ok {
		return st
	}
	return &syscall.Stat_t{}
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "dir"
	case m&fs.ModeSymlink != 0:
		return "link"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

func types() bind.Kind[string] { return bind.OneOf("file", "dir", "link", "pipe", "socket", "device") }

func fileClass() *bind.Class[*File] {
	k := bind.NewClass[*File]("File", "What was found at a path, as it was then.")
	k.Text = func(f *File) string { return f.path }
	k.Same = func(a, b *File) bool { return os.SameFile(a.info, b.info) }
	k.Hints = map[string]string{"mtime": "modified", "is_dir": `type == "dir"`}
	k.Columns = []string{"mode", "size", "modified", "path"}
	k.Fields = []bind.Field[*File]{
		bind.Plain("path", bind.String, "where it is", func(f *File) string { return f.path }),
		bind.Plain("name", bind.String, "the last part of the path", func(f *File) string { return filepath.Base(f.path) }),
		bind.Plain("type", types(), "what it is", func(f *File) string { return kindOf(f.info.Mode()) }),
		bind.Plain("size", bind.Size, "its bytes", func(f *File) int64 { return f.info.Size() }),
		bind.Plain("mode", bind.String, "its permissions: \"0644\"", func(f *File) string { return modeText(f.info.Mode()) }),
		bind.Plain("modified", bind.Time, "when it was last written to", func(f *File) time.Time { return f.info.ModTime() }),
		bind.Plain("uid", bind.Int, "the number of its owner", func(f *File) int { return int(f.sys().Uid) }),
		bind.Plain("gid", bind.Int, "the number of its group", func(f *File) int { return int(f.sys().Gid) }),
		bind.Plain("links", bind.Int, "how many names it has", func(f *File) int { return int(f.sys().Nlink) }),
		bind.Plain("inode", bind.Int, "its number", func(f *File) int { return int(f.sys().Ino) }),
	}
	return k
}

// disk is what a file system says of itself.
type disk struct{ unix.Statfs_t }

func (d *disk) bytes(blocks uint64) int64 { return int64(blocks) * d.Bsize }

func diskClass() *bind.Class[*disk] {
	k := bind.NewClass[*disk]("Disk", "How full a file system is.")
	k.Text = func(d *disk) string { return bind.FormatSize(d.bytes(d.Bavail)) + " free" }
	k.Fields = []bind.Field[*disk]{
		bind.Plain("total", bind.Size, "its bytes", func(d *disk) int64 { return d.bytes(d.Blocks) }),
		bind.Plain("free", bind.Size, "the bytes that can still be written", func(d *disk) int64 { return d.bytes(d.Bavail) }),
		bind.Plain("used", bind.Size, "the bytes in use", func(d *disk) int64 { return d.bytes(d.Blocks - d.Bfree) }),
		bind.Plain("percent", bind.Number, "how much of what can be used is", func(d *disk) float64 {
			used := d.Blocks - d.Bfree
			return 100 * float64(used) / float64(max(used+d.Bavail, 1))
		}),
		bind.Plain("inodes", bind.Int, "how many files it can hold; 0 if it does not count", func(d *disk) int { return int(d.Files) }),
		bind.Plain("inodes_free", bind.Int, "how many more", func(d *disk) int { return int(d.Ffree) }),
	}
	return k
}

// walking is which files a walk yields.
type walking struct {
	depth  int
	kind   string
	match  string
	hidden bool
}

func walkRecord() *bind.Record[walking] {
	return &bind.Record[walking]{
		Name: "WalkOptions", Doc: "which ones", New: func() walking { return walking{hidden: true} },
		Keys: []bind.Key[walking]{
			bind.K("type", types(), "only those", func(w *walking) *string { return &w.kind }),
			bind.K("match", bind.String, "only what fits a pattern: of its name, or with a slash in it, of its path below the directory", func(w *walking) *string { return &w.match }),
			bind.K("depth", bind.Int, "how deep; 1 is what lies in the directory itself, 0 has no limit", func(w *walking) *int { return &w.depth }),
			bind.K("hidden", bind.Bool, "false leaves out what begins with a dot, with all in it", func(w *walking) *bool { return &w.hidden }),
		},
		Check: func(w *walking) error {
			_, err := doublestar.Match(w.match, "")
			return badPattern(w.match, err)
		},
	}
}

// found is a file, or why there is none.
type found struct {
	file *File
	err  error
}

// walker walks only when it is asked for the next file. It follows no links.
type walker struct {
	next func() (found, bool)
	stop func()
}

func walk(_ context.Context, dir string, o walking) (bind.Iterator[*File], error) {
	if _, err := os.Lstat(dir); err != nil {
		return nil, wrap("walk", dir, err)
	}
	next, stop := iter.Pull(func(yield func(found) bool) {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error { return o.step(dir, path, entry, err, yield) })
	})
	return &walker{next, stop}, nil
}

func (o walking) step(dir, path string, entry fs.DirEntry, err error, yield func(found) bool) error {
	switch {
	case errors.Is(err, fs.ErrNotExist) && path != dir: // it went while we walked
		return nil
	case err != nil:
		return asked(yield(found{err: wrap("walk", path, err)}), fs.SkipDir)
	case path == dir:
		return nil
	case !o.hidden && strings.HasPrefix(entry.Name(), "."):
		return leave(entry)
	}
	rel, _ := filepath.Rel(dir, path) // both are as WalkDir has them
	depth := strings.Count(rel, "/") + 1
	if o.fits(entry, rel) {
		if info, err := entry.Info(); err == nil && !yield(found{file: &File{path, info}}) {
			return fs.SkipAll
		}
	}
	if o.depth > 0 && depth >= o.depth {
		return leave(entry)
	}
	return nil
}

// asked goes on as wanted if there is still somebody who asks.
func asked(more bool, then error) error {
	if !more {
		return fs.SkipAll
	}
	return then
}

// leave skips what is in a directory.
func leave(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (o walking) fits(entry fs.DirEntry, rel string) bool {
	if o.kind != "" && kindOf(entry.Type()) != o.kind {
		return false
	}
	name := entry.Name()
	if strings.Contains(o.match, "/") {
		name = rel
	}
	return o.match == "" || doublestar.MatchUnvalidated(o.match, name)
}

func (w *walker) Next(ctx context.Context) (*File, bool, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, false, err
	}
	f, ok := w.next()
	return f.file, ok, f.err
}

func (w *walker) Close() error {
	w.stop()
	return nil
}

// largestRead is how much of a file is read into one string.
const largestRead = 1 << 30

func readAll(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", wrap("read", path, err)
	}
	defer func() { _ = f.Close() }()
	defer context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Now()) })() // a pipe may say nothing
	var b strings.Builder
	if st, err := f.Stat(); err == nil && st.Size() < largestRead {
		b.Grow(int(st.Size()))
	}
	n, err := io.Copy(&b, io.LimitReader(patient{ctx, f}, largestRead+1))
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if n > largestRead {
		err = fault.New(fault.Invalid, "it is larger than %s", bind.FormatSize(largestRead)).WithHint("fs.lines goes through it line by line")
	}
	return b.String(), wrap("read", path, err)
}

// lineReader goes through the lines of a file.
type lineReader struct {
	f    *os.File
	scan *bufio.Scanner
}

// longestLine is how long a line may be.
const longestLine = 64 << 20

func openLines(ctx context.Context, path string) (bind.Iterator[string], error) {
	if _, noted := treeOf(ctx).at(path); noted {
		text, err := readFile(ctx, path)
		return &lineReader{nil, bufio.NewScanner(strings.NewReader(text))}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, wrap("read", path, err)
	}
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, longestLine)
	return &lineReader{f, scan}, nil
}

func (l *lineReader) Next(ctx context.Context) (string, bool, error) {
	if l.f != nil {
		defer context.AfterFunc(ctx, func() { _ = l.f.SetReadDeadline(time.Now()) })()
	}
	if l.scan.Scan() {
		return l.scan.Text(), true, nil
	}
	err := l.scan.Err()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return "", false, wrap("read", "a line", err)
}

func (l *lineReader) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

func appendTo(path, content string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Close())
}

func sum(ctx context.Context, path string) (string, error) {
	if err := asIs(ctx, "sum", path); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", wrap("read", path, err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, patient{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), wrap("read", path, err)
}

// patient reads until its context ends.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := context.Cause(p.ctx); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
