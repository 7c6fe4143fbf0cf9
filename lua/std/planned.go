package std

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"neap/lua/bind"
	"neap/runtime/fault"
)

// tree is what the files of the host would be: what a recording noted of them.
type tree struct {
	mu    sync.Mutex
	nodes map[string]node // by their whole paths
}

// node is one path as it would be.
type node struct {
	gone bool // it, and all below
	dir  bool
	text string // of a file
}

type treeKey struct{}

// treeOf is the tree of what is recorded in ctx, or nil: then files are what
// they are.
func treeOf(ctx context.Context) *tree {
	r := bind.RecorderOf(ctx)
	if r == nil {
		return nil
	}
	return r.Memory(treeKey{}, func() any { return &tree{nodes: map[string]node{}} }).(*tree)
}

// at is what would be at a path; not noted if that is what is.
func (t *tree) at(path string) (n node, noted bool) {
	if t == nil {
		return n, false
	}
	path = whole(path)
	t.mu.Lock()
	defer t.mu.Unlock()
	if n, noted = t.nodes[path]; noted {
		return n, true
	}
	for up := filepath.Dir(path); ; up = filepath.Dir(up) {
		if n, noted = t.nodes[up]; noted && n.gone {
			return n, true
		}
		if up == filepath.Dir(up) {
			return node{}, false
		}
	}
}

func (t *tree) set(path string, n node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	path = whole(path)
	if n.gone {
		for p := range t.nodes {
			if strings.HasPrefix(p, path+"/") {
				delete(t.nodes, p)
			}
		}
	}
	t.nodes[path] = n
}

// below adds to the names in a directory those that would be there, and takes
// away those that would not.
func (t *tree) below(dir string, names []string) []string {
	if t == nil {
		return names
	}
	dir = whole(dir)
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, n := range t.nodes {
		if filepath.Dir(p) != dir || p == dir {
			continue
		}
		name := filepath.Base(p)
		at := slices.Index(names, name)
		switch {
		case n.gone && at >= 0:
			names = slices.Delete(names, at, at+1)
		case !n.gone && at < 0:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func whole(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// fileOptions are what a change of a file needs besides the path.
type fileOptions struct {
	Path    string `json:"path,omitzero"`
	Content string `json:"content,omitzero"`
	To      string `json:"to,omitzero"`   // of copy, move and link: the new path
	Mode    uint32 `json:"mode,omitzero"` // the permissions
	All     bool   `json:"all,omitzero"`  // of remove: with all that is in it
}

// noted records a change of a file instead of making it, if ctx is recorded.
func noted(ctx context.Context, verb string, o fileOptions, size *int64, n node) (bool, error) {
	t := treeOf(ctx)
	if t == nil {
		return false, nil
	}
	o.Path = whole(o.Path)
	paths, changed := []string{o.Path}, o.Path
	if o.To != "" {
		o.To = whole(o.To)
		paths, changed = append(paths, o.To), o.To
	}
	_, err := bind.RecorderOf(ctx).Note(ctx, bind.Deed{
		Kind: "file", Verb: verb, Object: changed, Size: size, Paths: paths, Options: o,
	})
	if err == nil {
		t.set(changed, n)
	}
	return true, err
}

// notedTemporary records that a directory or file of no known name is made.
func notedTemporary(ctx context.Context, verb, what string, n node) (path string, recorded bool, err error) {
	t := treeOf(ctx)
	if t == nil {
		return "", false, nil
	}
	path, err = bind.RecorderOf(ctx).Note(ctx, bind.Deed{Kind: "file", Verb: verb, Object: what, Makes: true})
	if err == nil {
		t.set(path, n)
	}
	return path, true, err
}

// nodeOf is what would be at a path, as far as its type and its text go; of a
// directory it does not know what is in it.
func nodeOf(ctx context.Context, path string) (node, error) {
	if n, noted := treeOf(ctx).at(path); noted {
		if n.gone {
			return n, absent("look at", path)
		}
		return n, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return node{}, wrap("look at", path, err)
	case info.IsDir():
		return node{dir: true}, nil
	case !info.Mode().IsRegular():
		return node{}, nil
	}
	text, err := readFile(ctx, path)
	return node{text: text}, err
}

// asIs refuses to tell more of a path than its content if it is not yet there.
func asIs(ctx context.Context, what, path string) error {
	n, noted := treeOf(ctx).at(path)
	switch {
	case !noted:
		return nil
	case n.gone:
		return absent("look at", path)
	}
	return bind.NotYet(what, path)
}

// vanishing is how many bytes a removal frees, as far as a look tells.
func vanishing(path string) *int64 {
	st, err := os.Lstat(path)
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	n := st.Size()
	return &n
}

// absent is the error of a file that would not be there.
func absent(op, path string) error {
	return &fault.Error{Kind: fault.NotFound, Op: op, Object: path, Cause: fs.ErrNotExist}
}

// Do makes a change of the host that one of the helpers recorded, and gives
// what it made, if that has no name before.
func (e Effects) Do(ctx context.Context, d bind.Deed) (made string, err error) {
	raw, err := json.Marshal(d.Options)
	if err != nil {
		return "", err
	}
	switch d.Kind {
	case "program":
		c := command{}
		if err := bind.Strict(raw, &c); err != nil {
			return "", err
		}
		_, err = e.exec(ctx, c)
		return "", err
	case "page":
		q := request{}
		if err := bind.Strict(raw, &q); err != nil {
			return "", err
		}
		_, err = e.send(ctx, d.Object, q)
		return "", err
	case "file":
		o := fileOptions{}
		if err := bind.Strict(raw, &o); err != nil {
			return "", err
		}
		return o.do(ctx, d.Verb)
	}
	return "", fault.New(fault.Bug, "no helper does %s %s", d.Verb, d.Kind)
}

func (o fileOptions) do(ctx context.Context, verb string) (made string, err error) {
	switch mode := fs.FileMode(o.Mode); verb {
	case "write":
		return "", writeFile(ctx, o.Path, o.Content, mode)
	case "append":
		return "", appendFile(ctx, o.Path, o.Content, mode)
	case "mkdir":
		return "", makeDir(ctx, o.Path, mode)
	case "remove":
		return "", removeFile(ctx, o.Path, o.All)
	case "copy":
		return "", copyPath(ctx, o.Path, o.To)
	case "move":
		return "", movePath(ctx, o.Path, o.To)
	case "link":
		return "", makeLink(ctx, o.Content, o.Path)
	case "chmod":
		return "", change(ctx, o.Path, mode)
	case "tempdir":
		return tempdir(ctx)
	case "tempfile":
		return tempfile(ctx)
	}
	return "", fault.New(fault.Bug, "no helper does %s file", verb)
}
