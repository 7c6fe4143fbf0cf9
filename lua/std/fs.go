package std

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func files() []*bind.Func {
	path := bind.Req("path", bind.String, "the file")
	dir := bind.Req("path", bind.String, "the directory")
	return []*bind.Func{
		bind.Func1("read", "The content of a file.", path, bind.Returns(bind.String, "it"), readFile).
			With(`local d = fs.tempdir()
fs.write(d .. "/x", "hi")
assert(fs.read(d .. "/x") == "hi")`),
		bind.Func2("write", "Write a file whole or not at all.", path, bind.Req("content", bind.Text, "what to put there"), bind.Nothing,
			func(ctx context.Context, p, content string) (bind.Void, error) {
				return bind.Void{}, writeFile(ctx, p, content)
			}).Change(),
		bind.Func1("exists", "Whether there is a file or directory.", path, bind.Returns(bind.Bool, "yes or no"), exists).
			With(`assert(fs.exists("/") and not fs.exists("/no such thing"))`),
		bind.Func1("list", "The names in a directory, sorted.", dir, bind.Returns(bind.Strings, "them"), listDir).
			With(`assert(#fs.list("/") > 0)`),
		bind.Func1("mkdir", "Make a directory and those above it; it may be there already.", dir, bind.Nothing,
			func(ctx context.Context, p string) (bind.Void, error) { return bind.Void{}, makeDir(ctx, p) },
		).Change(),
		bind.Func2("remove", "Remove a file or an empty directory; with recursive, all that is in it. It need not be there.",
			bind.Req("path", bind.String, "what to remove"), bind.Options(&bind.Record[bool]{
				Name: "RemoveOptions", Doc: "how",
				Keys: []bind.Key[bool]{bind.K("recursive", bind.Bool, "with all that is in it", func(b *bool) *bool { return b })},
			}), bind.Nothing,
			func(ctx context.Context, p string, all bool) (bind.Void, error) {
				return bind.Void{}, removeFile(ctx, p, all)
			}).Change(),
		bind.Func0("tempdir", "A new empty directory, removed at the end of the scope.", bind.Returns(bind.String, "its path"), tempdir).Change(),
	}
}

func readFile(ctx context.Context, p string) (string, error) {
	switch n, noted := treeOf(ctx).at(p); {
	case !noted || n.dir:
		b, err := os.ReadFile(p)
		return string(b), wrap("read", p, err)
	case n.gone:
		return "", absent("read", p)
	default:
		return n.text, nil
	}
}

func writeFile(ctx context.Context, p, content string) error {
	size := int64(len(content))
	if done, err := noted(ctx, "write", fileOptions{Path: p, Content: content}, &size, node{text: content}); done {
		return err
	}
	return wrap("write", p, write(p, content))
}

func exists(ctx context.Context, p string) (bool, error) {
	if n, noted := treeOf(ctx).at(p); noted {
		return !n.gone, nil
	}
	_, err := os.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, wrap("look at", p, err)
}

func listDir(ctx context.Context, p string) ([]string, error) {
	t := treeOf(ctx)
	n, noted := t.at(p)
	if n.gone {
		return nil, absent("list", p)
	}
	entries, err := os.ReadDir(p)
	if noted && errors.Is(err, fs.ErrNotExist) {
		err = nil // it would be there
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return t.below(p, names), wrap("list", p, err)
}

func makeDir(ctx context.Context, p string) error {
	if t := treeOf(ctx); t != nil {
		if there, err := exists(ctx, p); err != nil || there {
			return err
		}
	}
	if done, err := noted(ctx, "mkdir", fileOptions{Path: p}, nil, node{dir: true}); done {
		return err
	}
	return wrap("make directory", p, os.MkdirAll(p, 0o755))
}

func removeFile(ctx context.Context, p string, all bool) error {
	if clean := filepath.Clean(p); all && (clean == "/" || clean == ".") {
		return wrap("remove", p, fault.New(fault.Denied, "it is too much to remove at once"))
	}
	if t := treeOf(ctx); t != nil {
		there, err := exists(ctx, p)
		if err != nil || !there {
			return err
		}
		if names, err := listDir(ctx, p); err == nil && len(names) > 0 && !all {
			return wrap("remove", p, fault.New(fault.Failed, "the directory is not empty"))
		}
	}
	if done, err := noted(ctx, "remove", fileOptions{Path: p, All: all}, vanishing(p), node{gone: true}); done {
		return err
	}
	return wrap("remove", p, remove(p, all))
}

func tempdir(ctx context.Context) (string, error) {
	if path, done, err := notedDir(ctx); done {
		return path, err
	}
	d, err := os.MkdirTemp("", "neap-")
	if err == nil {
		bind.ScopeOf(ctx).Add(func(context.Context) error { return os.RemoveAll(d) })
	}
	return d, wrap("make", "a temporary directory", err)
}

func wrap(op, path string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return &fault.Error{Kind: fault.KindOf(err), Op: op, Object: path, Cause: inner.Err}
	}
	return fault.Wrap(op, path, err)
}

func write(path, content string) error {
	return Whole(path, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
}

func remove(path string, all bool) error {
	if all {
		return os.RemoveAll(path)
	}
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
