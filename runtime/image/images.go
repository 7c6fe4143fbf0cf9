package image

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"neap/runtime/fault"
	"neap/runtime/rootfs"
	"neap/runtime/store"
)

// Images is the images of one root. It may be used by several goroutines.
type Images struct {
	opt    Options
	images store.Dir // ID/{config.json,image.json}, .lock, .lock-ID
	tags   store.Dir // name -> ID
	layers store.Dir // DIFFID/, DIFFID.json, .use-DIFFID, .make-DIFFID
}

// Open opens the images of a root. The caller closes it.
func Open(opt Options) (*Images, error) {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.Backoff == 0 {
		opt.Backoff = 500 * time.Millisecond
	}
	if opt.Limits == (rootfs.Limits{}) {
		opt.Limits = rootfs.Sane()
	}
	s := &Images{opt: opt}
	for name, dir := range map[string]*store.Dir{"images": &s.images, "images/tags": &s.tags, "layers": &s.layers} {
		var err error
		if *dir, err = opt.Store.Lib.Sub(name); err != nil {
			return nil, errors.Join(fault.Wrap("open images", opt.Store.Lib.Path, err), s.Close())
		}
	}
	return s, nil
}

// Close gives up the directories.
func (s *Images) Close() error {
	var errs []error
	for _, dir := range []store.Dir{s.images, s.tags, s.layers} {
		errs = append(errs, dir.Close())
	}
	return errors.Join(errs...)
}

// Find is the image called ref: name[:tag], name@digest, an id or its start. A
// name goes before an id that starts with the same digits. It is nil if there
// is none, fault.Conflict if a start fits several. A built-in image is made
// when it is first asked for.
func (s *Images) Find(ctx context.Context, ref string) (*Image, error) {
	if hex, ok := digits(ref); ok {
		return s.view(hex)
	}
	name, bad := parse(ref)
	if bad == nil {
		if img, err := s.named(ctx, name); img != nil || err != nil {
			return img, err
		}
	}
	if start := strings.TrimPrefix(ref, algorithm); isHex(start) {
		return s.starting(start)
	}
	return nil, bad
}

func (s *Images) named(ctx context.Context, name reference) (*Image, error) {
	if name.digest != "" {
		return s.pinned(name.String())
	}
	hex, err := s.tagged(name)
	if err != nil {
		return nil, err
	}
	if s.isBuiltin(name) {
		return s.materialize(ctx, hex)
	}
	if hex == "" {
		return nil, nil
	}
	return s.view(hex)
}

func (s *Images) pinned(digest string) (*Image, error) {
	all, err := s.all()
	for _, img := range all {
		if slices.Contains(img.Digests, digest) {
			return img, err
		}
	}
	return nil, err
}

func (s *Images) starting(start string) (*Image, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, start) })
	switch len(ids) {
	case 0:
		return nil, nil
	case 1:
		return s.view(ids[0])
	}
	return nil, Several(start, ids)
}

// Several is the fault.Conflict of the beginning of several ids.
func Several(start string, ids []string) error {
	return &fault.Error{
		Kind: fault.Conflict, Op: "find image", Object: start,
		Message: "several images start so: " + strings.Join(shorten(ids), ", "),
		Hint:    "give more digits of its id",
	}
}

func shorten(ids []string) []string {
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = id[:16]
	}
	return short
}

// Get is Find where absence is fault.NotFound and damage fault.Damaged.
func (s *Images) Get(ctx context.Context, ref string) (*Image, error) {
	img, err := s.Find(ctx, ref)
	switch {
	case err != nil:
		return nil, err
	case img == nil:
		return nil, s.absent(ref)
	case img.Damage != nil:
		return nil, img.Damage
	}
	return img, nil
}

func (s *Images) absent(ref string) error {
	names, err := s.names()
	gone := Absent(ref, slices.Concat(slices.Collect(maps.Values(names))...))
	if err != nil {
		return errors.Join(gone, err)
	}
	return gone
}

// Absent is the fault.NotFound of a reference that no image here answers to. It
// names the near ones of the tags.
func Absent(ref string, tags []string) error {
	e := &fault.Error{Kind: fault.NotFound, Op: "find image", Object: ref, Message: "no image has this name here"}
	full, err := Normalize(ref)
	if err != nil {
		full = ref
	}
	var near []string
	for _, tag := range tags {
		if alike(full, tag) {
			near = append(near, tag)
		}
	}
	if len(near) == 0 {
		return e.WithHint("images.pull(%q) gets it from its registry", ref)
	}
	slices.Sort(near)
	return e.WithHint("there is %s", strings.Join(near[:min(3, len(near))], ", "))
}

// alike says whether one name may have been meant by the other: the same
// repository, or up to two letters off.
func alike(a, b string) bool {
	repoA, _, _ := strings.Cut(a, ":")
	repoB, _, _ := strings.Cut(b, ":")
	return repoA == repoB || fault.Distance(a, b) <= 2
}

// List is all images, newest first. One whose record is damaged says so in
// Damage.
func (s *Images) List(_ context.Context) ([]*Image, error) {
	all, err := s.all()
	slices.SortStableFunc(all, func(a, b *Image) int {
		return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
	return all, err
}

// Lower is the directories of the image's layers, topmost first, as
// rootfs.Overlay wants them. A layer that repeats lies only where it is
// highest: below, nothing of it could be seen that is not seen above.
func (s *Images) Lower(img *Image) []string {
	var dirs []string
	for _, id := range slices.Backward(img.Layers) {
		hex, _ := digits(id)
		if dir := s.layers.Join(hex); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// Hold keeps the image from being removed until release is called. It is
// fault.NotFound if the image is gone.
func (s *Images) Hold(ctx context.Context, img *Image) (release func() error, err error) {
	hex, _ := digits(img.ID)
	lock, err := s.images.Lock(ctx, ".lock-"+hex, store.Shared)
	if err != nil {
		return nil, err
	}
	if !s.images.Exists(hex) {
		return nil, errors.Join(s.absent(img.ID), lock.Unlock())
	}
	return lock.Unlock, nil
}
