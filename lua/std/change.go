package std

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// The functions of fs as a script calls them: what is recorded is noted and not
// done, and what was noted is seen.

func readFile(ctx context.Context, p string) (string, error) {
	switch n, noted := treeOf(ctx).at(p); {
	case !noted || n.dir:
		return readAll(ctx, p)
	case n.gone:
		return "", absent("read", p)
	default:
		return n.text, nil
	}
}

func writeFile(ctx context.Context, p, content string, mode fs.FileMode) error {
	size := int64(len(content))
	if done, err := noted(ctx, "write", fileOptions{Path: p, Content: content, Mode: uint32(mode)}, &size, node{text: content}); done {
		return err
	}
	return wrap("write", p, Whole(p, mode, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}))
}

func appendFile(ctx context.Context, p, content string, mode fs.FileMode) error {
	if treeOf(ctx) != nil {
		before, err := nodeOf(ctx, p)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		size := int64(len(content))
		_, err = noted(ctx, "append", fileOptions{Path: p, Content: content, Mode: uint32(mode)}, &size, node{text: before.text + content})
		return err
	}
	return wrap("write", p, appendTo(p, content, mode))
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

func makeDir(ctx context.Context, p string, mode fs.FileMode) error {
	if t := treeOf(ctx); t != nil {
		if there, err := exists(ctx, p); err != nil || there {
			return err
		}
	}
	if done, err := noted(ctx, "mkdir", fileOptions{Path: p, Mode: uint32(mode)}, nil, node{dir: true}); done {
		return err
	}
	return wrap("make directory", p, os.MkdirAll(p, mode))
}

func removeFile(ctx context.Context, p string, all bool) error {
	if treeOf(ctx) == nil {
		return wrap("remove", p, remove(ctx, p, all))
	}
	if info, err := os.Lstat(p); all && err == nil && info.IsDir() {
		if err := mayGo(p, info); err != nil {
			return wrap("remove", p, err)
		}
	}
	there, err := exists(ctx, p)
	if err != nil || !there {
		return err
	}
	if names, err := listDir(ctx, p); err == nil && len(names) > 0 && !all {
		return wrap("remove", p, notEmpty())
	}
	_, err = noted(ctx, "remove", fileOptions{Path: p, All: all}, vanishing(p), node{gone: true})
	return err
}

func copyPath(ctx context.Context, from, to string) error {
	if treeOf(ctx) == nil {
		return wrap("copy", from, copyAll(ctx, from, to))
	}
	n, err := nodeOf(ctx, from)
	if err != nil {
		return err
	}
	_, err = noted(ctx, "copy", fileOptions{Path: from, To: to}, vanishing(from), n)
	return err
}

func movePath(ctx context.Context, from, to string) error {
	t := treeOf(ctx)
	if t == nil {
		return wrap("move", from, move(ctx, from, to))
	}
	n, err := nodeOf(ctx, from)
	if err != nil {
		return err
	}
	if _, err = noted(ctx, "move", fileOptions{Path: from, To: to}, nil, n); err == nil {
		t.set(from, node{gone: true})
	}
	return err
}

func makeLink(ctx context.Context, target, p string) error {
	if treeOf(ctx) == nil {
		return wrap("make link", p, os.Symlink(target, p))
	}
	n, _ := nodeOf(ctx, target) // one that leads nowhere is empty
	_, err := noted(ctx, "link", fileOptions{Path: p, Content: target}, nil, n)
	return err
}

func change(ctx context.Context, p string, mode fs.FileMode) error {
	if treeOf(ctx) == nil {
		return wrap("change", p, os.Chmod(p, mode))
	}
	n, err := nodeOf(ctx, p)
	if err != nil {
		return err
	}
	_, err = noted(ctx, "chmod", fileOptions{Path: p, Mode: uint32(mode)}, nil, n)
	return err
}

func tempdir(ctx context.Context) (string, error) {
	if path, done, err := notedTemporary(ctx, "tempdir", "a temporary directory", node{dir: true}); done {
		return path, err
	}
	d, err := os.MkdirTemp("", "neap-")
	return d, temporary(ctx, d, err)
}

func tempfile(ctx context.Context) (string, error) {
	if path, done, err := notedTemporary(ctx, "tempfile", "a temporary file", node{}); done {
		return path, err
	}
	f, err := os.CreateTemp("", "neap-")
	if err != nil {
		return "", wrap("make", "a temporary file", err)
	}
	return f.Name(), temporary(ctx, f.Name(), f.Close())
}

// temporary has what was made removed at the end of the scope.
func temporary(ctx context.Context, path string, err error) error {
	if err != nil {
		return wrap("make", "a temporary file", err)
	}
	bind.ScopeOf(ctx).Add(func(context.Context) error { return os.RemoveAll(path) })
	return nil
}
