package std

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sys/unix"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// mode is the permission bits of a file, as chmod takes them.
var mode = bind.As(bind.String, "string", `permissions such as "0644"`, func(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return 0, fault.New(fault.Invalid, `must be permissions such as "0644", got %q`, s)
	}
	return fs.FileMode(n), nil
}, modeText)

func modeText(m fs.FileMode) string { return "0" + strconv.FormatUint(uint64(m.Perm()), 8) }

func modeRecord(name string, usual fs.FileMode) *bind.Record[fs.FileMode] {
	return &bind.Record[fs.FileMode]{
		Name: name, Doc: "how", New: func() fs.FileMode { return usual },
		Keys: []bind.Key[fs.FileMode]{bind.K("mode", mode, "permissions, if it is new", func(m *fs.FileMode) *fs.FileMode { return m })},
	}
}

func files() []*bind.Func {
	file := fileClass()
	return append(append(contents(), changes()...), looks(file)...)
}

// contents are what reads and writes files.
func contents() []*bind.Func {
	path := bind.Req("path", bind.String, "the file")
	text := bind.Req("content", bind.Text, "what to put there")
	return []*bind.Func{
		bind.Func1("read", "The content of a file.", path, bind.Returns(bind.String, "it"),
			readFile).With(`local d = fs.tempdir()
fs.write(d .. "/x", "hi")
assert(fs.read(d .. "/x") == "hi")`),
		bind.Func1("lines", "Go through the lines of a file.", path, bind.Iterates(bind.String, "a line, without its end"), openLines).
			With(`for line in fs.lines("/proc/self/status") do assert(line:find("^Name:")); break end`),
		bind.Func3("write", "Write a file whole or not at all.", path, text, bind.Options(modeRecord("WriteOptions", 0o644)), bind.Nothing,
			func(ctx context.Context, p, content string, mode fs.FileMode) (bind.Void, error) {
				return bind.Void{}, writeFile(ctx, p, content, mode)
			}).Change().With(`fs.write(fs.tempdir() .. "/secret", "x", { mode = "0600" })`),
		bind.Func3("append", "Write at the end of a file, which is made if it is not there.", path, text, bind.Options(modeRecord("AppendOptions", 0o644)), bind.Nothing,
			func(ctx context.Context, p, content string, mode fs.FileMode) (bind.Void, error) {
				return bind.Void{}, appendFile(ctx, p, content, mode)
			}).Change().With(`local f = fs.tempfile()
fs.append(f, "a\n")
fs.append(f, "b\n")
assert(fs.read(f) == "a\nb\n")`),
		bind.Func1("sum", "The SHA-256 of a file's content.", path, bind.Returns(bind.String, "64 hexadecimal digits"), sum).
			With(`assert(#fs.sum("/proc/self/status") == 64)`),
	}
}

// changes are what makes and removes.
func changes() []*bind.Func {
	from := bind.Req("from", bind.String, "what there is")
	to := bind.Req("to", bind.String, "the path that it gets; no directory may be there")
	return []*bind.Func{
		bind.Func2("mkdir", "Make a directory and those above it; it may be there already.", bind.Req("path", bind.String, "the directory"),
			bind.Options(modeRecord("MkdirOptions", 0o755)), bind.Nothing,
			func(ctx context.Context, p string, mode fs.FileMode) (bind.Void, error) {
				return bind.Void{}, makeDir(ctx, p, mode)
			}).Change().With(`fs.mkdir(fs.tempdir() .. "/a/b")`),
		bind.Func2("remove", "Remove a file, a link or an empty directory; with recursive, all that is in it. It need not be there. Links are removed, not followed.",
			bind.Req("path", bind.String, "what to remove"), bind.Options(&bind.Record[bool]{
				Name: "RemoveFileOptions", Doc: "how",
				Keys: []bind.Key[bool]{bind.K("recursive", bind.Bool, "with all that is in it", func(b *bool) *bool { return b })},
			}), bind.Nothing,
			func(ctx context.Context, p string, all bool) (bind.Void, error) {
				return bind.Void{}, removeFile(ctx, p, all)
			}).Change().With(`local d = fs.tempdir()
fs.write(d .. "/x", "")
fs.remove(d, { recursive = true })
assert(not fs.exists(d))`),
		bind.Func2("copy", "Copy a file, or a directory with all that is in it. Permissions, owners, times and links stay as they are; a file that is there is replaced whole.",
			from, to, bind.Nothing, func(ctx context.Context, from, to string) (bind.Void, error) {
				return bind.Void{}, copyPath(ctx, from, to)
			}).Change().With(`local f = fs.tempfile()
fs.copy("/proc/self/status", f)
assert(#fs.read(f) > 0)`),
		bind.Func2("move", "Give a file or directory another path, also on another file system. A file that is there is replaced.", from, to, bind.Nothing,
			func(ctx context.Context, from, to string) (bind.Void, error) {
				return bind.Void{}, movePath(ctx, from, to)
			}).Change().With(`local d = fs.tempdir()
fs.write(d .. "/a", "x")
fs.move(d .. "/a", d .. "/b")
assert(fs.read(d .. "/b") == "x")`),
		bind.Func2("link", "Make a symbolic link.", bind.Req("target", bind.String, "what it leads to"), bind.Req("path", bind.String, "where it is"), bind.Nothing,
			func(ctx context.Context, target, p string) (bind.Void, error) {
				return bind.Void{}, makeLink(ctx, target, p)
			}).Change().With(`fs.link("/etc", fs.tempdir() .. "/l")`),
		bind.Func2("chmod", "Set the permissions of a file.", bind.Req("path", bind.String, "the file"), bind.Req("mode", mode, `such as "0600"`), bind.Nothing,
			func(ctx context.Context, p string, m fs.FileMode) (bind.Void, error) {
				return bind.Void{}, change(ctx, p, m)
			}).Change().With(`fs.chmod(fs.tempfile(), "0600")`),
		bind.Func0("tempdir", "A new empty directory, removed with all in it at the end of the scope.", bind.Returns(bind.String, "its path"),
			tempdir).Change().With(`assert(fs.stat(fs.tempdir()).type == "dir")`),
		bind.Func0("tempfile", "A new empty file that nobody else can read, removed at the end of the scope.", bind.Returns(bind.String, "its path"),
			tempfile).Change().With(`assert(fs.read(fs.tempfile()) == "")`),
	}
}

