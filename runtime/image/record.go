package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"neap/runtime/fault"
	"neap/runtime/scope"
	"neap/runtime/store"
)

// record is what is known of an image beside its configuration.
type record struct {
	Added   time.Time
	Digests []string `json:",omitempty"` // repository@sha256:…
	Size    int64
	Builtin string `json:",omitempty"` // what built-in archive it was made of
}

// The files of images/ID/.
const (
	configFile = "config.json" // the very bytes that the id is the digest of
	recordFile = "image.json"
)

// change runs do while nobody else changes records or names.
func (s *Images) change(ctx context.Context, do func() error) error {
	lock, err := s.images.Lock(ctx, ".lock", store.Exclusive)
	if err != nil {
		return err
	}
	return errors.Join(do(), lock.Unlock())
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// draft is an image about to be known. Its layers are there and held.
type draft struct {
	config  []byte
	size    int64
	digests []string
	names   []reference
	builtin string
}

// commit makes a draft an image, or adds its names and digests to the one that
// it is. Names that others had are returned.
func (s *Images) commit(ctx context.Context, d draft) (*Image, []Move, error) {
	id := digest(d.config)
	var moves []Move
	err := s.change(ctx, func() error {
		if err := s.record(ctx, id, d); err != nil {
			return err
		}
		for _, name := range d.names {
			move, err := s.point(ctx, name, id)
			if err != nil {
				return err
			}
			if move.From != "" {
				moves = append(moves, move)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fault.Wrap("record image", algorithm+id, err)
	}
	img, err := s.view(id)
	return img, moves, err
}

func (s *Images) record(ctx context.Context, id string, d draft) error {
	rec := record{Added: s.opt.Clock().UTC(), Digests: d.digests, Size: d.size, Builtin: d.builtin}
	if known, _, err := s.read(id); err == nil {
		rec.Added = known.Added
		for _, digest := range known.Digests {
			if !slices.Contains(rec.Digests, digest) {
				rec.Digests = append(rec.Digests, digest)
			}
		}
		return s.images.Save(id+"/"+recordFile, rec, store.Durable)
	}
	if err := scope.Making(ctx, scope.Thing{Kind: scope.Image, ID: id}); err != nil {
		return err
	}
	return s.lay(id, rec, d.config)
}

// lay makes the directory of an image, whole or not at all. A damaged one gives
// way.
func (s *Images) lay(id string, rec record, config []byte) error {
	draft := ".new-" + id
	if err := errors.Join(s.images.RemoveAll(draft), s.images.Mkdir(draft, 0o700)); err != nil {
		return err
	}
	err := errors.Join(
		s.images.Write(draft+"/"+configFile, config, 0o600, store.Durable),
		s.images.Save(draft+"/"+recordFile, rec, store.Durable),
		s.images.RemoveAll(id),
	)
	if err == nil {
		err = s.images.Rename(draft, id)
	}
	if err != nil {
		return errors.Join(err, s.images.RemoveAll(draft))
	}
	return s.images.Sync(".")
}

// read is the record and configuration of an image, as far as they can be
// believed. An absent one is fs.ErrNotExist.
func (s *Images) read(id string) (record, *document, error) {
	var rec record
	switch err := s.images.Load(id+"/"+recordFile, &rec); {
	case missing(err) && !s.images.Exists(id):
		return rec, nil, err
	case err != nil:
		return rec, nil, s.damaged(id, err)
	}
	raw, err := s.config(id)
	if err != nil {
		return rec, nil, err
	}
	doc, err := readDocument(raw)
	if err != nil {
		return rec, nil, s.damaged(id, err)
	}
	return rec, doc, nil
}

// config is the bytes of an image's configuration.
func (s *Images) config(id string) ([]byte, error) {
	raw, err := s.images.ReadFile(id + "/" + configFile)
	if err != nil {
		return nil, s.damaged(id, err)
	}
	if digest(raw) != id {
		return nil, s.damaged(id, errors.New("the configuration is not what the id says"))
	}
	return raw, nil
}

func (s *Images) damaged(id string, err error) error {
	return &fault.Error{
		Kind: fault.Damaged, Op: "read image", Object: algorithm + id, Cause: err,
		Hint: "pull or load it again, or remove it",
	}
}

// view is the image with this id, nil if there is none.
func (s *Images) view(id string) (*Image, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	return s.see(id, names[id]), nil
}

func (s *Images) see(id string, tags []string) *Image {
	img := &Image{ID: algorithm + id, Tags: tags}
	rec, doc, err := s.read(id)
	img.builtin = rec.Builtin
	if missing(err) && !s.images.Exists(id) {
		return nil
	}
	if err == nil {
		err = s.complete(id, doc.RootFS.DiffIDs)
	}
	if err != nil {
		img.Damage = err
		return img
	}
	img.Digests, img.Size = rec.Digests, rec.Size
	img.Created = rec.Added
	if doc.Created != nil {
		img.Created = *doc.Created
	}
	img.Architecture, img.Variant, img.OS = doc.Architecture, doc.Variant, doc.OS
	img.Author, img.Comment, img.History = doc.Author, doc.Comment, doc.History
	img.Layers, img.Config = doc.RootFS.DiffIDs, doc.Config.config()
	return img
}

// complete says whether the layers that a record counts on are there.
func (s *Images) complete(id string, diffIDs []string) error {
	for _, diffID := range diffIDs {
		if hex, _ := digits(diffID); !s.layers.Exists(hex) {
			return s.damaged(id, errors.New("its layer "+diffID+" is gone"))
		}
	}
	return nil
}

func (s *Images) ids() ([]string, error) {
	names, err := s.images.Names(".")
	return slices.DeleteFunc(names, func(n string) bool {
		_, ok := digits(n)
		return !ok || strings.HasPrefix(n, algorithm)
	}), err
}

func (s *Images) all() ([]*Image, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	var all []*Image
	for _, id := range ids {
		if img := s.see(id, names[id]); img != nil {
			all = append(all, img)
		}
	}
	return all, nil
}

// names is the names of every image, sorted. It is on the way of every start:
// the links are read through one descriptor.
func (s *Images) names() (map[string][]string, error) {
	dir, err := s.tags.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	files, err := dir.Readdirnames(-1)
	slices.Sort(files)
	names := make(map[string][]string, len(files))
	buf := make([]byte, 2*sha256.Size+1)
	for _, file := range files {
		n, err := unix.Readlinkat(int(dir.Fd()), file, buf)
		if err == nil && n < len(buf) && !strings.HasPrefix(file, ".") {
			names[string(buf[:n])] = append(names[string(buf[:n])], unfile(file))
		}
	}
	return names, err
}

// tagged is the id that a name stands for, "" if nobody has the name.
func (s *Images) tagged(name reference) (string, error) {
	id, err := s.tags.Holder(name.file())
	if err != nil {
		return "", fault.Wrap("find image", name.String(), err)
	}
	return id, nil
}

// point makes name stand for the image. The caller holds the lock.
func (s *Images) point(ctx context.Context, name reference, id string) (Move, error) {
	from, err := s.tagged(name)
	if err != nil || from == id {
		return Move{}, err
	}
	if err := scope.Making(ctx, scope.Thing{Kind: scope.Tag, ID: id, Name: name.String()}); err != nil {
		return Move{}, err
	}
	draft := ".new-" + id[:16]
	if err := s.tags.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Move{}, err
	}
	if err := s.tags.Symlink(id, draft); err != nil {
		return Move{}, err
	}
	if err := s.tags.Rename(draft, name.file()); err != nil {
		return Move{}, errors.Join(err, s.tags.Remove(draft))
	}
	if from != "" {
		from = algorithm + from
	}
	return Move{Name: name.String(), From: from, To: algorithm + id}, s.tags.Sync(".")
}
