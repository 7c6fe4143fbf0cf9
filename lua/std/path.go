package std

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"neap/lua/bind"
	"neap/runtime/fault"
)

func paths() []*bind.Func {
	path := bind.Req("path", bind.String, "the path")
	said := bind.Returns(bind.String, "the path")
	of := func(name, doc, example string, do func(string) string) *bind.Func {
		return bind.Func1(name, doc, path, said, func(_ context.Context, p string) (string, error) { return do(p), nil }).With(example)
	}
	return []*bind.Func{
		bind.Func1("join", "Words put together to a path, made clean.", bind.Rest("word", bind.Text, "its parts"), said,
			func(_ context.Context, words []string) (string, error) { return filepath.Join(words...), nil },
		).With(`assert(path.join("/srv", "a/", "../b") == "/srv/b")`),
		of("base", "The last part of a path.", `assert(path.base("/srv/www.tar.gz") == "www.tar.gz")`, filepath.Base),
		of("dir", "All but the last part.", `assert(path.dir("/srv/www.tar.gz") == "/srv")`, filepath.Dir),
		of("ext", "The ending of the last part, with its dot; empty if it has none.", `assert(path.ext("/srv/www.tar.gz") == ".gz")`, ext),
		of("stem", "The last part without its ending.", `assert(path.stem("/srv/www.tar.gz") == "www.tar")`, func(p string) string {
			return strings.TrimSuffix(filepath.Base(p), ext(p))
		}),
		of("clean", "The shortest form: no double slashes, no . and .. that can be done without.", `assert(path.clean("a//b/../c/.") == "a/c")`, filepath.Clean),
		bind.Func1("abs", "The path from the root, by the working directory.", path, said,
			func(_ context.Context, p string) (string, error) {
				abs, err := filepath.Abs(p)
				return abs, wrap("resolve", p, err)
			}).With(`assert(path.abs("/srv/../etc") == "/etc")`),
		bind.Func2("rel", "How one gets to a path from another.", path, bind.Req("from", bind.String, "the directory one is in"), said,
			func(_ context.Context, p, from string) (string, error) {
				rel, err := filepath.Rel(from, p)
				if err != nil {
					return "", fault.New(fault.Invalid, "one of %q and %q starts at the root and the other does not", p, from)
				}
				return rel, nil
			}).With(`assert(path.rel("/srv/www/a", "/srv/data") == "../www/a")`),
		bind.Func1("is_abs", "Whether a path starts at the root.", path, bind.Returns(bind.Bool, "yes or no"),
			func(_ context.Context, p string) (bool, error) { return filepath.IsAbs(p), nil },
		).With(`assert(path.is_abs("/srv") and not path.is_abs("srv"))`),
		bind.Func1("split", "The parts of a path.", path, bind.Returns(bind.Strings, "them"),
			func(_ context.Context, p string) ([]string, error) {
				return strings.FieldsFunc(p, func(r rune) bool { return r == '/' }), nil
			}).With(`assert(path.split("/srv/www")[2] == "www")`),
		bind.Func2("match", "Whether a path fits a pattern: * and ? within a part, ** over parts, [a-z], {a,b}.", bind.Req("pattern", bind.String, "the pattern"), path,
			bind.Returns(bind.Bool, "yes or no"),
			func(_ context.Context, pattern, p string) (bool, error) {
				ok, err := doublestar.Match(pattern, p)
				return ok, badPattern(pattern, err)
			}).With(`assert(path.match("/srv/**/*.{log,txt}", "/srv/a/b/x.log"))`),
	}
}

// ext is that of filepath, but a leading dot hides a file and ends no name.
func ext(p string) string {
	e := filepath.Ext(p)
	if e == filepath.Base(p) {
		return ""
	}
	return e
}

func badPattern(pattern string, err error) error {
	if err != nil {
		return fault.New(fault.Invalid, "%q is no pattern", pattern)
	}
	return nil
}
