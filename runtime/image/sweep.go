package image

import (
	"context"
	"errors"
	"path"
	"strings"

	"neap/runtime/store"
)

// Sweep removes what interrupted work left: layers half made, layers of no
// image, names of no image. It says what it removed, and leaves alone what a
// live process is at.
func (s *Images) Sweep(ctx context.Context) (freed []string, err error) {
	names, err := s.sweepNames(ctx)
	if err != nil {
		return names, err
	}
	drafts, err := s.sweepDrafts()
	freed = append(names, drafts...)
	if err != nil {
		return freed, err
	}
	layers, err := s.orphans()
	if err != nil {
		return freed, err
	}
	dropped, err := s.drop(ctx, layers)
	for range dropped {
		freed = append(freed, "a layer of no image")
	}
	return freed, err
}

func (s *Images) sweepNames(ctx context.Context) (freed []string, err error) {
	err = s.change(ctx, func() error {
		names, err := s.names()
		for id, tags := range names {
			if s.images.Exists(id) {
				continue
			}
			for _, tag := range tags {
				err = errors.Join(err, s.tags.Release(strings.NewReplacer("/", "=", ":", "+").Replace(tag), id))
				freed = append(freed, "the name "+tag+" of no image")
			}
		}
		for _, dir := range []store.Dir{s.images, s.tags} {
			err = errors.Join(err, remains(dir, func(string) error { return nil }, &freed))
		}
		return err
	})
	return freed, err
}

// sweepDrafts removes half-made and half-removed layers that nobody is at.
func (s *Images) sweepDrafts() (freed []string, err error) {
	err = remains(s.layers, func(name string) error {
		lock, err := s.layers.TryLock(owner(name), store.Exclusive)
		if lock == nil && err == nil {
			return errBusy
		}
		return errors.Join(err, lock.Unlock(), s.layers.Remove(owner(name)))
	}, &freed)
	return freed, err
}

var errBusy = errors.New("somebody is at it")

// owner is the lock that is held by whoever works on a draft.
func owner(draft string) string {
	if hex, ok := digits(strings.TrimPrefix(draft, ".new-")); ok {
		return ".make-" + hex
	}
	if hex, ok := digits(strings.TrimPrefix(draft, ".dead-")); ok {
		return ".use-" + hex
	}
	return draft + ".lock"
}

// remains removes the directories and files of interrupted work in dir, but
// for those that the check is errBusy for.
func remains(dir store.Dir, check func(name string) error, freed *[]string) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := f.Readdirnames(-1)
	for _, name := range all {
		if !strings.HasPrefix(name, ".new-") && !strings.HasPrefix(name, ".dead-") || path.Ext(name) == ".lock" || path.Ext(name) == ".json" {
			continue // a lock, or a file that somebody is about to rename
		}
		switch busy := check(strings.TrimSuffix(name, recipeEnd)); {
		case errors.Is(busy, errBusy):
			continue
		case busy != nil:
			err = errors.Join(err, busy)
			continue
		}
		err = errors.Join(err, dir.RemoveAll(name))
		*freed = append(*freed, "what was left of "+name[strings.IndexByte(name, '-')+1:])
	}
	return err
}

// orphans is all layers, as far as their names tell: drop keeps what is needed.
func (s *Images) orphans() ([]string, error) {
	entries, err := s.layers.Names(".")
	var all []string
	for _, name := range entries {
		if hex, ok := digits(name); ok {
			all = append(all, algorithm+hex)
		}
	}
	return all, err
}