// looks are what only looks.
func looks(file *bind.Class[*File]) []*bind.Func {
	path := bind.Req("path", bind.String, "the file or directory")
	dir := bind.Req("path", bind.String, "the directory")
	return []*bind.Func{
		bind.Func1("exists", "Whether there is a file, a directory or a link.", path, bind.Returns(bind.Bool, "yes or no"),
			exists).With(`assert(fs.exists("/") and not fs.exists("/no such thing"))`),
		bind.Func1("list", "The names in a directory, sorted.", dir, bind.Returns(bind.Strings, "them"),
			listDir).With(`assert(#fs.list("/") > 0)`),
		bind.Func1("glob", "The paths that fit a pattern: * and ? within a part, ** over parts, [a-z], {a,b}.", bind.Req("pattern", bind.String, "such as \"/srv/backup/*.tar.zst\""),
			bind.Returns(bind.Strings, "them, sorted"), glob,
		).With(`assert(#fs.glob("/proc/self/stat{,us}") == 2)`),
		bind.Func2("walk", "Go through all that is in a directory and below it.", dir, bind.Options(walkRecord()), bind.Iterates(file.Kind(), "a file"), walk).
			With(`for f in fs.walk("/proc/self/net", { type = "file", match = "dev" }) do assert(f.name == "dev") end`),
		bind.Func2("stat", "What a file is: its type, size, permissions, owner and times. Of a link, what it leads to.", path, bind.Options(&bind.Record[bool]{
			Name: "StatOptions", Doc: "of what", New: func() bool { return true },
			Keys: []bind.Key[bool]{bind.K("follow", bind.Bool, "false looks at a link itself", func(b *bool) *bool { return b })},
		}), bind.Returns(file.Kind(), "it"),
			func(ctx context.Context, p string, follow bool) (*File, error) {
				if err := asIs(ctx, "stat", p); err != nil {
					return nil, err
				}
				f, err := look(p, follow)
				return f, wrap("look at", p, err)
			}).With(`assert(fs.stat("/").type == "dir")`),
		bind.Func1("readlink", "Where a symbolic link leads.", bind.Req("path", bind.String, "the link"), bind.Returns(bind.String, "its target"),
			func(_ context.Context, p string) (string, error) {
				to, err := os.Readlink(p)
				return to, wrap("read link", p, err)
			}).With(`assert(fs.readlink("/proc/self"):find("^%d+$"))`),
		bind.Func1("real", "The path without links.", path, bind.Returns(bind.String, "it"),
			func(_ context.Context, p string) (string, error) {
				real, err := filepath.EvalSymlinks(p)
				if err == nil {
					real, err = filepath.Abs(real)
				}
				return real, wrap("resolve", p, err)
			}).With(`assert(fs.real("/proc/self"):find("^/proc/%d+$"))`),
		bind.Func1("size", "How many bytes are in a file, or in all files of a directory; what has several names counts once.", path, bind.Returns(bind.Size, "the bytes"),
			func(ctx context.Context, p string) (int64, error) {
				if err := asIs(ctx, "size", p); err != nil {
					return 0, err
				}
				n, err := size(ctx, p)
				return n, wrap("measure", p, err)
			}).With(`assert(fs.size("/proc/self/net") >= 0)`),
		bind.Func1("disk", "How full the file system is that a path is on.", path, bind.Returns(diskClass().Kind(), "total, free, used, percent, inodes, inodes_free"),
			func(_ context.Context, p string) (*disk, error) {
				d := &disk{}
				err := unix.Statfs(p, &d.Statfs_t)
				return d, wrap("look at", p, err)
			}).With(`assert(fs.disk("/").total >= 0)`),
	}
}

func glob(ctx context.Context, pattern string) ([]string, error) {
	var all []string
	base, rest := doublestar.SplitPattern(pattern)
	err := doublestar.GlobWalk(os.DirFS(base), rest, func(path string, _ fs.DirEntry) error {
		all = append(all, filepath.Join(base, path))
		return context.Cause(ctx)
	})
	if errors.Is(err, doublestar.ErrBadPattern) {
		return nil, badPattern(pattern, err)
	}
	return all, wrap("list", pattern, err)
}

func wrap(op, path string, err error) error {
	var one *fs.PathError
	var two *os.LinkError
	switch {
	case errors.As(err, &one):
		return &fault.Error{Kind: fault.KindOf(err), Op: op, Object: path, Cause: one.Err}
	case errors.As(err, &two):
		return &fault.Error{Kind: fault.KindOf(err), Op: op, Object: path, Cause: two.Err}
	}
	return fault.Wrap(op, path, err)
}
