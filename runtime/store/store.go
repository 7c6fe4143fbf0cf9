// Package store is neap's files: where they lie, how one is written whole or
// not at all, how a name is claimed and how an object is locked.
//
// It knows paths, modes, renames, symbolic links and flock. It does not know
// what any file means: the nouns do. It is the only package that writes state.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
)

// Format is the number in the file "format" of a root that this neap writes.
const Format = 1

// The places of the default root, as the FHS has them.
const (
	defaultLib = "/var/lib/neap"
	defaultRun = "/run/neap"
)

// Store is one root: a tree that survives a reboot and one that does not.
type Store struct {
	Lib Dir    // images, layers, containers, volumes, networks, names
	Run Dir    // facts, addresses, ports, sockets
	Tag string // "" for the default root, else eight hex digits of its path
}

// Open makes (0700, root's) and opens the two trees: below root if it is not
// empty, else at /var/lib/neap and /run/neap. A root written by a later neap
// is refused with fault.Unsupported. The caller closes it.
func Open(root string) (*Store, error) {
	lib, run, tag, err := places(root)
	if err != nil {
		return nil, fault.Wrap("open root", root, err)
	}
	s := &Store{Tag: tag}
	if s.Lib, err = makeDir(lib); err != nil {
		return nil, fault.Wrap("open root", lib, err)
	}
	if s.Run, err = makeDir(run); err != nil {
		s.Lib.Close()
		return nil, fault.Wrap("open root", run, err)
	}
	if err := s.checkFormat(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes both trees.
func (s *Store) Close() error { return errors.Join(s.Lib.Close(), s.Run.Close()) }

// Name is a name in the kernel that no other root uses: base alone for the
// default root, base-TAG for another.
func (s *Store) Name(base string) string {
	if s.Tag == "" {
		return base
	}
	return base + "-" + s.Tag
}

func places(root string) (lib, run, tag string, err error) {
	if root == "" {
		return defaultLib, defaultRun, "", nil
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return "", "", "", err
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", "", "", err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return "", "", "", err
	}
	if strings.ContainsAny(root, ":,\\\n") {
		return "", "", "", fault.New(fault.Invalid, "a root's path may not contain a colon, comma, backslash or line break")
	}
	sum := sha256.Sum256([]byte(root))
	return filepath.Join(root, "lib"), filepath.Join(root, "run"), hex.EncodeToString(sum[:4]), nil
}

func makeDir(path string) (Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Dir{}, err
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Dir{}, wrong("open", path, err)
	}
	return Dir{&handle{fd: fd}, path}, nil
}

func (s *Store) checkFormat() error {
	var found int
	switch err := s.Lib.Load("format", &found); {
	case errors.Is(err, fs.ErrNotExist):
		return s.Lib.Save("format", Format, Durable)
	case err != nil:
		return fault.Wrap("open root", s.Lib.Path, err)
	case found > Format:
		return &fault.Error{
			Kind: fault.Unsupported, Op: "open root", Object: s.Lib.Path,
			Message: fmt.Sprintf("it was written in format %d by a later neap; this one knows %d", found, Format),
			Hint:    "use the neap that wrote it, or another --root",
		}
	}
	return nil
}
